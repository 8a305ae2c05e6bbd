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


@pytest.mark.parametrize(
    ("kind", "configuration"), [("process", ProcessJobConfiguration), ("ecs", ECSJobConfiguration)]
)
async def test_prefects_worker_takes_the_template(kind: str, configuration: Any) -> None:
    found = template(kind)
    given = {
        "image": "oratio:1",
        "cluster": "oratio",
        "execution_role_arn": "arn:aws:iam::000000000000:role/execution",
        "task_role_arn": "arn:aws:iam::000000000000:role/worker",
    }
    known = {name: value for name, value in given.items() if name in found["variables"]["properties"]}
    made = await configuration.from_template_and_values(base_job_template=found, values=known)
    assert made.command is None
