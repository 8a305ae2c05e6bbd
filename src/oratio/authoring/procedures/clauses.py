"""Clause splitter: a sentence as conditions and the acts in their scope."""

# ruff: noqa: RUF001 - it reads typographic quotation marks

import re
from dataclasses import dataclass, field
from functools import cache

from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.grammar.base import Grammar
from oratio.authoring.procedures.layout.numbers import clocks, quantities

_QUOTE = re.compile(
    r"\"[^\"]{1,400}\"|“[^”]{1,400}”|„[^“”]{1,400}[“”]|«[^»]{1,400}»|(?<!\w)['‘](?:[^'’]|(?<=\w)['’](?=\w)){2,200}['’](?!\w)"
)
_LETTERED = re.compile(r"(?<=\s)\([a-z]\)\s+")
_ASIDE = re.compile(r"(?<=\s)\([^()]{1,300}\)")
_ARROW = r"\s*(?:->|→|=>|⇒)\s*"
_MASK = re.compile(r"\ue000(\d+)\ue001")


@dataclass(frozen=True, slots=True)
class Given:
    """A condition clause: `kind` is `if`, `unless`, `only_if`, `otherwise`, `before`, `after`, `until` or `clock`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ClausePart:
    """A verb phrase or statement, with a condition at its end: `..., unless it rains`."""

    text: str
    extra: Given | None = None


@dataclass(slots=True)
class Clause:
    """Acts under one condition.

    Attributes:
        given: What they depend on; None for always.
        parts: What is done or said, in order.
        colon: The first part ends in a colon: the following ones explain it.
    """

    given: Given | None
    parts: list[ClausePart] = field(default_factory=list)
    colon: bool = False


def split_sentence(text: str, tag: str) -> list[Clause]:
    """Return the clauses of a sentence in order."""
    return _Splitter(grammar_of(tag)).split(text)


@cache
def _starts(grammar: Grammar) -> "re.Pattern[str]":
    """What may open a main clause."""
    subject = "|".join((grammar.verbs, grammar.agent, grammar.negations))
    return re.compile(rf"(?:{grammar.adverbs})*(?:{subject})", re.IGNORECASE)


@cache
def _separators(grammar: Grammar, *, firm: bool) -> "re.Pattern[str]":
    verbs = grammar.firm_verbs if firm else rf"{grammar.verbs}|{grammar.agent}|{grammar.negations}|{grammar.hearers}"
    joints = rf"{_ARROW}|\s*[;:]\s+|\s*,?\s+(?:{grammar.joints})\s+|,\s+(?:so\s+)?|\s*&\s*|\s+[–—-]{{1,2}}\s+"
    return re.compile(rf"(?:{joints})(?=(?:{grammar.adverbs})*(?:{verbs}))", re.IGNORECASE)


class _Splitter:
    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._quotes: list[str] = []

    def split(self, text: str) -> list[Clause]:
        text = _QUOTE.sub(self._hide, text.strip())
        if len(_LETTERED.findall(text)) > 1:
            text = _LETTERED.sub("", text)
        text = _ASIDE.sub(self._hide, text)
        openers = "|".join(self._grammar.openers[kind] for kind in ("if", "unless", "only_if", "otherwise"))
        joint = rf"\s*;\s+|\s*:\s+(?={openers})|,?\s+(?:{self._grammar.joints})\s+(?=(?:{openers})[^,]*,)"
        parts = [part for part in re.split(joint, text, flags=re.IGNORECASE) if part.strip(" .")]
        clauses: list[Clause] = []
        for part in parts:
            clause = self._shown(self._clause(part))
            before = clauses[-1].given if clauses else None
            if clause.given is None and before is not None and before.kind in ("if", "unless", "after", "clock"):
                clauses[-1].parts += clause.parts  # `if A, do B; do C`: both under the condition
            else:
                clauses.append(clause)
        return clauses

    def _hide(self, match: "re.Match[str]") -> str:
        self._quotes.append(match[0])
        return f"\ue000{len(self._quotes) - 1}\ue001"

    def _show(self, text: str) -> str:
        while "\ue000" in text:
            text = _MASK.sub(lambda match: self._quotes[int(match[1])], text)
        return text

    def _shown(self, clause: Clause) -> Clause:
        parts = [ClausePart(self._show(part.text), self._shown_given(part.extra)) for part in clause.parts]
        return Clause(self._shown_given(clause.given), parts, clause.colon)

    def _shown_given(self, given: Given | None) -> Given | None:
        return given and Given(given.kind, self._show(given.text))

    def _clause(self, text: str) -> Clause:
        text = self._led(text)
        for kind in ("otherwise", "only_if", "unless", "if", "before", "after"):
            if kind in self._grammar.openers and (found := self._grammar.opener(kind).match(text)):
                return self._opened(kind, text[found.end() :].strip(" ,"))
        if (arrow := re.match(rf"(?P<what>[^,]{{2,60}}?){_ARROW}", text)) and not _starts(self._grammar).match(text):
            return self._with_main(Given("if", arrow["what"].strip(" :")), text[arrow.end() :])
        if clock := self._clock(text):
            return self._with_main(Given("clock", text[:clock].strip(" ,:")), text[clock:].strip(" ,:"))
        if inverted := self._grammar.pattern("inverted").match(text) if self._grammar.inverted else None:
            verb, _, rest = inverted["what"].partition(" ")
            what = re.sub(rf"(?<!\w)({self._grammar.particles}) (\w+)$", r"\1\2", f"{rest} {verb.lower()}")
            return self._with_main(Given("if", what), text[inverted.end() :].strip(" ,"))
        return self._with_main(None, text)

    def _led(self, text: str) -> str:
        """The text without leading adverbs, as long as a condition follows them."""
        bare = re.sub(rf"^(?:{self._grammar.adverbs})+", "", text, flags=re.IGNORECASE)
        opened = any(self._grammar.opener(kind).match(bare) for kind in self._grammar.openers)
        return bare if opened else text

    def _opened(self, kind: str, rest: str) -> Clause:
        if kind == "otherwise":
            return self._with_main(Given(kind, ""), re.sub(rf"^(?:{_ARROW}|[,:])\s*", "", rest))
        at, after = self._boundary(rest)
        if kind == "after" and not quantities(rest[:at], self._grammar.tag):
            kind = "after_event"
        if at == len(rest) and kind in ("before", "after", "after_event"):
            return Clause(None, [ClausePart(rest)])
        return self._with_main(Given(kind, rest[:at].strip(" ,:")), rest[after:])

    def _boundary(self, rest: str) -> tuple[int, int]:
        """Where the condition ends and where the main clause starts."""
        if (numbers := quantities(rest, self._grammar.tag)) and numbers[0].start == 0 and numbers[0].is_time:
            return numbers[0].end, numbers[0].end
        if lacking := re.match(
            rf".{{0,40}}?{self._grammar.lacks}\s+(?:it|one|that|them|sie|ihn|es|lo|la)\s+(?=\w)", rest, re.IGNORECASE
        ):
            return lacking.end(), lacking.end()
        cuts = list(
            re.finditer(rf"{_ARROW}|\s*:\s+|\s*,\s+|\s+(?:{self._grammar.then})\s+|\s+[–—-]\s+|:$", rest, re.IGNORECASE)
        )
        for cut in cuts:
            if ("-" in cut[0] and ">" in cut[0]) or "→" in cut[0] or "⇒" in cut[0]:
                return cut.start(), cut.end()
            if _starts(self._grammar).match(rest, cut.end()) and not self._goes_on(rest, cut.end()):
                return cut.start(), cut.end()
        if (agent := re.search(rf"(?<=\w)\s+(?={self._grammar.plain_agent})", rest, re.IGNORECASE)) and len(
            rest[: agent.start()].split()
        ) > 2:
            return agent.start(), agent.end()
        for cut in cuts:
            if not self._goes_on(rest, cut.end()):
                return cut.start(), cut.end()
        firm = re.search(rf"(?<=\w)\s+(?={self._grammar.firm_verbs})", rest, re.IGNORECASE)
        if firm and len(rest[: firm.start()].split()) > 1 and not self._is_object(rest[: firm.start()]):
            return firm.start(), firm.end()
        return len(rest), len(rest)

    def _goes_on(self, rest: str, at: int) -> bool:
        """The condition goes on after this comma: `missing, locked, or active`."""
        return (
            re.match(
                rf"(?:{self._grammar.disjunctions}|{self._grammar.conjunctions})(?!\s+(?:{self._grammar.then})\b)",
                rest[at:],
                re.IGNORECASE,
            )
            is not None
        )

    def _is_object(self, before: str) -> bool:
        return re.search(self._grammar.before_infinitive, before, re.IGNORECASE) is not None

    def _clock(self, text: str) -> int:
        """End of a time of day that opens the text: `Between 22:00 and 06:00 only take a message`."""
        times = clocks(text)
        if not times or times[0].start > 20:
            return 0
        last = times[1] if len(times) > 1 and times[1].start - times[0].end < 8 else times[0]
        head = text[: last.end]
        masked = re.sub(r"\d[\d:.]*\s*(?:am|pm|uhr|h)?", "@", head, flags=re.IGNORECASE)
        known = any(re.match(source, masked, re.IGNORECASE) for _, source in self._grammar.clock)
        return last.end if known else 0

    def _with_main(self, given: Given | None, main: str) -> Clause:
        acts, colon = self._acts(main.strip())
        return Clause(given, [self._trailing(act) for act in acts], colon)

    def _trailing(self, main: str) -> ClausePart:
        for kind in ("only_if", "unless", "if", "until", "before"):
            found = next(
                (m for m in self._grammar.opener(kind).finditer(main) if self._may_trail(kind, main, m.start(), m[0])),
                None,
            )
            if found is not None:
                rest = main[found.end() :].strip(" ,.")
                if rest:
                    return ClausePart(main[: found.start()].rstrip(" ,"), Given(kind, rest))
        return ClausePart(main)

    def _may_trail(self, kind: str, main: str, at: int, word: str) -> bool:
        if (
            at == 0
            or not main[:at].strip()
            or (word.lower() == "when" and re.search(r"(?:day|date|time|moment)$", main[:at].rstrip()))
        ):
            return False
        before = main[:at].rstrip()
        if re.search(self._grammar.takes_if, before, re.IGNORECASE) or word.lower() in self._grammar.never_trailing:
            return False
        if kind == "before" and re.search(rf"^(?:.{{0,20}}){self._grammar.musts}", before, re.IGNORECASE):
            return True
        if kind in ("before", "until"):
            return re.search(rf"(?:^|\s)(?:{self._grammar.negations})", before + " ", re.IGNORECASE) is not None
        return len(before.split()) > 1 or kind != "if"

    def _acts(self, main: str) -> tuple[list[str], bool]:
        """Coordinated clauses; after `ask the caller to ...` only verbs that are surely the agent's start a new one."""
        pieces, colon, start = [], False, 0
        loose, firm = _separators(self._grammar, firm=False), _separators(self._grammar, firm=True)
        while True:
            requested = self._grammar.pattern("requests").match(main[start:]) is not None
            pattern = firm if requested else loose
            cut = pattern.search(main, start + 1)
            while cut is not None and re.search(self._grammar.serial, main[: cut.start()], re.IGNORECASE):
                cut = pattern.search(main, cut.end())
            if cut is None:
                break
            if main[start : cut.start()].strip(" ,:"):
                pieces.append(main[start : cut.start()].strip(" ,"))
                colon = colon or (len(pieces) == 1 and ":" in cut[0])
            start = cut.end()
        pieces.append(main[start:].strip(" ,"))
        return [piece for piece in pieces if piece.strip(" .,:")], colon
