"""Lint of SOPs: what is wrong with a text before an agent is built from it."""

from collections.abc import Collection

from oratio.authoring.lint.meaning import meaning_findings
from oratio.authoring.lint.paths import path_findings
from oratio.authoring.lint.wording import wording_findings
from oratio.domain.procedures.check import LintFinding
from oratio.domain.procedures.flow import Flow

__all__ = ["LintFinding", "lint"]

_ORDER = {"error": 0, "warning": 1, "note": 2}


def lint(flow: Flow, text: str, operations: Collection[str] | None = None) -> tuple[LintFinding, ...]:
    """Return the findings on an SOP, in the order of its lines.

    Args:
        flow: What `text` was compiled to.
        operations: Names of the operations that the agent's tool sources offer; None without tool sources.
    """
    found = [
        *wording_findings(flow, text, frozenset(operations or ())),
        *path_findings(flow),
        *meaning_findings(flow, operations),
    ]
    unique = {(one.code, one.lines, one.message): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: (one.line, _ORDER[one.severity], one.code)))
