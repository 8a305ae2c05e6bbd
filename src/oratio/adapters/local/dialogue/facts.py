"""Facts a caller gives, recognised by type."""

import re
from collections.abc import Callable

from oratio.adapters.local.dialogue.intents import Intent, classify
from oratio.adapters.local.dialogue.pleas import spoken
from oratio.domain.plan.agent_plan import PlanFact, PlanFactType

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\b(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\.?(?:,?\s+\d{{4}})?|(?:today|tomorrow|yesterday)"
    r"|(?:next|this|last)\s+(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|week|month))\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?:[$\u20ac\u00a3]\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)?\s?(?:usd|eur|gbp|dollars?|euros?|pounds?|gb|mb|gigabytes?|gigs?|kg|percent|%|units?|pieces?|items?|nights?|guests?|people)(?:\b|(?<=%)))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?(?![\w])")
_WORD_NUMBER = re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|half|a couple)\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(r"\b([\w.+-]+(?: dot [\w+-]+)*) at ([\w-]+(?: dot [\w-]+)+)\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w#])\+?\d[\d\s().-]{5,18}\d(?!\w)")
_ORDER = re.compile(
    r"#\s?[A-Z]{0,4}-?\d{2,12}\b|\b(?:order|booking|reference|ref|confirmation|reservation|ticket|case|account|customer|invoice)(?:\s+(?:number|no\.?|id|code))?\s*(?:is|:)?\s*(#?[A-Z]{0,4}-?\d{2,12})\b|\b[A-Z]{1,4}-?\d{3,12}\b",
    re.IGNORECASE,
)


def _date(text: str) -> str | None:
    found = _DATE.search(text)
    return found.group() if found else None


def _amount(text: str) -> str | None:
    found = _AMOUNT.search(text) or _NUMBER.search(text) or _WORD_NUMBER.search(text)
    return found.group().strip() if found else None


def _email(text: str) -> str | None:
    if found := _EMAIL.search(text):
        return found.group().rstrip(".")
    if heard := _SPOKEN_EMAIL.search(text):
        return f"{heard[1]}@{heard[2]}".replace(" dot ", ".").lower()
    return None


def _phone(text: str) -> str | None:
    for found in _PHONE.finditer(_DATE.sub(" ", text)):
        if 7 <= sum(char.isdigit() for char in found.group()) <= 15:
            return found.group().strip()
    return None


def _order(text: str) -> str | None:
    found = _ORDER.search(_EMAIL.sub(" ", text))
    return (found[1] or found.group()).strip() if found else None


def _yes_no(text: str) -> str | None:
    intent = classify(text)
    if intent in (Intent.YES, Intent.NO):
        return intent.value
    first = spoken(text).split(" ")[0]
    return {"yes": "yes", "yeah": "yes", "yep": "yes", "sure": "yes", "no": "no", "nope": "no"}.get(first)


_EXTRACT: dict[PlanFactType, Callable[[str], str | None]] = {
    PlanFactType.DATE: _date,
    PlanFactType.AMOUNT: _amount,
    PlanFactType.EMAIL: _email,
    PlanFactType.PHONE: _phone,
    PlanFactType.ORDER_NUMBER: _order,
    PlanFactType.YES_NO: _yes_no,
}
_NO_CONTENT = frozenset(
    (Intent.YES, Intent.NO, Intent.REPEAT, Intent.NOISE, Intent.HUMAN, Intent.THANKS, Intent.GREETING, Intent.MORE)
)
_UNMISTAKABLE = frozenset({PlanFactType.EMAIL, PlanFactType.PHONE, PlanFactType.ORDER_NUMBER})


def volunteered(fact: PlanFact, text: str) -> str | None:
    """The fact in a message that was not asked for it: only types that cannot be taken for another."""
    if fact.type in _UNMISTAKABLE:
        return _EXTRACT[fact.type](text)
    if fact.type is PlanFactType.DATE:
        return _date(text)
    return None


def answered(fact: PlanFact, text: str) -> str | None:
    """The fact in the answer to its own question; None when the answer does not hold one."""
    if fact.type is PlanFactType.TEXT:
        return _free_text(text)
    found = _EXTRACT[fact.type](text)
    if found is None and fact.type is PlanFactType.ORDER_NUMBER:
        number = re.search(r"\b[\w-]*\d[\w-]*\b", text)
        return number.group() if number else None
    return found


def _free_text(text: str) -> str | None:
    """What was said, without a lead-in; a counter-question or a bare no is not an answer."""
    value = " ".join(text.split()).strip(" .!")
    if not value or value.endswith("?") or classify(text) in _NO_CONTENT:
        return None
    value = re.sub(
        r"^(?:(?:yes|sure|ok|okay|well|um|uh)[\s,]+)*(?:(?:it(?:'s| is)|my (?:full )?name is|i am|i'm|this is"
        r"|because|that is|that's|the (?:order|booking|reason|name|number|id|date|e-?mail|address|problem"
        r"|amount) is|my [\w ]{1,20} is)\s+)?",
        "",
        value,
        flags=re.IGNORECASE,
    )
    return value or None
