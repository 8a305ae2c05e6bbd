"""Check of an SOP before anything is built from it."""

from collections.abc import Collection, Iterator

from oratio.authoring.lint import lint
from oratio.authoring.procedures.compiler import compile_sop
from oratio.authoring.procedures.layout.mermaid import as_mermaid
from oratio.authoring.procedures.readback import read_back
from oratio.domain.procedures.check import Binding, SopCheck
from oratio.domain.procedures.flow import Flow, walk
from oratio.domain.procedures.steps import Do


def check_sop(text: str, operations: Collection[str] | None = None) -> SopCheck:
    """Compile an SOP and say what the agent would do and what is wrong with the text.

    Args:
        text: The SOP.
        operations: Names of the operations that tool sources offer; None without tool sources.
    """
    flow = compile_sop(text)
    findings = lint(flow, text, operations)
    return SopCheck(
        ok=all(finding.severity != "error" for finding in findings),
        read_back=read_back(flow),
        findings=findings,
        bindings=tuple(_bindings(flow, operations or ())),
        mermaid=as_mermaid(flow),
        flow=flow,
    )


def _bindings(flow: Flow, operations: Collection[str]) -> Iterator[Binding]:
    for body in (*(p.body for p in flow.procedures), *(t.before for t in flow.triggers)):
        for step in walk(body):
            if isinstance(step, Do) and step.by == "system":
                known = step.operation if step.operation in operations else None
                yield Binding(action=step.action, step_id=step.id, lines=step.lines, operation=known)
