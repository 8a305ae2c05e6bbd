"""Act reader: a main clause as an act of the agent, with its polarity and its object."""

# ruff: noqa: E501, RUF001 - a pattern is one line, and reads the marks that people use

import re
from dataclasses import dataclass

from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.grammar.base import Grammar

_QUOTE = re.compile(
    r"[\"“„«]\s*([^\"“”„«»]{2,400}?)\s*[\"”“»]|(?<!\w)['‘]((?:[^'’]|(?<=\w)['’](?=\w)){2,300})['’](?!\w)"
)
_FUNCTION = re.compile(r"(?:\b(?:call|run|use|invoke|execute|trigger)(?: the)?(?: (?:function|tool|api|action|endpoint))?\s+)?`?(?P<name>[a-z][a-z0-9]*(?:_[a-z0-9]+)+|\w+(?=\(\)))`?(?:\((?P<arguments>[^()]*)\))?", re.IGNORECASE)  # fmt: skip
_BARE_STEP = re.compile(r"^\[?(?:step|schritt|paso|[ée]tape)\s+(?P<step>[\w.]+)\]?\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Attributes:
        kind: A kind of the grammar's `acts`, or `question`, `function`, `manner`, `do`, `fact`, `background`.
        text: The verb phrase without subject, negation and adverbs.
        what: Its object or content.
        rest: What follows a jump: its limit.
        negative: It is forbidden. `must`: it is an obligation. `only`: it is restricted.
        quote: Wording in quotation marks.
    """

    kind: str
    text: str
    what: str = ""
    step: str = ""
    rest: str = ""
    negative: bool = False
    must: bool = False
    only: bool = False
    quote: str = ""


def read_act(part: str, tag: str, *, permit: bool = False) -> Act:
    """Return the act of a clause part; with `permit` a permission counts as what it permits."""
    grammar = grammar_of(tag)
    text, negative, must, only, subject, permitted = _bared(part.strip(" .,"), grammar)
    quote = next((match[1] or match[2] for match in _QUOTE.finditer(text)), "")
    known = Act("", text, negative=negative, must=must, only=only, quote=quote)
    if permitted and not negative and not only and not permit:
        return _with(known, "permission")
    return _kind_of(known, part.strip(), grammar, subject=subject)


def _bared(text: str, grammar: Grammar) -> tuple[str, bool, bool, bool, bool, bool]:
    """The verb phrase; then if it is negated, obliged, restricted, has the agent as subject, is only permitted."""
    must = grammar.pattern("musts").match(text) is not None
    only = negative = subject = permitted = False
    for _ in range(8):
        before = text
        if found := re.match(grammar.only, text, re.IGNORECASE):
            text, only = text[found.end() :], True
        if found := re.match(grammar.adverbs, text, re.IGNORECASE):
            must = must or re.search(grammar.musts, found[0], re.IGNORECASE) is not None
            text = text[found.end() :]
        if found := re.match(grammar.negations, text, re.IGNORECASE):
            text, negative = text[found.end() :], True
        elif found := re.match(grammar.agent, text, re.IGNORECASE):
            must = must or re.search(grammar.musts, found[0], re.IGNORECASE) is not None
            negative = negative or re.search(grammar.negative, found[0], re.IGNORECASE) is not None
            permitted = re.search(grammar.permits, found[0], re.IGNORECASE) is not None
            text, subject = text[found.end() :], True
        if text == before:
            break
    if not negative and subject and (inner := re.search(grammar.inner_negations, text, re.IGNORECASE)):
        text, negative = " ".join((text[: inner.start()] + text[inner.end() :]).split()), True
    text, negative = grammar.reshaped(text, subject=subject, negative=negative)
    return text.strip(" ,."), negative, must, only, subject, permitted


def _kind_of(act: Act, part: str, grammar: Grammar, *, subject: bool) -> Act:
    text = act.text
    if re.match(grammar.identity, part, re.IGNORECASE) and not act.negative:
        return _with(act, "background")
    if step := _BARE_STEP.match(text):
        return _with(act, "goto", step=step["step"])
    if text.endswith("?") or (act.quote.endswith("?") and re.match(grammar.asks, text, re.IGNORECASE)):
        return _with(act, "question", what=act.quote if act.quote.endswith("?") else text)
    called = _FUNCTION.search(_QUOTE.sub(" ", text))
    if (
        called
        and "{{" not in text
        and not act.negative
        and ("_" in called["name"] or called["arguments"] is not None or text.endswith("()"))
    ):
        return _with(act, "function", what=called["name"], rest=called["arguments"] or "")
    if re.match(grammar.manners, text, re.IGNORECASE):
        return _with(act, "manner")
    if found := re.match(grammar.passive_only, part.strip(" ."), re.IGNORECASE):
        return Act(
            "passive_only",
            f"{found['who']} {found['verb']}",
            found["who"],
            found["verb"],
            found["rest"].strip(" ,"),
            only=True,
        )
    for kind, pattern in grammar.act_patterns:
        if found := pattern.match(text):
            groups = found.groupdict()
            return _with(
                act, kind, what=(groups.get("what") or groups.get("noted") or "").strip(" ,"),
                step=(groups.get("step") or "").rstrip("."), rest=(groups.get("rest") or "").strip(" ,"),
            )  # fmt: skip
    if grammar.passive_handoff and (
        found := re.match(grammar.passive_handoff, _QUOTE.sub("", part).strip(" ."), re.IGNORECASE)
    ):
        return _with(act, "passive_handoff", what=found["what"] or "", rest=found["who"])
    if (
        subject
        or re.match(grammar.verbs, text, re.IGNORECASE)
        or (act.negative and not re.match(grammar.bare_negation, part, re.IGNORECASE))
    ):
        return _with(act, "do")
    return _with(act, "fact")


def _with(act: Act, kind: str, *, what: str = "", step: str = "", rest: str = "") -> Act:
    return Act(kind, act.text, what, step, rest, act.negative, act.must, act.only, act.quote)
