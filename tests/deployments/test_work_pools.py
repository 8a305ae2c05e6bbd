"""Base job templates: every placeholder has a variable, and Prefect's own workers take them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prefect.workers.process import ProcessJobConfiguration
from prefect_aws.workers.ecs_worker import ECSJobConfiguration

FOLDER = Path(__file__).parents[2] / "deployments" / "work_pools"
KINDS = ("process", "docker", "kubernetes", "ecs")


def template(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_placeholder_is_a_variable_and_every_variable_is_used(kind: str) -> None:
    found = template(kind)
    used = set(re.findall(r"{{ (\w+) }}", json.dumps(found["job_configuration"])))
    assert used == set(found["variables"]["properties"])
    assert set(found["variables"]["required"]) <= used


@pytest.mark.parametrize("kind", KINDS)
def test_no_template_holds_a_secret_or_an_account(kind: str) -> None:
    text = (FOLDER / f"{kind}.json").read_text()
    assert not re.search(r"\d{12}|AKIA|password", text)


@pytest.mark.parametrize(("kind", "known"), [("process", ProcessJobConfiguration), ("ecs", ECSJobConfiguration)])
def test_prefects_worker_knows_every_field_of_the_template(kind: str, known: Any) -> None:
    assert set(template(kind)["job_configuration"]) <= set(known.model_fields)
