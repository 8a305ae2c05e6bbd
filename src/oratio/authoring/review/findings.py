"""What a review finds, as data."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_FINDINGS = 10
MAX_SOURCE_LINE = 200
CHECKER_VERSION = "1"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong with generated code or its prompt.

    Attributes:
        line, column: 1-based; 0 when it concerns the whole.
        code: Stable name of the rule.
        message: What is wrong. Never holds text of the file beyond a name.
        hint: How to fix it.
        source_line: The line it is on, at most 200 characters; empty where no line is meant.
    """

    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    source_line: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """The verdict: passed exactly when nothing was found."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return not self.findings


def verdict(findings: Iterable[Finding], code: str) -> Review:
    """The first findings in file order, each with its source line."""
    lines = code.split("\n")
    shown = []
    for finding in sorted(set(findings))[:MAX_FINDINGS]:
        text = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
        text = "".join(char if char.isprintable() else "?" for char in text[:MAX_SOURCE_LINE])
        shown.append(Finding(finding.line, finding.column, finding.code, finding.message, finding.hint, text))
    return Review(tuple(shown))
