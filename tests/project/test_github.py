"""Files that GitHub and pre-commit read: valid by their schemas, and naming only what exists."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SCHEMAS = {
    **dict.fromkeys(WORKFLOWS, "vendor.github-workflows"),
    **dict.fromkeys(FORMS, "vendor.github-issue-forms"),
    GITHUB / "ISSUE_TEMPLATE" / "config.yml": "vendor.github-issue-config",
}


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def made(command: str) -> set[str]:
    """The make targets that a shell command names."""
    words = shlex.split(command, comments=True)
    return {word for first, word in itertools.pairwise(words) if first == "make"}


def validity(schema: str, path: Path) -> str:
    """Everything the schema, which comes with the checker, finds wrong; empty when it finds nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_file_for_github_fits_its_schema(path: Path) -> None:
    assert validity(SCHEMAS[path], path) == ""


def test_a_misspelt_workflow_is_found(tmp_path: Path) -> None:
    text = WORKFLOWS[0].read_text()
    broken = tmp_path / "broken.yml"
    broken.write_text(text.replace("runs-on:", "run-on:", 1))
    assert "run-on" in validity("vendor.github-workflows", broken)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_a_limit_and_reads_only(workflow: Path) -> None:
    assert validity("custom.github-workflows-require-timeout", workflow) == ""
    assert read(workflow)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_gets_no_credentials(workflow: Path) -> None:
    used = [step for step in steps(workflow) if "uses" in step]
    assert used
    for step in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_runs_is_there(workflow: Path) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(workflow))
    assert made(commands) <= TARGETS
    named = re.findall(
        r"(?:\$PWD/|\s)((?:examples|deployments|\.ci)/[\w/.-]+|requirements[\w.-]*\.lock)", f" {commands}"
    )
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_both_supported_pythons_are_checked() -> None:
    matrix = read(GITHUB / "workflows" / "checks.yml")["jobs"]["test"]["strategy"]["matrix"]
    supported = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert supported
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(supported[1]), int(supported[2]))]


def test_a_commit_is_held_to_what_make_lint_holds_the_repository_to() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    assert entries == {name: f"make {name}" for name in ("lint", "types", "layers")}
    assert set(entries) <= TARGETS
