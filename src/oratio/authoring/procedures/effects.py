"""Steps and rules of one act."""

# ruff: noqa: RUF001 - it reads typographic quotation marks

import re
from dataclasses import dataclass

from oratio.authoring.procedures.acts import Act, read_act
from oratio.authoring.procedures.asks import (
    ask_nouns,
    ask_question,
    ask_wh,
    ask_whether,
    read_form,
    second_person,
)
from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.layout.marks import key_of
from oratio.authoring.procedures.layout.numbers import quantities
from oratio.authoring.procedures.state import CompilerState
from oratio.domain.procedures.conditions import Condition, Count
from oratio.domain.procedures.facts import FactType, Origin
from oratio.domain.procedures.steps import Ask, Do, End, GoTo, HandOff, Search, Step, Tell

type Lines = tuple[int, ...]


@dataclass(slots=True)
class Where:
    """Where an act is found.

    Attributes:
        ordered: In a numbered or lettered step.
        because: The condition's words: the reason of a hand-off.
        requested: The clause asks the caller to do something before this act: `ask them to look and check if ...`.
    """

    lines: Lines
    tag: str
    ordered: bool = False
    because: str = ""
    requested: bool = False


class Effects:
    """Turns acts into steps; rules go to the state."""

    def __init__(self, state: CompilerState) -> None:
        self._state = state
        self._book = state.book

    def steps(self, act: Act, where: Where) -> list[Step]:
        """Return the steps of an act that is not forbidden."""
        method = getattr(self, f"_{act.kind}", None)
        steps: list[Step] = method(act, where) if method else []
        self._state.executed(steps)
        return steps

    def forbid(self, act: Act, where: Where, condition: Condition | None = None) -> None:
        """Add the rule of a forbidden act."""
        action = _tidy(act.text)
        self._state.rule(
            where.lines, kind="never", action=action, concerns=self.concerns(act, where.tag), condition=condition
        )

    def concerns(self, act: Act, tag: str) -> str:
        """Return what kind of thing an action is: speech, deed, manner or hand-off."""
        grammar = grammar_of(tag)
        if act.kind in ("handoff", "passive_handoff"):
            return "handoff"
        if act.kind == "manner":
            return "manner"
        said = re.search(rf"^(?:{grammar.says})|(?:{grammar.says})$", act.text, re.IGNORECASE)
        return "speech" if said or act.kind in ("statement", "tell") else "deed"

    # Questions

    def _asks(self, names: list[str], where: Where) -> list[Step]:
        self._state.asked += [name for name in names if name not in self._state.asked]
        for name in names:
            self._state.fate(where.lines, "executed", f"fact:{name}")
        return [Ask(id=self._state.new_id(), lines=where.lines, fact=name) for name in names]

    def _nouns(self, act: Act, where: Where) -> list[Step]:
        return self._asks(ask_nouns(act.what, where.tag, self._book, where.lines), where)

    def _provide(self, act: Act, where: Where) -> list[Step]:
        if act.what.lower().strip(" .") in grammar_of(where.tag).pronouns | {"one", "eine", "uno", "una", "en"}:
            return self._request(Act("request", act.text, act.text.split(" to ", 1)[-1]), where)
        return self._nouns(act, where)

    def _nouns_bare(self, act: Act, where: Where) -> list[Step]:
        return self._nouns(act, where)

    def _ask_wh(self, act: Act, where: Where) -> list[Step]:
        return self._asks(ask_wh(act.what, where.tag, self._book, where.lines), where)

    def _whether(self, act: Act, where: Where) -> list[Step]:
        if re.match(grammar_of(where.tag).checks, act.text, re.IGNORECASE) and not where.requested:
            name = ask_whether(act.what, where.tag, self._book, where.lines)[0]
            self._book.update(name, origin=Origin.OPERATION)
            self._state.asked.append(name)
            return [Do(id=self._state.new_id(), lines=where.lines, action=_tidy(act.text), result=name)]
        return self._asks(ask_whether(act.what, where.tag, self._book, where.lines), where)

    def _question(self, act: Act, where: Where) -> list[Step]:
        question = re.sub(rf"^{grammar_of(where.tag).asks}[^:]{{0,40}}:\s*", "", act.what, flags=re.IGNORECASE)
        return self._asks(ask_question(question, where.tag, self._book, where.lines), where)

    def _ask_one_of(self, act: Act, where: Where) -> list[Step]:
        grammar = grammar_of(where.tag)
        values = [
            re.sub(rf"^(?:{grammar.disjunctions})\s+", "", v.strip(" ."), flags=re.IGNORECASE)
            for v in re.split(r",", act.what)
        ]
        label = grammar.topic_label
        name = self._book.add(label, where.tag, where.lines, type=FactType.CHOICE)
        for value in values:
            if value:
                self._book.choice(name, re.sub(rf"^{grammar.articles}", "", value, flags=re.IGNORECASE))
        return self._asks([name], where)

    def _ask_yes(self, act: Act, where: Where) -> list[Step]:
        grammar = grammar_of(where.tag)
        name = self._book.add(
            grammar.confirm_label, where.tag, where.lines, words=f"{grammar.confirm_label} {where.lines}",
            type=FactType.BOOLEAN, whether=grammar.confirm_clause,
        )  # fmt: skip
        return self._asks([name], where)

    # Speech

    def _tell(self, act: Act, where: Where) -> list[Step]:
        grammar = grammar_of(where.tag)
        if act.quote and len(act.quote.split()) > 1:
            return [Tell(id=self._state.new_id(), lines=where.lines, text=act.quote, verbatim=True)]
        facts = self._read_back(act, where) if re.match(grammar.read_back, act.text, re.IGNORECASE) else ()
        text = self._limited(_action(act.text, where.tag), where)
        if not re.fullmatch(rf"\w+\s+{grammar.caller}", text, re.IGNORECASE):
            text = second_person(text, where.tag)
        return [Tell(id=self._state.new_id(), lines=where.lines, text=text, form="speech_act", facts=facts)]

    def _limited(self, text: str, where: Where) -> str:
        """The text without `once`, which becomes a rule."""
        found = re.search(grammar_of(where.tag).once, text, re.IGNORECASE)
        if found is None:
            return text
        text = text[: found.start()]
        limit = 2 if found["twice"] else 1
        self._state.rule(where.lines, kind="at_most", action=text, limit=limit, concerns="speech")
        return text

    def _read_back(self, act: Act, where: Where) -> tuple[str, ...]:
        found = self._book.find(act.text, where.tag)
        named = [name for name in self._state.asked if name == found]
        return tuple(named or [n for n in self._state.asked if self._book[n].type is not FactType.BOOLEAN])

    def _statement(self, act: Act, where: Where) -> list[Step]:
        if act.quote and len(act.quote.split()) > 2 and len(act.quote) > len(act.what) * 0.6:
            return [Tell(id=self._state.new_id(), lines=where.lines, text=act.quote, verbatim=True)]
        text = second_person(_tidy(act.what), where.tag)
        return [Tell(id=self._state.new_id(), lines=where.lines, text=text)]

    _caller_statement = _statement

    def _request(self, act: Act, where: Where) -> list[Step]:
        text = second_person(_tidy(act.what), where.tag)
        for pattern, said in grammar_of(where.tag).request_form:
            text = re.sub(pattern, said, text)
        return [Tell(id=self._state.new_id(), lines=where.lines, text=text, form="request", awaits="done")]

    # Deeds

    def _handoff(self, act: Act, where: Where) -> list[Step]:
        grammar = grammar_of(where.tag)
        urgent = re.search(rf"{grammar.urgent}", act.text, re.IGNORECASE) is not None
        reason = where.because or self._state.procedure or _tidy(act.text)
        return [
            HandOff(
                id=self._state.new_id(),
                lines=where.lines,
                to=recipient(act.what, where.tag),
                reason=reason,
                urgent=urgent,
            )
        ]

    def _passive_handoff(self, act: Act, where: Where) -> list[Step]:
        """`People who ... should be put through to X`: a trigger, unless it is about the present caller."""
        grammar = grammar_of(where.tag)
        who = re.match(grammar.caller_clause, act.rest, re.IGNORECASE)
        if who is None and re.fullmatch(grammar.caller, act.rest.strip(), re.IGNORECASE):
            return self._handoff(act, where)
        text = who["what"] if who else act.rest
        condition = self._state.reader.typed(text, where.tag, where.lines)
        by = "count" if isinstance(condition, Count) else "data" if condition is not None else "meaning"
        to = recipient(act.what, where.tag)
        self._state.trigger(where.lines, by=by, text=text, to=to, condition=condition)
        return []

    def _goto(self, act: Act, where: Where) -> list[Step]:
        limit = limit_of(act.rest, where.tag) if act.rest else None
        return [GoTo(id=self._state.new_id(), lines=where.lines, target=f"step_{_slug(act.step)}", at_most=limit)]

    _repeat = _goto

    def _goto_start(self, act: Act, where: Where) -> list[Step]:
        limit = limit_of(act.rest, where.tag) if act.rest else None
        return [GoTo(id=self._state.new_id(), lines=where.lines, target="start", at_most=limit)]

    def _end(self, act: Act, where: Where) -> list[Step]:
        return [End(id=self._state.new_id(), lines=where.lines)]

    def _search(self, act: Act, where: Where) -> list[Step]:
        return [Search(id=self._state.new_id(), lines=where.lines, about=_tidy(act.what))]

    def _message(self, act: Act, where: Where) -> list[Step]:
        grammar = grammar_of(where.tag)
        name = self._book.add(grammar.message_label, where.tag, where.lines)
        action = _action(act.text, where.tag)
        done = Do(id=self._state.new_id(), lines=where.lines, action=action, by="human", arguments=(name,))
        return [*self._asks([name], where), done]

    def _function(self, act: Act, where: Where) -> list[Step]:
        spoken = read_act(act.what.replace("_", " "), where.tag)
        if spoken.kind == "handoff":
            return self._handoff(spoken, where)
        names = [name.strip() for name in act.rest.split(",") if name.strip()]
        arguments = tuple(found for name in names if (found := self._book.find(name.replace("_", " "), where.tag)))
        return [
            Do(
                id=self._state.new_id(),
                lines=where.lines,
                action=_tidy(act.text),
                operation=act.what,
                arguments=arguments,
            )
        ]

    def _do(self, act: Act, where: Where) -> list[Step]:
        return [Do(id=self._state.new_id(), lines=where.lines, action=_action(act.text, where.tag))]

    def _manner(self, act: Act, where: Where) -> list[Step]:
        self._state.rule(where.lines, kind="always", action=_tidy(act.text), concerns="manner")
        return []

    def form(self, text: str, tag: str) -> bool:
        """Read a statement on the form of the fact asked last; return True if it is one."""
        last = self._book.last
        if last is None or not quantities(text, tag):
            return False
        hint = self._book[last].hint
        if read_form(text, last, tag, self._book):
            return True
        self._book.update(last, hint=hint)
        return False


