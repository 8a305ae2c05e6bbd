"""Stages 5 and 12: what the file defines, and whether the plan is all there."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from oratio.authoring.review.findings import Finding
from oratio.authoring.review.scopes import is_tool

ENTRY = "build_agent"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class StepLines(NamedTuple):
    """A plan step as the coverage check needs it."""

    step_id: str
    first: int
    last: int


def check_contract(tree: ast.Module) -> Iterator[Finding]:
    """Exactly one `def build_agent(ctx)` that returns an Agent; every tool typed and described."""
    entries = [node for node in tree.body if isinstance(node, _FUNCTIONS) and node.name == ENTRY]
    everywhere = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and node.name == ENTRY]
    if len(entries) != 1 or len(everywhere) != 1:
        yield Finding(
            1, 1, "contract", f"the file defines {ENTRY} {len(everywhere)} times", f"define {ENTRY}(ctx) once"
        )
        return
    entry = entries[0]
    arguments = entry.args
    names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    extra = arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.defaults
    if isinstance(entry, ast.AsyncFunctionDef) or names != ["ctx"] or extra or entry.decorator_list:
        yield _at(
            entry,
            "contract",
            f"{ENTRY} does not take exactly ctx",
            "write: def build_agent(ctx: AgentContext) -> Agent:",
        )
    if not any(isinstance(node, ast.Return) and node.value is not None for node in entry.body):
        yield _at(entry, "contract", f"{ENTRY} does not end in a return", "return Agent(...)")
    if not any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Agent" for node in ast.walk(entry)):
        yield _at(entry, "contract", f"{ENTRY} does not make an Agent", "return Agent(...)")
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and any(map(is_tool, node.decorator_list)):
            yield from _tool(node)
    yield from _required_tools(tree)


def _tool(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if any(argument.annotation is None for argument in every) or node.returns is None:
        yield _at(node, "tool", f"the tool {node.name} is not fully typed", "annotate every argument and the result")
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        yield _at(node, "tool", f"the tool {node.name} takes arguments a model cannot name", "use plain arguments")
    if not (ast.get_docstring(node) or "").strip():
        yield _at(node, "tool", f"the tool {node.name} has no docstring", "say when the model is to use it")


def _required_tools(tree: ast.Module) -> Iterator[Finding]:
    """The documents and the human are within the agent's reach."""
    calls = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "ctx"
    }
    for method, what in (("search", "search the documents"), ("hand_off", "hand over to a human")):
        if method not in calls:
            yield Finding(1, 1, "contract", f"no tool can {what}", f"write a tool that returns ctx.{method}(...)")


def check_coverage(code: str, prompt: str, steps: Iterable[StepLines]) -> Iterator[Finding]:
    """Every plan step has its code or its paragraph of the prompt, and the code names only steps of the plan."""
    listed = list(steps)
    named = {
        argument.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    marked = set(re.findall(r"<!-- sop:(\d+-\d+) -->", prompt))
    for step in listed:
        if step.step_id not in named and f"{step.first}-{step.last}" not in marked:
            where = f"lines {step.first} to {step.last} of the SOP"
            yield Finding(
                0,
                0,
                "uncovered_step",
                f"step {step.step_id} ({where}) is in neither code nor prompt",
                "give it a tool or a paragraph",
            )
    known = {step.step_id for step in listed}
    for step_id in sorted(named - known):
        yield Finding(
            0, 0, "unknown_step", f"the code names step {step_id}, which the plan lacks", "use the plan's steps"
        )


def _at(node: ast.stmt, code: str, message: str, hint: str) -> Finding:
    return Finding(node.lineno, node.col_offset + 1, code, message, hint)
