"""Assembly: sections of a document as procedures, labels and jumps, ids in order."""

import re
from collections.abc import Callable, Sequence

from oratio.authoring.procedures.build import Builder, Place
from oratio.authoring.procedures.grammar import grammar_of, language_of
from oratio.authoring.procedures.layout.charts import ChartReader
from oratio.authoring.procedures.layout.document import Node, Section, SopDocument
from oratio.authoring.procedures.layout.marks import STEP
from oratio.authoring.procedures.layout.tables import TableReader
from oratio.authoring.procedures.state import CompilerState
from oratio.authoring.text import identifier
from oratio.domain.procedures.flow import Procedure, Start
from oratio.domain.procedures.steps import Step

_KINDS = ("example", "handoff", "rules", "style", "background", "opening", "closing")


class Assembler:
    """Reads the sections of a document into procedures."""

    def __init__(self, document: SopDocument, state: CompilerState) -> None:
        self._document = document
        self._state = state
        self._builder = Builder(state)
        self._tables = TableReader(state, self._builder)
        self._charts = ChartReader(state, self._builder)
        self._ids: set[str] = set()
        self.procedures: list[Procedure] = []
        self.title = ""
        self.aliases: dict[str, str] = {}  # what jumps call a procedure: `path 2`, `3`

    def run(self) -> None:
        """Read the whole document."""
        root = self._document.root
        top = (
            root.sections[0]
            if len(root.sections) == 1 and not any(n.children or n.ordered for n in root.nodes)
            else None
        )
        self.title = (
            top.title if top and not root.nodes else root.sections[0].title if root.sections and not root.nodes else ""
        )
        many = len([s for s in _all(root) if s is not top and not STEP.match(s.title)]) > 0
        if root.nodes:
            self._section(Section(self.title, nodes=root.nodes), preamble=many)
        for section in root.sections:
            self._tree(section, preamble=section is top and many)
        for line, reason in self._document.structure.items():
            self._state.fate((line,), "structure", reason=reason)

    def _tree(self, section: Section, *, preamble: bool, inherited: str = "") -> None:
        kind = self._kind(section.title) if not preamble else ""
        kind = inherited if inherited in ("example", "background", "rules", "style", "handoff") and not kind else kind
        if section.line:
            self._state.fate((section.line,), "structure", reason="heading")
        steps = [sub for sub in section.sections if STEP.match(sub.title)]
        self._section(section, preamble=preamble, kind=kind, steps=steps)
        for sub in section.sections:
            if sub not in steps:
                self._tree(sub, preamble=False, inherited=kind)

    def _kind(self, title: str) -> str:
        grammar = grammar_of(language_of(title, self._state.tag))
        if len(title.split()) > 6 or title.endswith("?"):
            return ""
        return next((kind for kind in _KINDS if grammar.heading(kind).search(title)), "")

    def _section(
        self, section: Section, *, preamble: bool = False, kind: str = "", steps: Sequence[Section] = ()
    ) -> None:
        state = self._state
        state.asked, state.start_text, state.procedure = [], "", section.title
        state.book.forget_last()
        state.reader.scope.loop = None
        nodes = section.nodes
        if kind in ("example",):
            self._background(nodes, kind)
            return
        mode = {"rules": "rules", "style": "rules", "background": "background", "handoff": "handoff"}.get(
            kind, "sequence"
        )
        if preamble and not any(node.ordered for node in nodes):
            mode = "preamble"
        if mode == "handoff" and any(node.ordered for node in nodes) and len(nodes) > 2:
            mode = "sequence"
        body: list[Step] = []
        self._nodes(nodes, Place(mode), body)
        for sub in steps:
            self._step_section(sub, body)
        if body:
            self._procedure(
                section,
                body,
                "opening"
                if preamble or kind == "opening"
                else "closing"
                if kind in ("closing", "handoff")
                else "topic",
            )

    def _step_section(self, section: Section, body: list[Step]) -> None:
        """A heading `Step 1.2: ...` with its text: one labelled group of steps."""
        self._state.fate((section.line,), "structure", reason="heading")
        start = len(body)
        self._nodes(section.nodes, Place("sequence", ordered=True), body)
        for sub in section.sections:
            self._step_section(sub, body)
        label = "step_" + re.sub(r"[^a-z0-9]+", "_", section.key)
        if len(body) > start and section.key and body[start].label is None:
            body[start] = body[start].model_copy(update={"label": label})

    def _nodes(self, nodes: list[Node], place: Place, body: list[Step]) -> None:
        for node in nodes:
            if node.kind == "table":
                steps = self._tables.read(node)
                if steps is None:
                    for line, cells in node.rows:
                        self._state.background.append("; ".join(filter(None, cells)))
                        self._state.fate((line,), "background")
                body += steps or []
            elif node.kind == "chart":
                body += self._charts.read(node)
            elif node.kind == "dialogue":
                self._background([node], "example")
            else:
                self._builder.body([node], place, body)
                if "sequence" in place.mode:
                    self._tables_below(node, body)

    def _tables_below(self, node: Node, body: list[Step]) -> None:
        for child in node.children:
            if child.kind in ("table", "chart", "dialogue"):
                self._nodes([child], Place(), body)

    def _background(self, nodes: list[Node], reason: str) -> None:
        for node in nodes:
            for number, text in node.source:
                self._state.background.append(text)
                self._state.fate((number,), "background", reason=reason)
            for sentence in node.sentences:
                self._state.background.append(sentence.text)
                self._state.fate(sentence.lines, "background", reason=reason)
            for line, cells in node.rows:
                self._state.background.append("; ".join(filter(None, cells)))
                self._state.fate((line,), "background", reason=reason)
            self._background(node.children, reason)

    def _procedure(self, section: Section, body: list[Step], role: str) -> None:
        title = section.title or self.title or "SOP"
        name = identifier(re.sub(r"^[\W\d.]+", "", title), fallback="procedure").strip("_")
        unique, number = name, 2
        while unique in self._ids:
            unique, number = f"{name}_{number}", number + 1
        self._ids.add(unique)
        found = re.match(r"^(?:(\w+)\s+)?(\d+(?:\.\d+)*)\b", title)
        if found:
            self.aliases.setdefault(f"{found[1] or ''} {found[2]}".strip().lower(), unique)
            self.aliases.setdefault(found[2], unique)
        text = self._state.start_text or re.sub(r"^[\W\d.]+", "", title)
        if section.line:
            self._state.fate((section.line,), "structure", unique, reason="heading")
        self.procedures.append(
            Procedure.model_validate(
                {"id": unique, "title": title, "role": role, "start": Start(text=text), "body": tuple(body),
                 "lines": (section.line,) if section.line else ()}
            )
        )  # fmt: skip


def _all(section: Section) -> list[Section]:
    return [found for sub in section.sections for found in (sub, *_all(sub))]


def mapped(steps: Sequence[Step], change: Callable[[Step], Step]) -> tuple[Step, ...]:
    """Return steps with a change made to each, the nested ones first."""
    return tuple(change(_inner(step, change)) for step in steps)


def _inner(step: Step, change: Callable[[Step], Step]) -> Step:
    updates: dict[str, object] = {}
    for name in ("on_error", "then", "otherwise"):
        if nested := getattr(step, name, None):
            updates[name] = mapped(nested, change)
    if branches := getattr(step, "branches", None):
        updates["branches"] = tuple(b.model_copy(update={"steps": mapped(b.steps, change)}) for b in branches)
    return step.model_copy(update=updates) if updates else step
