"""The architecture picture says what the imports of the code say."""

import itertools
import runpy
from pathlib import Path
from typing import Any

import grimp
import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "pictures" / "architecture.py"
PICTURE: dict[str, Any] = runpy.run_path(str(SCRIPT))
PACKAGES = ("oratio", "flows", "tasks", "console", "voice_server")
DRAWN: set[tuple[str, str]] = set(PICTURE["ARROWS"])
BOXES = {box.name: box for box in PICTURE["BOXES"]}
BANDS = {box.name: box for box in PICTURE["BANDS"]}
OWNERS = {module: box.name for box in (*BOXES.values(), *BANDS.values()) for module in box.modules}


def part(module: str) -> str:
    """The package a module belongs to: `oratio.api.app` to `oratio.api`."""
    return ".".join(module.split(".")[: 2 if module.startswith("oratio.") else 1])


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


@pytest.fixture(scope="module")
def imports(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Pairs of boxes or bands where a module of the first imports one of the second."""
    pairs = {(part(a), part(b)) for a in graph.modules for b in graph.find_modules_directly_imported_by(a)}
    named = {(OWNERS[a], OWNERS[b]) for a, b in pairs if a in OWNERS and b in OWNERS}
    return {(a, b) for a, b in named if a != b}


def test_every_package_is_in_the_picture(graph: grimp.ImportGraph) -> None:
    assert {part(module) for module in graph.modules} - {"oratio"} <= set(OWNERS)


def test_every_box_stands_for_a_package_that_exists(graph: grimp.ImportGraph) -> None:
    empty = [box.name for box in (*BOXES.values(), *BANDS.values()) if not graph.modules & set(box.modules)]
    assert empty == []


def test_the_arrows_are_the_imports_between_boxes(imports: set[tuple[str, str]]) -> None:
    between = {(a, b) for a, b in imports if a in BOXES and b in BOXES}
    assert sorted(between - DRAWN) == [], "imports that the picture lacks"
    assert sorted(DRAWN - between) == [], "arrows without an import"


def test_the_grey_packages_import_none_of_the_boxes(imports: set[tuple[str, str]]) -> None:
    assert [(a, b) for a, b in imports if a in BANDS and b in BOXES] == []


def test_agentkit_imports_nothing_of_the_rest(imports: set[tuple[str, str]]) -> None:
    assert [pair for pair in imports if pair[0] == "agentkit"] == []


def test_an_arrow_leads_down_or_to_a_neighbour() -> None:
    assert [(a, b) for a, b in DRAWN if BOXES[a].y > BOXES[b].y] == []


def test_boxes_do_not_overlap() -> None:
    placed = [(box, PICTURE["BOX_HEIGHT"]) for box in BOXES.values()]
    placed += [(box, PICTURE["BAND_HEIGHT"]) for box in BANDS.values()]
    for (one, height), (other, _) in itertools.permutations(placed, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or other.y < one.y or one.y + height <= other.y, (one.name, other.name)


def test_the_picture_is_what_the_script_draws() -> None:
    assert PICTURE["TARGET"].read_text() == PICTURE["draw"](), f"run python {SCRIPT.name} again"
