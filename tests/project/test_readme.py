"""The README shows what is generated today, and commands that the examples' tests run."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXCERPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "pictures" / "excerpt.py"))


def test_the_excerpt_is_what_is_generated_today() -> None:
    written = EXCERPT["written"](README, EXCERPT["generated"]())
    assert written == README, "run python docs/pictures/excerpt.py"


def test_the_excerpt_names_the_lines_of_the_sop_it_came_from() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert re.search(r"SOP lines? \d+", block)


def test_a_readme_without_its_place_is_refused() -> None:
    with pytest.raises(SystemExit, match="excerpt: begin"):
        EXCERPT["written"]("# No marks", EXCERPT["generated"]())


def test_the_quick_start_is_the_command_of_the_telecom_example() -> None:
    example = (ROOT / "examples" / "telecom" / "README.md").read_text()
    (command,) = re.findall(r"```bash\n(.*?)```", example, re.DOTALL)
    assert command in README


def test_every_target_the_readme_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets
