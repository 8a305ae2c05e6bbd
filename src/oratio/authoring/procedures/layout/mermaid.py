"""Mermaid chart of a flow."""

import re
from collections.abc import Sequence

from oratio.authoring.procedures.readback import Reader
from oratio.authoring.text import shorten
from oratio.domain.procedures.flow import Flow, Procedure
from oratio.domain.procedures.steps import Decide, Do, End, GoTo, HandOff, Step

_WIDTH = 90


def as_mermaid(flow: Flow) -> str:
    """Return the flow as Mermaid text: one subgraph a procedure, one box a step, one diamond a decision."""
    return "\n".join(["flowchart TD", *_Chart(flow).lines()])


class _Chart:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._reader = Reader(flow)
        self._edges: list[str] = []
        self._nodes: list[str] = []

    def lines(self) -> list[str]:
        """Return the chart's lines after its first."""
        out: list[str] = []
        for procedure in self._flow.procedures:
            self._nodes, self._edges = [], []
            done = f"{procedure.id}_end"
            self._body(procedure, procedure.body, done)
            self._nodes.append(f"{done}((end))")
            out += [
                f"  subgraph {procedure.id}[{_quoted(procedure.title)}]",
                *(f"    {node}" for node in self._nodes),
                "  end",
            ]
            out += [f"  {edge}" for edge in self._edges]
        return out

    def _body(self, procedure: Procedure, steps: Sequence[Step], after: str) -> str:
        """Draw a body and return the node of its first step."""
        names = [f"{procedure.id}_{step.id}" for step in steps]
        for index, step in enumerate(steps):
            self._step(procedure, step, names[index], names[index + 1] if index + 1 < len(steps) else after)
        return names[0] if names else after

    def _step(self, procedure: Procedure, step: Step, name: str, after: str) -> None:
        if isinstance(step, Decide):
            self._nodes.append(f"{name}{{{_quoted('?')}}}")
            for branch in step.branches:
                first = self._body(procedure, branch.steps, after)
                self._edges.append(f"{name} -->|{_quoted(self._reader.condition(branch.condition))}| {first}")
            rest = after if step.otherwise is None else self._body(procedure, step.otherwise, after)
            self._edges.append(f"{name} -->|{_quoted(self._reader.otherwise())}| {rest}")
            return
        shape = "([{}])" if isinstance(step, HandOff | End) else "[{}]"
        self._nodes.append(name + shape.format(_quoted(self._reader.line(step, procedure.id))))
        if isinstance(step, GoTo):
            self._jump(procedure, step, name, after)
        elif not isinstance(step, HandOff | End):
            self._edges.append(f"{name} --> {after}")
            if isinstance(step, Do) and step.on_error:
                self._edges.append(f"{name} -.-> {self._body(procedure, step.on_error, after)}")

    def _jump(self, procedure: Procedure, step: GoTo, name: str, after: str) -> None:
        home = next((p for p in self._flow.procedures if p.id == (step.procedure or procedure.id)), procedure)
        target = next((s for s in home.body if s.label == step.target), home.body[0])
        self._edges.append(f"{name} --> {home.id}_{target.id}")
        if step.at_most is not None:
            self._edges.append(f"{name} -.-> {self._body(procedure, step.then, after)}")


def _quoted(text: str) -> str:
    clean = re.sub(r"[\"`<>{}|]", "'", text)
    return f'"{shorten(clean, _WIDTH)}"'
