"""Flow charts in Mermaid: nodes as labelled steps, edges as jumps and branches."""

# ruff: noqa: E501 - a pattern is one line, and reads the marks that people use

import re
from dataclasses import dataclass, field

from oratio.authoring.procedures.acts import read_act
from oratio.authoring.procedures.asks import ask_question, second_person
from oratio.authoring.procedures.build import Builder, Place
from oratio.authoring.procedures.grammar import grammar_of, language_of
from oratio.authoring.procedures.layout.document import Node, Sentence
from oratio.authoring.procedures.state import CompilerState
from oratio.authoring.text import identifier
from oratio.domain.procedures.conditions import Compare, Condition
from oratio.domain.procedures.facts import FactType
from oratio.domain.procedures.steps import Ask, Branch, Decide, End, GoTo, HandOff, Step, Tell

_SHAPE = r"(?:\[\[?\(?/?\\?(?P<{0}s>[^\[\]]*?)\\?/?\)?\]\]?|\(\(?\[?(?P<{0}r>[^()]*?)\]?\)?\)|\{{\{{?(?P<{0}d>[^{{}}]*)\}}\}}?|>(?P<{0}f>[^\]]*)\])?(?::::\w+)?"
_NODE = re.compile(r"(?P<id>[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*)\s*" + _SHAPE.format("n"))
_EDGE = re.compile(
    r"\s*(?:(?:--+|==+|-\.+)\s*(?P<inline>[^|>\-=][^|>]*?)\s*(?:--+|==+|\.+-)[>xo]?|(?:--+|==+|-\.+-)[>xo]?\s*(?:\|(?P<piped>[^|]*)\|)?)\s*"
)


@dataclass(slots=True)
class _Box:
    name: str
    text: str = ""
    line: int = 0
    ways: list[tuple[str, str]] = field(default_factory=list)


def read_chart(lines: list[tuple[int, str]]) -> list[_Box]:
    """Return the boxes of a Mermaid chart in the order they appear, each with its labelled ways on."""
    boxes: dict[str, _Box] = {}
    for number, raw in lines:
        for statement in raw.split(";"):
            _statement(statement.strip(), number, boxes)
    return [box for box in boxes.values() if box.text or box.ways]


def _statement(text: str, number: int, boxes: dict[str, _Box]) -> None:
    if not text or re.match(
        r"(?:flowchart|graph|subgraph|end$|style|classDef|class |linkStyle|click|direction|%%)", text
    ):
        return
    at, sources, label = 0, list[str](), ""
    while at < len(text):
        group: list[str] = []
        while node := _NODE.match(text, at):
            box = boxes.setdefault(node["id"], _Box(node["id"], line=number))
            shown = next((node[key] for key in ("ns", "nr", "nd", "nf") if node[key]), "")
            if shown and not box.text:
                box.text = re.sub(r"<br\s*/?>|\\n", " ", shown).strip(" \"'")
            group.append(node["id"])
            at = node.end()
            if joint := re.match(r"\s*&\s*", text[at:]):
                at += joint.end()
            else:
                break
        for source in sources:
            boxes[source].ways += [(label, target) for target in group]
        edge = _EDGE.match(text, at)
        if not group or edge is None or edge.end() == at:
            return
        sources, label, at = group, (edge["inline"] or edge["piped"] or "").strip(" \"'"), edge.end()


class ChartReader:
    """Reads a Mermaid chart into steps."""

    def __init__(self, state: CompilerState, builder: Builder) -> None:
        self._state = state
        self._builder = builder

    def read(self, node: Node) -> list[Step]:
        """Return the chart's steps: one labelled group a box, in the chart's order."""
        boxes = read_chart(node.source)
        for number, _ in node.source:
            self._state.fate((number,), "structure", reason="chart")
        labels = {box.name: "box_" + identifier(box.name, fallback="n").strip("_") for box in boxes}
        out: list[Step] = []
        for index, box in enumerate(boxes):
            following = boxes[index + 1].name if index + 1 < len(boxes) else None
            steps = self._box(box, labels, following)
            steps[0] = steps[0].model_copy(update={"label": labels[box.name]})
            self._state.executed(steps)
            out += steps
        return out

    def _box(self, box: _Box, labels: dict[str, str], following: str | None) -> list[Step]:
        lines = (box.line,)
        tag = language_of(box.text, self._state.tag)
        ways = [(label, labels[target]) for label, target in box.ways if target in labels]
        if len(ways) > 1:
            return self._decision(box.text, ways, lines, tag)
        steps = self._words(box.text, lines, tag)
        if steps and isinstance(steps[-1], HandOff | End):
            return steps
        if not ways:
            return [*steps, End(id=self._state.new_id(), lines=lines)]
        if not steps or following is None or ways[0][1] != labels[following]:
            steps.append(GoTo(id=self._state.new_id(), lines=lines, target=ways[0][1]))
        return steps

    def _words(self, text: str, lines: tuple[int, ...], tag: str) -> list[Step]:
        """The steps of a box's text; words without a known verb are said to the caller."""
        if re.fullmatch(grammar_of(tag).chart_ends, text.strip(), re.IGNORECASE):
            return []
        steps: list[Step] = []
        act = read_act(text, tag)
        if act.kind not in ("fact", "do") or act.negative:
            self._builder.node(Node("item", [Sentence(text, lines[0], lines[0])], ordered=True), Place(), steps)
        if not steps and text.strip():
            asserts = re.search(rf"\s{grammar_of(tag).aux}", text, re.IGNORECASE)
            said = second_person(text.strip(" ."), tag)
            form, awaits = ("statement", "nothing") if asserts else ("request", "done")
            steps.append(
                Tell.model_validate(
                    {"id": self._state.new_id(), "lines": lines, "text": said, "form": form, "awaits": awaits}
                )
            )
        return steps

    def _decision(self, text: str, ways: list[tuple[str, str]], lines: tuple[int, ...], tag: str) -> list[Step]:
        book = self._state.book
        act = read_act(text, tag)
        before: list[Step] = []
        if act.kind in ("whether", "ask_wh", "nouns", "provide", "request"):
            self._builder.node(Node("item", [Sentence(text, lines[0], lines[0])], ordered=True), Place(), before)
        asks = [step for step in before if isinstance(step, Ask)]
        name = asks[-1].fact if asks else ask_question(text, tag, book, lines)[0]
        if not asks:
            before.append(Ask(id=self._state.new_id(), lines=lines, fact=name))
        branches, otherwise = [], None
        grammar = grammar_of(tag)
        for label, target in ways:
            jump: tuple[Step, ...] = (GoTo(id=self._state.new_id(), lines=lines, target=target),)
            if not label or label.lower() in grammar.others:
                otherwise = jump
                continue
            branches.append(Branch(condition=self._answer(label, name, tag, lines), steps=jump, lines=lines))
        return [*before, Decide(id=self._state.new_id(), lines=lines, branches=tuple(branches), otherwise=otherwise)]

    def _answer(self, label: str, name: str, tag: str, lines: tuple[int, ...]) -> Condition:
        grammar, book = grammar_of(tag), self._state.book
        book.last = name
        word = label.lower().strip(" .")
        if (word in grammar.yes or word in grammar.no) and book[name].type in (FactType.TEXT, FactType.BOOLEAN):
            book.update(name, type=FactType.BOOLEAN)
            return Compare(fact=name, op="eq", value=word in grammar.yes)
        typed = self._state.reader.typed(label, tag, lines)
        if typed is not None:
            return typed
        return Compare(fact=name, op="eq", value=book.choice(name, label))
