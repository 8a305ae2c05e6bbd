"""Marks of documents: headings, bullets, numbers, fences."""

# ruff: noqa: E501, RUF001 - a pattern is one line, and reads the marks that people use

import re

ATX = re.compile(r"(#{1,6})(?:[ \t]+|$)(.*)")
SETEXT = re.compile(r"(?:=+|-{3,})[ \t]*")
RULE = re.compile(r"(?:[-*_=~+#—–][ \t]*){3,}")
FENCE = re.compile(r"(?:```|~~~)")
CHART = re.compile(r"(?:flowchart|graph)\s+(?:TD|TB|LR|RL|BT)\b")
BOLD_LINE = re.compile(r"\*\*([^*]{1,80})\*\*:?|__([^_]{1,80})__:?")
BULLET = re.compile(r"(?:[-*+•‣◦▪–—·►]{1,3}|[oO](?=\s+\w)|\[[ xX]\]|☐|☑|✓)[ \t]+(?:\[[ xX]\][ \t]+)?(?P<rest>\S.*)")
NUMBER = re.compile(
    r"(?:§\s*|Art\.\s*)?\(?(?P<key>\d{1,3}(?:\.\d{1,3}){1,4}(?=[.)]?\s)|\d{1,3}(?=[.)]+\s)|[a-zA-Z](?=[.)]\s)|"
    r"[ivx]{1,4}(?=[.)]\s))[.)]*[ \t]+(?P<rest>\S.*)"
)
STEP = re.compile(
    r"\[?(?:step|schritt|paso|[ée]tape)[ \t]+(?P<key>\d{1,3}(?:\.\d{1,3}){0,4}|[a-z])\]?(?:[ \t]*[.:)–-])?[ \t]*(?P<rest>.*)",
    re.IGNORECASE,
)
NUMBERED_CAPS = re.compile(r"(?:§\s*)?\d{1,2}(?:\.\d{1,2})*\.?\s+[A-ZÀ-Þ][A-ZÀ-Þ &/,-]{2,60}")
_MARKS = re.compile(r"\*\*|__|`|^[\W_]*(?:\[!\w+\])\s*")


def key_of(raw: str | None) -> str:
    """Return a number or letter as jumps call it: `2.1`, `a`."""
    return (raw or "").strip(" .()[]§").lower()


def without_marks(text: str) -> str:
    """Return the text without emphasis marks."""
    return _MARKS.sub("", text).strip()
