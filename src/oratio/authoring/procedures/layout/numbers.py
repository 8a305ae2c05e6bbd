"""Numbers of a text with their units and currencies, and clock times."""

# ruff: noqa: E501, RUF001 - a pattern is one line, and reads the marks that people use

import re
from dataclasses import dataclass
from functools import cache

from oratio.authoring.procedures.grammar import grammar_of

CURRENCIES = {
    r"€|euros?|eur": "EUR", r"\$|usd|(?:us )?dollars?|dólares|dollar": "USD", r"£|gbp|pounds?(?: sterling)?|pfund|livres?": "GBP",
    r"chf|francs? suisses|franken|swiss francs?": "CHF", r"¥|yen|jpy": "JPY", r"₹|rupees?|inr": "INR", r"zł|pln": "PLN",
    r"kronor|kroner|sek|nok|dkk": "SEK", r"pesos?|mxn": "MXN",
}  # fmt: skip
_OTHER_UNITS = r"%|percent|prozent|por ciento|pour ?cent|km|kilomet(?:er|re)s?|kilómetros|kilomètres|kg|kilos?|gb|mb|°c|degrees?|litres?|cm|mm"
_DIGITS = r"\d{1,3}(?:[.,'’ ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?"
_CLOCK = re.compile(r"(?<![\d.,:])(\d{1,2})(?::|h|\.(?=\d\d\s*(?:uhr|h\b)))(\d{2})\s*(am|pm|a\.m\.|p\.m\.|uhr|h)?(?!\d)|"
                    r"(?<![\d.,:])(\d{1,2})\s*(am|pm|a\.m\.|p\.m\.|uhr|o['’]clock|heures|h(?=\W|$))(?![\w])", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text.

    Attributes:
        unit: A time unit of the schema, or another unit as it is written.
        scale: The denominator of `7/10`.
    """

    start: int
    end: int
    value: float
    unit: str | None = None
    currency: str | None = None
    scale: int | None = None

    @property
    def is_time(self) -> bool:
        """True if the number is a span of time."""
        return self.unit in _TIME_UNITS


_TIME_UNITS = frozenset({"seconds", "minutes", "hours", "days", "working_days", "weeks", "months", "years"})


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day in a text, as `HH:MM`."""

    start: int
    end: int
    time: str


def quantities(text: str, tag: str) -> list[Quantity]:
    """Return the numbers of a text in order, each with its unit or currency."""
    number, units = _patterns(tag)
    words = grammar_of(tag).numbers
    found: list[Quantity] = []
    for match in number.finditer(text):
        if match["word"] is not None:
            value = float(words[" ".join(match["word"].lower().split())])
        else:
            value = _value(match["digits"])
        end, currency = match.end(), None
        if match["before"]:
            currency = _currency(match["before"])
        unit: str | None = None
        if match["thousand"]:
            value *= 1000
        if after := units.match(text, end):
            group = after.lastgroup or ""
            end = after.end()
            if group.startswith("c"):
                currency = _currency(after["c"])
            elif group.startswith("t"):
                unit = _time_unit(after["t"], tag)
            else:
                unit = after[0].strip(" -").lower()
                unit = "percent" if unit in ("%", "prozent", "por ciento", "pour cent", "pourcent") else unit
        scale = int(match["scale"]) if match["scale"] else None
        found.append(Quantity(match.start(), end, value, unit, currency, scale))
    return found


def clocks(text: str) -> list[ClockTime]:
    """Return the times of day in a text, in order."""
    found = []
    for match in _CLOCK.finditer(text):
        hour, minute, half = int(match[1] or match[4]), int(match[2] or 0), (match[3] or match[5] or "").lower()
        hour = hour % 12 + 12 if half.startswith("p") else 0 if half.startswith("a") and hour == 12 else hour
        if hour < 24 and minute < 60:
            found.append(ClockTime(match.start(), match.end(), f"{hour:02d}:{minute:02d}"))
    return found


def plain_number(value: float) -> str:
    """Return a number as people write it: `5,000`, `6.9`."""
    return f"{int(value):,}" if value == int(value) else f"{value:,.10g}"


def _value(digits: str) -> float:
    """Read `5,000`, `5.000,50`, `6.9` and `6,9`."""
    digits = re.sub(r"['’ ]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        return float(re.sub(r"[.,]", "", digits))
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float(digits)
    return float(re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :])


@cache
def _patterns(tag: str) -> "tuple[re.Pattern[str], re.Pattern[str]]":
    grammar = grammar_of(tag)
    named = "|".join(
        sorted((re.escape(word).replace(r"\ ", r"\s+") for word in grammar.numbers), key=len, reverse=True)
    )
    money = "|".join(CURRENCIES)
    number = re.compile(
        rf"(?:(?P<before>[€$£¥₹]|\b(?:eur|usd|gbp|chf)\b)\s*)?(?<![\w.,:/-])(?:(?P<digits>{_DIGITS})(?P<thousand>k\b)?(?:/(?P<scale>5|10|100)\b)?|(?P<word>{named})(?!\w))(?![\d:]|\.\d|[-/]\w)",
        re.IGNORECASE,
    )
    times = "|".join(sorted(grammar.units, key=len, reverse=True))
    units = re.compile(rf"[\s-]*(?:(?P<c>{money})|(?P<t>{times})|(?P<o>{_OTHER_UNITS}))(?!\w)", re.IGNORECASE)
    return number, units


@cache
def _currency(word: str) -> str | None:
    return next((code for text, code in CURRENCIES.items() if re.fullmatch(text, word.strip(), re.IGNORECASE)), None)


def _time_unit(word: str, tag: str) -> str | None:
    units = grammar_of(tag).units.items()
    return next((unit for text, unit in units if re.fullmatch(text, word.strip(), re.IGNORECASE)), None)
