"""Where things are: each public class has one home, and no folder is too large to be read at a glance."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRODUCT = ("src", "flows", "tasks", "console", "voice_server", "tests", "benchmarks")
MOST_FILES = 17
"""Of one folder, `__init__.py` and `__main__.py` included: about what a screen shows."""

# Rewritten as a whole with the procedures and the answers; split then.
GROWN = {"src/oratio/authoring", "src/oratio/adapters/local/dialogue"}


def _python() -> list[Path]:
    found = [path for top in PRODUCT for path in (ROOT / top).rglob("*.py")]
    return [path for path in found if "data" not in path.relative_to(ROOT).parts]


def test_a_public_class_name_is_defined_once() -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for path in _python():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith(("_", "Test")):
                homes[node.name].add(path.relative_to(ROOT).as_posix())
    assert {name: sorted(files) for name, files in homes.items() if len(files) > 1} == {}


def test_no_folder_of_the_product_holds_more_than_a_screen_of_files() -> None:
    sizes: dict[str, int] = defaultdict(int)
    for path in _python():
        sizes[path.parent.relative_to(ROOT).as_posix()] += 1
    product = {name: size for name, size in sizes.items() if not name.startswith(("tests", "benchmarks"))}
    assert {name: size for name, size in product.items() if size > MOST_FILES}.keys() - GROWN == set()
