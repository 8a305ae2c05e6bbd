"""Findings of the SOP lint."""

from typing import Literal

from oratio.domain.procedures.facts import Lines
from oratio.domain.values import Value

type Severity = Literal["error", "warning", "note"]


class Finding(Value):
    """One fault of an SOP.

    Attributes:
        code: snake_case, stable: `loop_without_exit`.
        severity: `error` stops a build; with a `warning` the safe reading that the message names is built; a `note` is
            for the operator's attention.
        lines: The SOP lines it is about, first where to fix it.
        message: What is wrong and how to fix it.
    """

    code: str
    severity: Severity
    lines: Lines
    message: str

    @property
    def line(self) -> int:
        """The first line, 1 for a finding about the whole text."""
        return self.lines[0] if self.lines else 1
