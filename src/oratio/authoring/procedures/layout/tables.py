"""Decision tables: rows as branches, columns by what their headers say."""

import re
from dataclasses import dataclass, field

from oratio.authoring.procedures.acts import read_act
from oratio.authoring.procedures.asks import ask_nouns
from oratio.authoring.procedures.build import Builder, Place
from oratio.authoring.procedures.effects import Effects
from oratio.authoring.procedures.grammar import grammar_of, language_of
from oratio.authoring.procedures.layout.document import Node, Sentence
from oratio.authoring.procedures.layout.words import content, tokens
from oratio.authoring.procedures.state import CompilerState, facts_in
from oratio.domain.procedures.conditions import AllOf, Compare, Condition, Judgement, Not
from oratio.domain.procedures.steps import Ask, Branch, Decide, HandOff, Step

_EMPTY = re.compile(r"^[\s\-–—/.]*(?:n/?a|none|keine?|ninguno|aucun)?[\s\-–—/.]*$", re.IGNORECASE)  # noqa: RUF001


@dataclass(slots=True)
class _Row:
    line: int
    condition: Condition
    text: str
    needs: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def columns_of(header: tuple[str, ...], tag: str) -> dict[str, int]:
    """Return which column is the condition, the action, the needs, the forbidden and the one who decides."""
    grammar = grammar_of(tag)
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        for kind in ("forbidden", "needs", "who", "condition", "action"):
            if kind not in found and re.search(grammar.columns[kind], cell, re.IGNORECASE):
                found[kind] = index
                break
    return found


class TableReader:
    """Reads a decision table into steps."""

    def __init__(self, state: CompilerState, builder: Builder) -> None:
        self._state = state
        self._builder = builder

    def read(self, node: Node) -> list[Step] | None:
        """Return the steps of a table; None if its headers do not make it a decision table."""
        if len(node.rows) < 2:
            return None
        header = node.rows[0][1]
        tag = language_of(" ".join(cell for _, cells in node.rows for cell in cells), self._state.tag)
        columns = columns_of(header, tag)
        if not ("condition" in columns and ("action" in columns or "needs" in columns or "forbidden" in columns)):
            return None
        self._state.fate((node.rows[0][0],), "structure", reason="table header")
        self._values(node, columns["condition"], tag)
        rows = [row for line, cells in node.rows[1:] if (row := self._row(line, cells, columns, tag))]
        common = self._common(rows)
        out: list[Step] = [self._ask(name, tuple(row.line for row in rows)) for name in common]
        branches = []
        for row in rows:
            asks: list[Step] = [self._ask(name, (row.line,)) for name in row.needs if name not in common]
            steps = [*asks, *row.steps]
            handoff = next((step for step in row.steps if isinstance(step, HandOff)), None)
            if handoff is not None and facts_in(row.condition):
                needs: tuple[Step, ...] = tuple(self._ask(name, (row.line,)) for name in row.needs)
                before = (*needs, *(step for step in row.steps if not isinstance(step, HandOff)))
                self._state.trigger(
                    (row.line,), by="data", text=row.text, condition=row.condition, to=handoff.to, before=before
                )
                continue
            if steps:
                branches.append(Branch(condition=row.condition, steps=tuple(steps), lines=(row.line,)))
        if branches:
            decide = Decide(
                id=self._state.new_id(),
                lines=tuple(line for b in branches for line in b.lines),
                branches=tuple(branches),
            )
            out.append(decide)
            self._state.executed([decide])
        return out

    def _ask(self, name: str, lines: tuple[int, ...]) -> Ask:
        step = Ask(id=self._state.new_id(), lines=lines, fact=name)
        self._state.executed([step])
        self._state.asked.append(name)
        return step

    def _common(self, rows: list[_Row]) -> list[str]:
        if len(rows) < 2:
            return []
        return [name for name in rows[0].needs if all(name in row.needs for row in rows)]

    # Conditions

    def _conjuncts(self, cell: str, tag: str) -> list[str]:
        return [
            part.strip()
            for part in re.split(rf",\s+|\s+{grammar_of(tag).conjunctions}\s+", cell, flags=re.IGNORECASE)
            if part.strip()
        ]

    def _values(self, node: Node, column: int, tag: str) -> None:
        """Cells such as `Item opened`, `Item faulty` give one fact, `item`, with its values as choices."""
        groups: dict[str, dict[str, int]] = {}
        for line, cells in node.rows[1:]:
            for part in self._conjuncts(cells[column], tag) if column < len(cells) else []:
                words = tokens(re.sub(rf"^{grammar_of(tag).articles}", "", part, flags=re.IGNORECASE))
                if not 2 <= len(words) <= 4 or any(char.isdigit() for char in part):
                    continue
                rest = [word for word in words[1:] if content(word, tag)]
                if rest:
                    groups.setdefault(words[0], {}).setdefault(" ".join(rest), line)
        for subject, values in groups.items():
            if len(values) < 2:
                continue
            name = self._state.book.add(subject, tag, values.values(), asked=False, type="choice")
            for value in values:
                self._state.book.choice(name, value)

    def _condition(self, cell: str, tag: str, line: int) -> Condition:
        whole = self._state.reader.typed(cell, tag, (line,)) if "," not in cell else None
        if whole is not None:
            return whole
        parts = [self._one(part, tag, line) for part in self._conjuncts(cell, tag)]
        if not parts or all(isinstance(part, Judgement) for part in parts):
            return Judgement(text=cell.strip(" ."))
        return parts[0] if len(parts) == 1 else AllOf(of=tuple(parts))

    def _one(self, part: str, tag: str, line: int) -> Condition:
        words = tokens(part)
        negative = re.match(rf"{grammar_of(tag).negative}\s+", part, re.IGNORECASE)
        bare = [word for word in words if content(word, tag)]
        for fact in self._state.book.all():
            for choice in fact.choices:
                label = tokens(choice.label)
                own = set(tokens(fact.label))
                if [word for word in bare if word not in own] == [word for word in label if content(word, tag)]:
                    found = Compare(fact=fact.name, op="eq", value=choice.value)
                    return Not(of=found) if negative else found
        return self._state.reader.typed(part, tag, (line,)) or Judgement(text=part)

    # Rows

    def _row(self, line: int, cells: tuple[str, ...], columns: dict[str, int], tag: str) -> _Row | None:
        def cell(kind: str) -> str:
            index = columns.get(kind, len(cells))
            text = cells[index].strip() if index < len(cells) else ""
            return "" if _EMPTY.match(text) else text

        situation = cell("condition")
        if not situation:
            self._state.fate((line,), "background")
            return None
        self._state.book.forget_last()
        condition = self._condition(situation, tag, line)
        row = _Row(line, condition, situation)
        if needs := cell("needs"):
            row.needs = ask_nouns(needs, tag, self._state.book, (line,))
        if action := cell("action"):
            sentences = [Sentence(piece, line, line) for piece in re.split(r"(?<=[.!?;])\s+", action)]
            self._builder.node(Node("item", sentences, ordered=True), Place(), row.steps)
        if forbidden := cell("forbidden"):
            self._forbid(forbidden, condition, line, tag)
        self._state.fate((line,), "executed")
        return row

    def _forbid(self, cell: str, condition: Condition, line: int, tag: str) -> None:
        for piece in re.split(r"[;.]\s+", cell):
            act = read_act(piece, tag)
            concerns = Effects(self._state).concerns(act, tag)
            action = act.text if act.negative else piece.strip(" .")
            self._state.rule((line,), kind="never", action=action, concerns=concerns, condition=condition)
