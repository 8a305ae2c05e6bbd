"""Differences between two texts, and the lines of an SOP that a plan uses."""

import difflib
from typing import Any, NamedTuple


def unified(old: str, new: str, names: tuple[str, str]) -> str:
    """Return a unified diff; empty when the texts are the same."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="", n=3)
    return "\n".join(lines)


class Covered(NamedTuple):
    """Line of an SOP: 1-based number, its text, the parts of the plan that came from it."""

    number: int
    text: str
    uses: tuple[str, ...]


def coverage(sop: str, plan: dict[str, Any]) -> list[Covered]:
    """Return each line of the SOP with the parts of the plan that came from it."""
    uses: dict[int, list[str]] = {}

    def note(part: dict[str, Any], name: str) -> None:
        source = part.get("source") or {}
        if source.get("document") == "sop":
            for number in range(source["lineStart"], source["lineEnd"] + 1):
                if name not in uses.setdefault(number, []):
                    uses[number].append(name)

    for step in plan.get("steps", ()):
        note(step, f"step {step.get('stepId', '')}")
        for fact in step.get("facts", ()):
            note(fact, f"asks {fact.get('name', '')}")
        for condition in step.get("conditions", ()):
            note(condition, "condition")
    for rule in plan.get("guardrails", ()):
        note(rule, "never" if rule.get("kind") == "must_not" else "always")
    for trigger in plan.get("handoff", {}).get("triggers", ()):
        note(trigger, "hand-off")
    for procedure in plan.get("procedures", ()):
        name = f"tool {procedure.get('name', '')}"
        source = procedure.get("source") or {}
        if source.get("document") == "sop":
            uses.setdefault(source["lineStart"], []).append(name)
    return [Covered(at, text, tuple(uses.get(at, ()))) for at, text in enumerate(sop.splitlines(), 1)]
