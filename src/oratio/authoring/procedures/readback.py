"""Read-back: a flow as plain sentences made from the flow, each with its lines, and as Mermaid text."""

from collections.abc import Iterable, Iterator

from oratio.authoring.procedures.layout.numbers import plain_number
from oratio.authoring.procedures.phrases import phrase
from oratio.domain.procedures.check import ReadBackLine
from oratio.domain.procedures.conditions import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Condition,
    Count,
    Elapsed,
    Exists,
    Judgement,
    Not,
    TimeOfDay,
)  # fmt: skip
from oratio.domain.procedures.facts import Fact, Lines
from oratio.domain.procedures.flow import Flow, Procedure, walk
from oratio.domain.procedures.rules import Rule
from oratio.domain.procedures.steps import Ask, Decide, Do, End, GoTo, HandOff, Search, Step, Tell
from oratio.domain.procedures.triggers import Trigger

_CURRENCY = {"EUR": "€", "USD": "$", "GBP": "£"}


def read_back(flow: Flow) -> tuple[ReadBackLine, ...]:
    """Return the flow in plain sentences, in its order."""
    return tuple(Reader(flow).sentences())


class Reader:
    """Words the parts of one flow."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._tag = flow.language
        self._facts = {fact.name: fact for fact in flow.facts}
        self._steps = {step.id: step for p in flow.procedures for step in walk(p.body)}
        self._labels = {(p.id, s.label): s for p in flow.procedures for s in p.body if s.label}

    def _say(self, key: str, *parts: object) -> str:
        return phrase(self._tag, key, *parts)

    def sentences(self) -> Iterator[ReadBackLine]:
        """Yield the whole flow."""
        for procedure in self._flow.procedures:
            yield from self._procedure(procedure)
        if self._flow.triggers:
            yield ReadBackLine(text=self._say("triggers"), depth=0, lines=(), heading=True)
            for trigger in self._flow.triggers:
                yield from self._trigger(trigger)
        if self._flow.rules:
            yield ReadBackLine(text=self._say("rules"), depth=0, lines=(), heading=True)
            for rule in self._flow.rules:
                yield ReadBackLine(text=self.rule(rule), depth=1, lines=rule.lines, ref=rule.id)

    def _procedure(self, procedure: Procedure) -> Iterator[ReadBackLine]:
        yield ReadBackLine(text=procedure.title, depth=0, lines=procedure.lines, ref=procedure.id, heading=True)
        start = self._say(procedure.role) if procedure.role != "topic" else self._say("starts", procedure.start.text)
        yield ReadBackLine(text=_sentence(start), depth=1, lines=procedure.lines, ref=procedure.id)
        yield from self._body(procedure.body, 1, procedure.id)

    def _body(self, steps: tuple[Step, ...], depth: int, procedure: str) -> Iterator[ReadBackLine]:
        for step in steps:
            inner = depth
            if step.condition is not None:
                yield self._of(self._say("if", self.condition(step.condition)), depth, step)
                inner += 1
            yield from self._step(step, inner, procedure)
        decisions = [step for step in steps if isinstance(step, Decide)]
        for fact, value, unit in open_boundaries(decisions):
            lines = tuple(sorted({line for step in decisions if fact in str(step) for line in step.lines}))
            yield ReadBackLine(text=self._say("boundary", with_unit(value, unit)), depth=depth, lines=lines)

    def _of(self, text: str, depth: int, step: Step) -> ReadBackLine:
        mark = self._mark(step.label) if step.label else ""
        return ReadBackLine(text=mark + _sentence(text), depth=depth, lines=step.lines, ref=step.id)

    def _mark(self, label: str) -> str:
        return f"({self._shown(label)}) "

    def _shown(self, label: str) -> str:
        return self._say("step", label.removeprefix("step_").removeprefix("box_").replace("_", "."))

    def _step(self, step: Step, depth: int, procedure: str) -> Iterator[ReadBackLine]:
        if isinstance(step, Decide):
            yield from self._decide(step, depth, procedure)
            return
        yield self._of(self.line(step, procedure), depth, step)
        if isinstance(step, Do) and step.on_error:
            yield self._of(self._say("on_error"), depth, step)
            yield from self._body(step.on_error, depth + 1, procedure)
        if isinstance(step, GoTo) and step.then:
            yield self._of(self._say("then"), depth, step)
            yield from self._body(step.then, depth + 1, procedure)

    def _decide(self, step: Decide, depth: int, procedure: str) -> Iterator[ReadBackLine]:
        for number, branch in enumerate(step.branches):
            text = self._say("or_if" if number else "if", self.condition(branch.condition))
            mark = self._mark(step.label) if step.label and not number else ""
            yield ReadBackLine(text=mark + _sentence(text), depth=depth, lines=branch.lines or step.lines, ref=step.id)
            yield from self._body(branch.steps, depth + 1, procedure)
        if step.otherwise is not None:
            yield self._of(self._say("otherwise"), depth, step)
            yield from self._body(step.otherwise, depth + 1, procedure)

    def otherwise(self) -> str:
        """Return the word for every other case."""
        return self._say("otherwise").rstrip(" :")

    def line(self, step: Step, procedure: str) -> str:
        """Return the sentence of a step that is no decision."""
        if isinstance(step, Ask):
            return self._ask(step)
        if isinstance(step, Tell):
            if step.verbatim:
                return self._say("words", step.text)
            return self._say({"statement": "say", "request": "request", "speech_act": "act"}[step.form], step.text)
        if isinstance(step, Do):
            said = self._say("human" if step.by == "human" else "do", step.action)
            return f"{said} {self._say('operation', step.operation)}" if step.operation else said
        if isinstance(step, Search):
            return self._say("search", step.about)
        if isinstance(step, HandOff):
            said = self._say("hand_off", step.to) if step.to else self._say("hand_off_any")
            return self._say("at_once", said) if step.urgent else said
        if isinstance(step, GoTo):
            target = self._target(step, procedure)
            return self._say("go_to", target) if step.at_most is None else self._say("go_to_most", target, step.at_most)
        assert isinstance(step, End)
        return self._say("end")

    def _target(self, step: GoTo, procedure: str) -> str:
        title = next((p.title for p in self._flow.procedures if p.id == step.procedure), "") if step.procedure else ""
        if step.target is None:
            return self._say("procedure", title)
        shown = self._shown(step.target)
        return f"{shown} ({title})" if title and step.procedure != procedure else shown

    def _ask(self, step: Ask) -> str:
        fact = self._facts[step.fact]
        if fact.question:
            said = self._say("ask_question", fact.question)
        elif fact.whether:
            said = self._say("ask_whether", fact.whether)
        elif fact.asks:
            said = self._say("ask_wh", fact.asks)
        else:
            said = self._say("ask", self._the(fact))
        if fact.choices:
            said = said.rstrip(".") + " (" + ", ".join(choice.label for choice in fact.choices) + ")."
        for other in step.alternatives:
            said += " " + self._say("or_else", self._the(self._facts[other]))
        return said

    # Conditions

    def condition(self, condition: Condition) -> str:
        """Return a condition as a clause."""
        if isinstance(condition, AllOf | AnyOf):
            joint = self._say("and" if isinstance(condition, AllOf) else "or")
            return joint.join(self.condition(part) for part in condition.of)
        if isinstance(condition, Not):
            if isinstance(condition.of, Exists):
                return self._say("unknown", self._facts[condition.of.fact].label)
            return self._say("not", self.condition(condition.of))
        if isinstance(condition, Compare):
            return self._compare(condition)
        if isinstance(condition, Among):
            fact = self._facts[condition.fact]
            return self._say(
                "among", self._name(fact), self._say("or").join(_label(fact, value) for value in condition.values)
            )
        if isinstance(condition, Exists):
            return self._say("known", self._facts[condition.fact].label)
        if isinstance(condition, Elapsed):
            amount = f"{plain_number(condition.amount)} {condition.unit.replace('_', ' ')}"
            return self._say(
                condition.direction, self._name(self._facts[condition.fact]), self._say(f"op_{condition.op}"), amount
            )
        if isinstance(condition, TimeOfDay):
            return self._say("clock", condition.start, condition.end)
        if isinstance(condition, Judgement):
            return condition.text
        assert isinstance(condition, Count)
        return self._count(condition)

    def _count(self, condition: Count) -> str:
        if condition.of != "step":
            return condition.text or self._say("count_asks", condition.value)
        step = self._steps.get(condition.target or "")
        done = self._say("procedure", _plain(step)) if step is not None else condition.target or ""
        amount = self._say(f"op_{condition.op}") + f" {condition.value}"
        return self._say("count_step", done, amount)

    def _compare(self, condition: Compare) -> str:
        fact = self._facts[condition.fact]
        if isinstance(condition.value, bool):
            return self._say("yes" if condition.value else "no", self._say("procedure", self._asked(fact)))
        if isinstance(condition.value, str):
            return self._say("is" if condition.op == "eq" else "ne", self._name(fact), _label(fact, condition.value))
        return self._say(condition.op, self._name(fact), with_unit(condition.value, condition.unit))

    def _asked(self, fact: Fact) -> str:
        return (fact.question or fact.whether or fact.label).rstrip("?")

    def _name(self, fact: Fact) -> str:
        if fact.question or fact.whether:
            return self._say("procedure", self._asked(fact))
        return self._the(fact)

    def _the(self, fact: Fact) -> str:
        """The label, with an article in English."""
        bare = (fact.asks and fact.asks.startswith(fact.label.split(" ")[0])) or fact.label.split(" ")[0].lower() in (
            "the",
            "a",
            "an",
            "their",
            "your",
            "all",
        )
        return fact.label if self._tag != "en" or bare or fact.label[:1].isdigit() else f"the {fact.label}"

    # Rules and triggers

    def rule(self, rule: Rule) -> str:
        """Return a rule as a sentence."""
        lower = self._tag == "en" and rule.action[:2] != rule.action[:2].upper()
        action = rule.action[:1].lower() + rule.action[1:] if lower else rule.action
        condition = self.condition(rule.condition) if rule.condition is not None else ""
        if rule.kind == "only_if":
            return self._say("only_if", action, condition)
        detail = rule.after or rule.words or rule.limit or ""
        said = self._say(rule.kind, action, detail)
        return _sentence(self._say("when", said, condition) if condition else said)

    def _trigger(self, trigger: Trigger) -> Iterator[ReadBackLine]:
        when = (
            self.condition(trigger.condition)
            if trigger.condition is not None and trigger.by == "data"
            else trigger.text
        )
        if isinstance(trigger.condition, Count):
            when = f"{self._say('count_asks', trigger.condition.value)} ({trigger.text})"
        said = self._say("trigger", when, trigger.to) if trigger.to else self._say("trigger_any", when)
        said = self._say("danger", said) if trigger.priority == "danger" else said
        yield ReadBackLine(text=_sentence(said), depth=1, lines=trigger.lines, ref=trigger.id)
        if trigger.before:
            yield ReadBackLine(text=self._say("before"), depth=1, lines=trigger.lines, ref=trigger.id)
            yield from self._body(trigger.before, 2, "")


def with_unit(value: float, unit: str | None) -> str:
    """Return a number with its unit or currency."""
    number = plain_number(value)
    return f"{number} {_CURRENCY.get(unit, unit.replace('_', ' '))}" if unit else number


def open_boundaries(steps: "list[Decide] | tuple[Decide, ...]") -> list[tuple[str, float, str | None]]:
    """Return fact, number and unit of each boundary that both sides exclude."""
    seen: dict[tuple[str, float], set[str]] = {}
    units: dict[tuple[str, float], str | None] = {}
    for step in steps:
        if step.otherwise is not None:
            continue
        for branch in step.branches:
            for part in _parts(branch.condition):
                unit: str | None
                if isinstance(part, Elapsed):
                    key, unit = (part.fact, part.amount), part.unit.removeprefix("working_")
                elif isinstance(part, Compare) and isinstance(part.value, float) and not isinstance(part.value, bool):
                    key, unit = (part.fact, part.value), part.unit
                else:
                    continue
                seen.setdefault(key, set()).add(part.op)
                units.setdefault(key, unit)
    return [
        (fact, value, units[fact, value])
        for (fact, value), ops in seen.items()
        if {"lt", "gt"} <= ops and not ops & {"le", "ge", "eq"}
    ]


def _parts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.of:
            yield from _parts(part)
    else:
        yield condition


def _label(fact: Fact, value: str) -> str:
    return next((choice.label for choice in fact.choices if choice.value == value), value)


def _plain(step: Step) -> str:
    if isinstance(step, Tell):
        return step.text
    if isinstance(step, Do):
        return step.action
    return step.fact.replace("_", " ") if isinstance(step, Ask) else step.id


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":", "?", "”", "“", "»", "!")) else text + "."


def as_text(sentences: Iterable[ReadBackLine]) -> str:
    """Return a read-back as indented text with line numbers."""
    rows: list[str] = []
    for said in sentences:
        place = f"   [{_spans(said.lines)}]" if said.lines else ""
        mark = "" if said.heading else "  " * said.depth
        rows.append(f"{chr(10) if said.heading and rows else ''}{mark}{said.text}{place}")
    return "\n".join(rows)


def _spans(lines: Lines) -> str:
    spans: list[list[int]] = []
    for line in lines:
        if spans and spans[-1][1] == line - 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
