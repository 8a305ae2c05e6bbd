"""State of one compilation: facts, rules, triggers, fates of lines, ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from oratio.authoring.procedures.conditions import ConditionReader
from oratio.authoring.procedures.factbook import FactBook
from oratio.domain.procedures.conditions import AllOf, AnyOf, Condition, Not
from oratio.domain.procedures.rules import Rule
from oratio.domain.procedures.steps import Step
from oratio.domain.procedures.triggers import Trigger


@dataclass(slots=True)
class Fate:
    """What is known of a line so far."""

    fate: str
    refs: list[str] = field(default_factory=list)
    reason: str | None = None


_RANK = {"structure": 0, "not_understood": 1, "background": 2, "rule": 3, "executed": 4}


class CompilerState:
    """What the stages of one compilation share."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.tags: dict[str, None] = {tag: None}
        self.book = FactBook()
        self.reader = ConditionReader(self.book)
        self.rules: list[Rule] = []
        self.triggers: list[Trigger] = []
        self.background: list[str] = []
        self.fates: dict[int, Fate] = {}
        self.asked: list[str] = []  # facts asked in the present procedure
        self.procedure = ""
        self.start_text = ""  # when the present procedure starts, if its text says so
        self._ids = count(1)
        self.denied: set[int] = set()
        self._rule_at: dict[str, int] = {}

    def new_id(self) -> str:
        """Return a provisional step id; ids are given in order at the end."""
        return f"x{next(self._ids)}"

    def fate(self, lines: Iterable[int], fate: str, ref: str | None = None, reason: str | None = None) -> None:
        """Record what became of lines; the strongest fate of a line counts, refs add up."""
        for line in lines:
            known = self.fates.setdefault(line, Fate(fate))
            if _RANK[fate] > _RANK[known.fate]:
                known.fate, known.reason = fate, reason
                if fate in ("executed", "rule") and known.fate != fate:
                    known.refs.clear()
            if ref and ref not in known.refs:
                known.refs.append(ref)
            if reason and known.fate == fate:
                known.reason = reason

    def deny(self, lines: Sequence[int]) -> None:
        """Record lines that would have the agent pass for a human: they are not followed."""
        self.denied.update(lines)
        self.fate(lines, "not_understood", reason="an agent may not deny that it is a machine")

    def drop(self, steps: Sequence[Step], lines: Iterable[int], reason: str) -> None:
        """Record that steps are not kept; a line that only they executed is not understood."""
        dropped = {step.id for step in steps}
        for line in lines:
            known = self.fates.get(line)
            if known is None or all(ref in dropped or ref.startswith("fact:") for ref in known.refs):
                self.fates[line] = Fate("not_understood", reason=reason)

    def executed(self, steps: Sequence[Step]) -> None:
        """Record the lines of steps as executed."""
        for step in steps:
            self.fate(step.lines, "executed", step.id)

    def rule(self, lines: Sequence[int], **fields: object) -> Rule:
        """Add a rule."""
        rule = Rule.model_validate({"id": f"r{len(self.rules) + 1}", "lines": tuple(lines), **fields})
        key = rule.model_dump_json(exclude={"id", "lines"})
        at = self._rule_at.setdefault(key, len(self.rules))
        if at < len(self.rules):
            same = self.rules[at]
            rule = same.model_copy(update={"lines": tuple(sorted({*same.lines, *rule.lines}))})
            self.rules[at] = rule
        else:
            self.rules.append(rule)
        self.fate(lines, "rule", rule.id)
        return rule

    def trigger(self, lines: Sequence[int], **fields: object) -> Trigger:
        """Add a hand-off trigger."""
        trigger = Trigger.model_validate({"id": f"t{len(self.triggers) + 1}", "lines": tuple(lines), **fields})
        self.triggers.append(trigger)
        self.fate(lines, "executed", trigger.id)
        return trigger


def facts_in(condition: Condition) -> set[str]:
    """Return the names of the facts that a condition reads."""
    if isinstance(condition, AllOf | AnyOf):
        return set().union(*(facts_in(part) for part in condition.of))
    if isinstance(condition, Not):
        return facts_in(condition.of)
    name = getattr(condition, "fact", None)
    return {name} if name else set()


def negated(condition: Condition) -> Condition:
    """Return the opposite of a condition."""
    return condition.of if isinstance(condition, Not) else Not(of=condition)
