"""Private names of third-party libraries: each library's in the one file named for it, with canaries."""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {
    "oratio": "src/oratio",
    "flows": "flows",
    "tasks": "tasks",
    "console": "console",
    "voice_server": "voice_server",
}
INTERNALS = re.compile(r"\w+_internals\.py")
# Documented though they begin with an underscore: named tuples (collections), and leaving a process (os).
DOCUMENTED = {"_replace", "_asdict", "_fields", "_make", "_field_defaults", "_exit"}
# Names without an underscore that no page of the library's documentation has.
UNDOCUMENTED = re.compile(r"\b(recv_messages|send_in_progress|apply_mask|current_size|gi_yieldfrom)\b|\.send_data\(")
CANARIES = {
    "flows/prefect_internals.py": "tests/flows/test_prefect_internals.py",
    "src/oratio/speech/realtime/botocore_internals.py": "tests/unit/realtime/test_internals.py",
    "src/oratio/speech/realtime/smithy_internals.py": "tests/unit/realtime/test_internals.py",
    "src/oratio/speech/realtime/strands_internals.py": "tests/unit/realtime/test_internals.py",
    "voice_server/server/websockets_internals.py": "tests/voice_server/server/test_websockets_internals.py",
}

FILES = sorted(path for folder in OURS.values() for path in (ROOT / folder).rglob("*.py"))
OUTSIDE = [path for path in FILES if not INTERNALS.fullmatch(path.name)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def is_third_party(module: str) -> bool:
    top = module.partition(".")[0]
    return bool(top) and top not in OURS and top not in sys.stdlib_module_names


def private_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and is_third_party(node.module or ""):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from (f"{node.module}: {name}" for name in names if is_private(name))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if is_third_party(alias.name) and any(map(is_private, alias.name.split("."))):
                    yield alias.name


def defined_in(tree: ast.Module) -> set[str]:
    """Names with an underscore that a module itself gives to anything."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return names


def foreign_attributes(tree: ast.Module) -> Iterator[str]:
    """Private attributes of other objects, by their name or through `getattr`, that this module does not define."""
    known = defined_in(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in known:
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr"):
            name = node.args[1] if len(node.args) > 1 else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and is_private(name.value):
                yield f"{node.lineno}: {ast.unparse(node)}"


# --- subclasses: what a class of ours overrides or uses of a library's class


@cache
def classes() -> dict[str, tuple[Path, ast.ClassDef]]:
    """Every class of ours by its name."""
    return {
        node.name: (path, node) for path in FILES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)
    }


def library_bases(path: Path, node: ast.ClassDef) -> Iterator[type]:
    """The libraries' classes that a class of ours derives from outside of an `_internals` file."""
    imported = {
        alias.asname or alias.name: (part.module or "", alias.name)
        for part in ast.walk(tree_of(path))
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }
    for base in node.bases:
        name = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        module, original = imported.get(name, ("", name))
        if original in classes() and not is_third_party(module):
            if classes()[original][1] is not node:
                yield from library_bases(*classes()[original])
        elif module:
            found = getattr(importlib.import_module(module), original)
            if isinstance(found, type) and is_third_party(found.__module__):
                yield found


@cache
def private_names(base: type) -> frozenset[str]:
    """What a library's class and its own bases call by a private name: methods, and attributes in their source."""
    found: set[str] = set()
    for cls in base.__mro__:
        if is_third_party(cls.__module__):
            found |= {name for name in vars(cls) if is_private(name)}
            try:
                found |= set(re.findall(r"\bself\.(_[a-z]\w*)", inspect.getsource(cls)))
            except (OSError, TypeError):
                continue
    return frozenset(found)


def borrowed(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef):
            continue
        used = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and is_private(part.attr)}
        used |= {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        for base in library_bases(path, node):
            for name in sorted(used & private_names(base)):
                yield f"{node.name}.{name} of {base.__module__}.{base.__name__}"


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_private_name_of_a_library(path: Path) -> None:
    """Found one: move it into the library's `*_internals.py`, under a name of our own, with a canary."""
    tree = tree_of(path)
    assert [*private_imports(tree), *foreign_attributes(tree), *borrowed(path)] == []
    assert not UNDOCUMENTED.findall(path.read_text(encoding="utf-8"))


def test_every_internals_file_has_canaries() -> None:
    assert {str(path.relative_to(ROOT)) for path in FILES if INTERNALS.fullmatch(path.name)} == CANARIES.keys()
    for file, canaries in CANARIES.items():
        module = file.removeprefix("src/").removesuffix(".py").replace("/", ".")
        text = (ROOT / canaries).read_text(encoding="utf-8")
        assert f"from {module} import" in text or module.rpartition(".")[2] in text


class TestTheSearch:
    @pytest.mark.parametrize(
        "source",
        ["from strands.bidi import _x", "import strands._bidi", "from strands._bidi import x"],
    )
    def test_finds_imports(self, source: str) -> None:
        assert list(private_imports(ast.parse(source)))

    @pytest.mark.parametrize("source", ["session._session.x", 'getattr(found, "_expiry_time", None)', "a.b()._c()"])
    def test_finds_attributes(self, source: str) -> None:
        assert list(foreign_attributes(ast.parse(source)))

    @pytest.mark.parametrize("source", ["row._replace(a=1)", "self._x", "os._exit(1)", "self._x = 1\nother._x"])
    def test_lets_others_be(self, source: str) -> None:
        assert not list(foreign_attributes(ast.parse(source)))

    def test_finds_what_a_subclass_borrows(self) -> None:
        """The files that may borrow do: the search would see it elsewhere."""
        assert list(borrowed(ROOT / "flows/prefect_internals.py"))
        assert list(borrowed(ROOT / "src/oratio/speech/realtime/strands_internals.py"))
        assert list(borrowed(ROOT / "src/oratio/speech/realtime/smithy_internals.py"))
