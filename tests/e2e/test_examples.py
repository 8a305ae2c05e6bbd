"""Each example does what its README says: the command makes the agent, the questions get those answers."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.installation import EXAMPLES, Installation

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

NAMES = sorted(readme.parent.name for readme in EXAMPLES.glob("*/README.md"))
HANDED_OVER, UNANSWERED = "(a hand-off)", "(the documents do not say)"


class ExampleRow(NamedTuple):
    """A line of a README's table of questions."""

    question: str
    held: str
    source: str


def readme(name: str) -> str:
    return (EXAMPLES / name / "README.md").read_text()


def command(name: str) -> str:
    """The one command of a README."""
    (block,) = re.findall(r"```bash\n(.*?)```", readme(name), re.DOTALL)
    return str(block)


def rows(name: str) -> list[ExampleRow]:
    lines = [line for line in readme(name).splitlines() if line.startswith("| ")]
    _header, *found = [ExampleRow(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]
    return [row for row in found if row.question]


def agent_name(name: str) -> str:
    words = shlex.split(command(name).replace("\\\n", " "))
    return words[words.index("--name") + 1]


@pytest.fixture(scope="module")
def agents(oratio: Installation) -> dict[str, str]:
    """The examples' agents by folder name, made as a reader would: in a shell, at the root, with the README's words."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name in NAMES:
        line = command(name).strip() + f" --data {shlex.quote(str(oratio.data))}"
        done = subprocess.run(
            ["bash", "-c", line], cwd=EXAMPLES.parent, env=os.environ | {"PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{oratio.logs()}"
    return {name: agent_name(name) for name in NAMES}


@pytest.mark.parametrize(
    ("name", "row"),
    [pytest.param(name, row, id=f"{name}: {row.question}") for name in NAMES for row in rows(name)],
)
def test_a_question_of_the_readme_gets_its_answer(
    oratio: Installation, agents: dict[str, str], name: str, row: ExampleRow
) -> None:
    answer: dict[str, Any] = oratio.json("ask", agents[name], row.question)
    if row.held == HANDED_OVER:
        assert answer["handoff"]["reason"]
    elif row.held == UNANSWERED:
        assert (answer["answered"], answer["citations"]) == (False, [])
    else:
        assert row.held.casefold() in answer["answer"].casefold()
        assert row.source in {citation["path"] for citation in answer["citations"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_descriptions_name_every_document_and_nothing_else(
    oratio: Installation, agents: dict[str, str], name: str
) -> None:
    detail = oratio.json("agents", "show", agents[name])
    assert detail["status"] == "active"
    assert described(detail["folderFileDescriptions"]) == {
        path.relative_to(EXAMPLES / name / "documents").as_posix()
        for path in (EXAMPLES / name / "documents").rglob("*")
        if path.is_file() and path.name not in ("LICENSE", "main_policy.md")
    }


def described(tree: dict[str, Any], folder: str = "") -> set[str]:
    """The paths of the files that nested descriptions name."""
    found: set[str] = set()
    for name, entry in tree.items():
        if isinstance(entry, dict):
            found |= described(entry, f"{folder}{name}/")
        elif name:
            found.add(f"{folder}{name}")
    return found


def test_every_example_is_in_the_index() -> None:
    assert sorted(re.findall(r"^\| \[([\w-]+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE)) == NAMES
