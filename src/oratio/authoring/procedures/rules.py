"""Rule reader: prohibitions, restrictions, orders in time and hand-off triggers."""

import re

from oratio.authoring.procedures.acts import Act, read_act
from oratio.authoring.procedures.clauses import Clause, Given, split_sentence
from oratio.authoring.procedures.effects import Effects, Where, recipient
from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.layout.document import Node
from oratio.authoring.procedures.state import CompilerState, facts_in
from oratio.domain.procedures.conditions import Condition, Count, Judgement, Not
from oratio.domain.procedures.steps import HandOff, Step


class Rules:
    """Adds rules and triggers to the state."""

    def __init__(self, state: CompilerState, effects: Effects) -> None:
        self._state = state
        self._effects = effects

    def forbidden(self, text: str, lead: Act, lines: tuple[int, ...], tag: str) -> None:
        """Add the rule of one entry under `Never:`."""
        act = read_act(text, tag)
        action = act.text.strip(" .!") if lead.kind in ("do", "fact", "tell") and not lead.what else text.strip(" .!")
        self._state.rule(lines, kind="never", action=action, concerns=self._effects.concerns(act, tag))

    def restrict(
        self, act: Act, extra: Given | None, condition: Condition | None, where: Where, *, alone: bool
    ) -> bool:
        """Add the rule of a negated or restricted act; return False if it is none."""
        lines, tag = where.lines, where.tag
        action, concerns = act.text.strip(" .!,"), self._effects.concerns(act, tag)
        if act.negative:
            if not act.quote:
                action = action.split(":")[0].strip()
            if concerns == "speech" and re.search(grammar_of(tag).denies_ai, action):
                self._state.deny(lines)
                return True
            if act.kind == "fact":
                self._state.rule(lines, kind="always", action=f"{grammar_of(tag).not_word} {action}", concerns="manner")
                return True
            if self._second_time(act, extra, lines, tag):
                return True
            self._state.rule(
                lines, action=action, concerns=concerns, **self._narrowed("never", extra, condition, lines, tag)
            )
            return True
        if act.kind == "passive_only":
            return self._passive(act, extra, condition, where)
        if extra is not None and extra.kind in ("only_if", "if") and (act.only or extra.kind == "only_if"):
            if act.kind in ("goto",):
                return False
            read = self._state.reader.read(extra.text, tag, lines)
            self._state.rule(lines, kind="only_if", action=action, concerns=concerns, condition=read)
            return True
        if act.only and act.kind not in ("message",) and alone and condition is None:
            self._state.rule(lines, kind="always", action=f"{grammar_of(tag).only_word} {action}", concerns=concerns)
            return act.kind not in ("nouns", "whether", "ask_wh", "question", "handoff", "search")
        return False

    def _passive(self, act: Act, extra: Given | None, condition: Condition | None, where: Where) -> bool:
        """`An order can only be cancelled if ...`, `can only be called once per order`."""
        grammar = grammar_of(where.tag)
        once = re.match(grammar.passive_once, " " + act.rest, re.IGNORECASE)
        action = f"have {act.what[0].lower()}{act.what[1:]} {act.step}"
        if once is not None:
            self._state.rule(
                where.lines,
                kind="at_most",
                action=action,
                concerns="deed",
                limit=1,
                per=once["per"],
                condition=condition,
            )
            return True
        if extra is None:
            self._state.rule(
                where.lines,
                kind="always",
                action=f"{grammar.only_word} {action} {act.rest}".strip(),
                concerns="deed",
                condition=condition,
            )
            return True
        read = self._state.reader.read(extra.text, where.tag, where.lines)
        self._state.rule(where.lines, kind="only_if", action=action, concerns="deed", condition=read)
        return True

    def _narrowed(
        self, kind: str, extra: Given | None, condition: Condition | None, lines: tuple[int, ...], tag: str
    ) -> dict[str, object]:
        """Kind and condition of a prohibition: `never X before Y` is only after, `never X unless Y` is only if."""
        if extra is None:
            return {"kind": kind, "condition": condition}
        if extra.kind in ("before", "until"):
            return {"kind": "only_after", "after": extra.text, "condition": condition}
        read = self._state.reader.read(extra.text, tag, lines)
        if extra.kind in ("unless", "only_if"):
            return {"kind": "only_if", "condition": read}
        return {"kind": kind, "condition": read}

    def _second_time(self, act: Act, extra: Given | None, lines: tuple[int, ...], tag: str) -> bool:
        """`do not offer it a second time`: at most once."""
        grammar = grammar_of(tag)
        found = re.search(grammar.again_words, act.text, re.IGNORECASE)
        if not found:
            return False
        action = (act.text[: found.start()] + act.text[found.end() :]).strip(" .,")
        condition = self._state.reader.read(extra.text, tag, lines) if extra and extra.text else None
        self._state.rule(
            lines,
            kind="at_most",
            action=action,
            limit=1,
            concerns=self._effects.concerns(act, tag),
            condition=condition,
        )
        return True

    def ordering(self, given: Given, clause: Clause, lines: tuple[int, ...], tag: str) -> bool:
        """`before X, do Y` and `once Y, you can X`: X only after Y; return True if it is such a rule."""
        if not clause.parts:
            return False
        if given.kind == "before":
            done = ", ".join(read_act(part.text, tag).text.strip(" .") for part in clause.parts)
            self._state.rule(lines, kind="only_after", action=given.text, after=done)
            return True
        return False

    # Triggers

    def trigger_wanted(self, condition: Condition, handoff: HandOff, sequence: bool) -> bool:
        """Return True if a conditional hand-off holds in every step, not only in its place."""
        if isinstance(condition, Count):
            return condition.of != "step"
        if not facts_in(condition):
            return True
        return handoff.urgent or not sequence

    def trigger(
        self, condition: Condition, text: str, made: list[Step], before: list[Step], lines: tuple[int, ...], tag: str
    ) -> None:
        """Add the trigger of a conditional hand-off."""
        handoff = next(step for step in made if isinstance(step, HandOff))
        by = (
            "count"
            if isinstance(condition, Count)
            else "data"
            if facts_in(condition) and not handoff.urgent
            else "meaning"
        )
        kept = None if isinstance(condition, Judgement) and by == "meaning" else condition
        if isinstance(condition, Not) and isinstance(condition.of, Judgement):
            text = f"{grammar_of(tag).not_word} {text}"
        danger = handoff.urgent or re.search(grammar_of(tag).danger, text, re.IGNORECASE) is not None
        self._state.trigger(
            lines, by=by, text=text, to=handoff.to, condition=kept if by != "meaning" else None, before=tuple(before),
            priority="danger" if danger else "normal",
        )  # fmt: skip

    def situation(self, node: Node, to: str, tag: str) -> None:
        """Add the trigger of one entry in a list of reasons to hand over."""
        for sentence in node.sentences:
            text = sentence.text.strip(" .")
            clauses = split_sentence(text, tag)
            act = read_act(clauses[0].parts[-1].text, tag) if clauses and clauses[0].parts else None
            target = recipient(to, tag)
            if act is not None and act.kind in ("handoff", "passive_handoff"):
                target = recipient(act.what, tag) or target
                given = clauses[0].given or clauses[0].parts[-1].extra
                text = given.text if given else act.rest or text
            elif act is not None and act.negative:
                self._effects.forbid(act, Where(sentence.lines, tag))
                continue
            elif clauses and clauses[0].given and not clauses[0].parts:
                text = clauses[0].given.text
            condition = self._state.reader.typed(text, tag, sentence.lines)
            by = "count" if isinstance(condition, Count) else "data" if condition is not None else "meaning"
            grammar = grammar_of(tag)
            danger = re.search(rf"{grammar.danger}|{grammar.urgent}", sentence.text, re.IGNORECASE) is not None
            self._state.trigger(
                sentence.lines, by=by, text=text, to=target, condition=condition if by != "meaning" else None,
                priority="danger" if danger else "normal",
            )  # fmt: skip
