"""Faults of an SOP's text: placeholders, unknown functions, secrets, lines that were not understood."""

# ruff: noqa: E501 - a message or pattern is one line

import re
from collections.abc import Iterator

from oratio.domain.procedures.check import LintFinding
from oratio.domain.procedures.flow import Flow, walk
from oratio.domain.procedures.steps import Do

_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{1,60}\}\}|\[(?:insert|your|name|company|tbd|todo|xxx?|fill|hier|einsetzen|insertar|à compléter)[^\]\n]{0,60}\]|"
    r"<(?:insert|your|company|name|tbd)[^>\n]{0,60}>|\b(?:TBD|TBC|TODO|FIXME|XXX+|lorem ipsum)\b|_{4,}|\.{5,}",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"(?<![\w{])([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?=\s*\(|`\s*\()|(?:function|tool|api)\s+`?([a-z][a-z0-9]*(?:_[a-z0-9]+)+)", re.IGNORECASE)  # fmt: skip
_SECRET = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abp]-[A-Za-z0-9-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|"
    r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|\bBearer\s+[A-Za-z0-9._-]{16,}|"
    r"\b(?:password|passwort|contraseña|mot de passe|api[ _-]?key|secret|token|kennwort|pin)\b\s*(?::|=|\bis\b|\bist\b|\bes\b|\best\b)\s*[\"'`]?(?=[^\s\"'`]*\d)[^\s\"'`]{4,}",
    re.IGNORECASE,
)


def wording_findings(flow: Flow, text: str, operations: "frozenset[str]") -> Iterator[LintFinding]:
    """Return the faults of the text itself."""
    lines = re.split(r"\r\n|\r|\n", text)
    called = {step.operation for p in flow.procedures for step in walk(p.body) if isinstance(step, Do)}
    for number, line in enumerate(lines, 1):
        if _SECRET.search(line):
            yield LintFinding(
                code="secret", severity="error", lines=(number,),
                message="this looks like a secret: take it out of the SOP; callers must never hear it",
            )  # fmt: skip
        if found := _PLACEHOLDER.search(line):
            yield LintFinding(
                code="placeholder", severity="warning", lines=(number,),
                message=f"“{found[0]}” is a placeholder: write what it is meant to be; the agent does not say it",
            )  # fmt: skip
        for match in _FUNCTION.finditer(line):
            name = match[1] or match[2]
            if name not in operations and name not in called:
                yield LintFinding(
                    code="unknown_function", severity="warning", lines=(number,),
                    message=f"there is no function {name}: connect a tool source that has it; until then the words around it are followed",
                )  # fmt: skip
    yield from _not_understood(flow)


def _not_understood(flow: Flow) -> Iterator[LintFinding]:
    if not flow.procedures and not flow.rules and not flow.triggers:
        first = flow.fates[0].line if flow.fates else 1
        yield LintFinding(
            code="no_instruction", severity="error", lines=(first,),
            message="there is no instruction in this SOP: write what the agent asks, says and does, one step a line",
        )  # fmt: skip
    for fate in flow.fates:
        if fate.fate == "not_understood":
            yield LintFinding(
                code="not_understood", severity="warning", lines=(fate.line,),
                message=f"this line is not followed: {fate.reason or 'no instruction was recognised in it'}; reword it as one instruction",
            )  # fmt: skip