def _action(text: str, tag: str) -> str:
    """Return a deed's words as a verb phrase."""
    reshaped = grammar_of(tag).as_action
    return _tidy(reshaped(text) if reshaped is not None else text)


def recipient(what: str, tag: str) -> str | None:
    """Return who takes over, without reasons and adverbs."""
    grammar = grammar_of(tag)
    what = re.split(rf"{grammar.because}|[.;:!]|,\s|\s+[–-]\s", what, maxsplit=1, flags=re.IGNORECASE)[0]
    what = re.sub(rf"\s*(?:{grammar.urgent}|{grammar.tail})\W*$", "", what, flags=re.IGNORECASE).strip(" ,.()")
    what = re.sub(rf"\s*(?:{grammar.urgent}|{grammar.tail})\W*$", "", what, flags=re.IGNORECASE).strip(" ,.()")
    return what or None


def limit_of(text: str, tag: str) -> int | None:
    """Return n of `at most n times`."""
    grammar = grammar_of(tag)
    numbers = quantities(text, tag)
    hashed = text
    for number in reversed(numbers):
        hashed = hashed[: number.start] + "#" + hashed[number.end :]
    found = re.search(grammar.limit, hashed, re.IGNORECASE)
    if found is None:
        return None
    word = found["n"].lower()
    if word == "#":
        return int(numbers[hashed[: found.start("n")].count("#")].value)
    return grammar.times.get(word)


def _slug(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key_of(key)).strip("_")


def _tidy(text: str) -> str:
    return " ".join(text.strip(" .,;:!").split())
