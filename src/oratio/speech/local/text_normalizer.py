"""Written text to words as one says them: numbers, money, times, units, addresses, markup."""

import re
from collections.abc import Callable

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_UNITS = {
    "gb": "gigabytes", "mb": "megabytes", "kb": "kilobytes", "tb": "terabytes", "mbps": "megabits per second",
    "gbps": "gigabits per second", "km": "kilometers", "cm": "centimeters", "mm": "millimeters", "kg": "kilograms",
    "ms": "milliseconds", "ghz": "gigahertz", "mhz": "megahertz", "hz": "hertz", "lb": "pounds", "lbs": "pounds",
    "min": "minutes", "mins": "minutes", "hr": "hours", "hrs": "hours", "sec": "seconds", "secs": "seconds",
    "ft": "feet", "m": "meters",
}  # fmt: skip
_ABBREVIATIONS = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "mr.": "mister", "mrs.": "missus",
    "dr.": "doctor", "no.": "number", "approx.": "approximately", "incl.": "including", "w/": "with",
}  # fmt: skip
_MAX_WORDED = 10**15


def number_words(number: int) -> str:
    if number < 0:
        return f"minus {number_words(-number)}"
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{number_words(head)} {name}" + (f" {number_words(rest)}" if rest else "")
    raise AssertionError


def ordinal_words(number: int) -> str:
    *head, last = number_words(number).split()
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last += "h" if last.endswith("t") else "th"
    return " ".join([*head, last])


def year_words(number: int) -> str:
    """1984 as nineteen eighty four; 2000 to 2009 as numbers."""
    head, rest = divmod(number, 100)
    if number // 1000 == 2 and head == 20 and rest < 10:
        return number_words(number)
    if rest == 0:
        return f"{number_words(head)} hundred"
    return f"{number_words(head)} {'oh ' if rest < 10 else ''}{number_words(rest)}"


def digit_words(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits)


def _amount(found: re.Match[str]) -> str:
    major, minor = _CURRENCIES[found[1]]
    whole, cents = int(found[2].replace(",", "")), found[3]
    scale = f" {found[4].lower()}" if found[4] else ""
    said = f"{number_words(whole)}{scale} {major}{'' if whole == 1 and not scale else 's'}"
    if cents and int(cents):
        plural = "pence" if minor == "penny" else f"{minor}s"
        said += f" and {number_words(int(cents))} {minor if int(cents) == 1 else plural}"
    return said


def _time(found: re.Match[str]) -> str:
    hour, minute, half = int(found[1]), int(found[2]), found[3]
    said = number_words(hour)
    if minute:
        said += f" {'oh ' if minute < 10 else ''}{number_words(minute)}"
    elif not half:
        said += " o'clock" if 0 < hour <= 12 else " hundred hours"
    return f"{said} {half[0].upper()}M" if half else said


def _hour(found: re.Match[str]) -> str:
    return f"{number_words(int(found[1]))} {found[2].upper()}M"


def _ordinal(found: re.Match[str]) -> str:
    return ordinal_words(int(found[1])) if len(found[1]) < 7 else digit_words(found[1])


def _number(found: re.Match[str]) -> str:
    whole, decimals = found[1], found[2]
    digits = whole.replace(",", "")
    if decimals:
        return f"{number_words(int(digits))} point {digit_words(decimals)}"
    if (len(digits) > 1 and digits[0] == "0") or ("," not in whole and len(digits) >= 6) or int(digits) >= _MAX_WORDED:
        return digit_words(digits)
    if len(digits) == 4 and "," not in whole and 1100 <= int(digits) <= 2099:
        return year_words(int(digits))
    return number_words(int(digits))


def _telephone(found: re.Match[str]) -> str:
    return ", ".join(digit_words(group) for group in re.findall(r"\d+", found[0]))


def _address(found: re.Match[str]) -> str:
    text = re.sub(r"^https?://(?:www\.)?", "", found[0])
    tail = text[len(text.rstrip(".,;:!?")) :]
    text = text.rstrip(".,;:!?/")
    for sign, word in (("@", " at "), (".", " dot "), ("/", " slash "), ("-", " dash "), ("_", " underscore ")):
        text = text.replace(sign, word)
    return text + tail


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"[`*_#>|~]+"), " "),
    (re.compile(r"^\s*[-\u2022]\s+", re.MULTILINE), ""),
    (re.compile(r"https?://\S+|\b[\w.+-]+@[\w-]+\.[\w.]+|\bwww\.\S+"), _address),
    (re.compile(r"([$€£])\s?(\d[\d,]*)(?:\.(\d\d))?(?:\s(million|billion|thousand)\b)?"), _amount),
    (re.compile(r"\b(\d{1,2}):(\d\d)(?:\s?([ap])\.?m\b\.?)?", re.IGNORECASE), _time),
    (re.compile(r"\b(\d{1,2})\s?([ap])\.?m\b\.?", re.IGNORECASE), _hour),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), _ordinal),
    (re.compile(r"(?<=\d)\s*%"), " percent"),
    (re.compile(r"(?<=\d)\s?\u00b0\s?([CF])\b"), r" degrees \1"),
    (re.compile(r"\b\d{3}[ -]\d{3,4}(?:[ -]\d{3,4})?\b"), _telephone),
    (re.compile(r"(?<=\d)\s*[\u2013-]\s*(?=\d)"), " to "),
    (re.compile(r"(?<=\d)\s?([A-Za-z]{1,4})\b"), lambda f: f" {_UNITS.get(f[1].lower(), f[1])}"),
    (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), " "),
    (re.compile(r"(\d[\d,]*)(?:\.(\d+))?"), _number),
    (re.compile(r"\s*&\s*"), " and "),
    (re.compile(r"(?<=\w)\s*/\s*(?=\w)"), " or "),
    (re.compile(r"\+"), " plus "),
    (re.compile(r"="), " equals "),
    (re.compile(r"@"), " at "),
)  # fmt: skip


def spoken(text: str) -> str:
    """The text in words and the punctuation one breathes at."""
    words = [_ABBREVIATIONS.get(word.lower(), word) for word in text.split(" ")]
    text = " ".join(words)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("\n", ". ")
    text = re.sub(r"\s+[\u2013\u2014-]+\s+", ", ", text)
    text = re.sub(r"[^\w\s.,;:!?'\u2014-]", " ", text)
    return re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()
