"""Result of an SOP check: the flow read back, findings and bindings."""

from typing import Literal

from oratio.domain.procedures.facts import Lines
from oratio.domain.procedures.flow import Flow
from oratio.domain.refs import Value

type Severity = Literal["error", "warning", "note"]


class LintFinding(Value):
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


class ReadBackLine(Value):
    """One sentence of the read-back.

    Attributes:
        depth: How deep it is nested.
        ref: The step, rule, trigger or procedure it is about.
    """

    text: str
    depth: int
    lines: Lines
    ref: str | None = None
    heading: bool = False


class Binding(Value):
    """An action of the SOP and the operation that does it; None if no tool source offers one."""

    action: str
    step_id: str
    lines: Lines
    operation: str | None = None


class SopCheck(Value):
    """What a check of an SOP says.

    Attributes:
        ok: No finding is an error.
        mermaid: The flow as a Mermaid chart.
    """

    ok: bool
    read_back: tuple[ReadBackLine, ...]
    findings: tuple[LintFinding, ...]
    bindings: tuple[Binding, ...]
    mermaid: str
    flow: Flow
