"""Which names a file binds, and where a name reaches past the file to a builtin."""

import ast
import symtable
from collections.abc import Iterator
from typing import NamedTuple

from oratio.authoring.review import allowed
from oratio.authoring.review.findings import Finding

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Names(NamedTuple):
    """Names of a file by what they are.

    Attributes:
        modules: Local name of each imported module, and the module.
        types: Names that may stand in a type: imported ones, type aliases, builtin types.
        tools: Functions decorated with `@tool`.
        protected: Names that nothing but their one definition may bind.
    """

    modules: dict[str, str]
    types: frozenset[str]
    tools: frozenset[str]
    protected: frozenset[str]


def names_of(tree: ast.Module) -> Names:
    imported: set[str] = set()
    modules: dict[str, str] = {}
    aliases: set[str] = set()
    tools: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported.update(alias.asname or alias.name for alias in node.names)
            if isinstance(node, ast.Import):
                modules.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.TypeAlias):
            aliases.add(node.name.id)
        elif isinstance(node, _FUNCTIONS) and any(map(is_tool, node.decorator_list)):
            tools.add(node.name)
    types = frozenset(imported | aliases | allowed.TYPE_NAMES)
    return Names(modules, types, frozenset(tools), frozenset(imported | aliases | tools) | allowed.BUILTINS)


def is_tool(decorator: ast.expr) -> bool:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(node, ast.Name) and node.id == "tool"


def check_bindings(tree: ast.Module, names: Names) -> Iterator[Finding]:
    """Protected names are bound once, by what they are protected for."""
    defined: set[str] = set()
    alias_targets = {id(node.name) for node in ast.walk(tree) if isinstance(node, ast.TypeAlias)}
    for node in ast.walk(tree):
        bound: str | None = None
        fixed = names.protected | allowed.FIXED_NAMES
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound = node.id if id(node) not in alias_targets else None
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            bound = node.name
        elif isinstance(node, ast.MatchMapping):
            bound = node.rest
        elif isinstance(node, ast.arg):
            bound = node.arg
            fixed = fixed - {"ctx"}  # helpers may be handed the context
        elif isinstance(node, _FUNCTIONS):
            bound = node.name if node.name in defined or node.name not in names.tools | {"build_agent"} else None
            defined.add(node.name)
        if bound is not None and (bound.startswith("__") or bound in fixed):
            yield Finding(
                getattr(node, "lineno", 0),
                getattr(node, "col_offset", -1) + 1,
                "name",
                f"the name {bound} may not be bound here",
                "use another name",
            )


def check_reach(code: str, tree: ast.Module) -> Iterator[Finding]:
    """Every name that no scope of the file binds is an allowed builtin."""
    top = symtable.symtable(code, "agent_file.py", "exec")
    bound_at_top = {symbol.get_name() for symbol in top.get_symbols() if _binds(symbol)}
    reached = _reached(top, bound_at_top) - allowed.BUILTINS
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in reached:
            hint = "use plain values and your own functions"
            yield Finding(node.lineno, node.col_offset + 1, "name", f"the name {node.id} is not allowed", hint)


def _binds(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _reached(table: symtable.SymbolTable, bound_at_top: set[str]) -> set[str]:
    found: set[str] = set()
    pending = [table]
    while pending:
        scope = pending.pop()
        pending.extend(scope.get_children())
        for symbol in scope.get_symbols():
            outside = symbol.is_global() or scope is table
            if symbol.is_referenced() and outside and symbol.get_name() not in bound_at_top:
                found.add(symbol.get_name())
    return found
