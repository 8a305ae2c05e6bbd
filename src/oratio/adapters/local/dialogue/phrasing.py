"""How things are said: to a reader with the source named, to a listener in short plain sentences."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from oratio.adapters.local.dialogue.lexicon import LOWERABLE
from oratio.adapters.local.dialogue.units import AnswerUnit

type Manner = Literal["voice", "text"]


def file_name(path: str) -> str:
    """The file's own name, as a reader would look for it."""
    return PurePosixPath(path).name or path


def spoken_name(path: str) -> str:
    """A file's name as one says it: `tech_support_manual.md` is "tech support manual"."""
    stem = PurePosixPath(path).stem or path
    return " ".join(re.sub(r"[_\-.]+", " ", stem).split())


def lower_first(text: str) -> str:
    """The text as the second part of a sentence: its first letter small where that is safe."""
    first = re.split(r"[\s,;:]", text, maxsplit=1)[0]
    titled = re.match(r"\S+ [A-Z]", text) and first.lower() not in ("the", "a", "an", "if", "when", "your")
    return text[:1].lower() + text[1:] if first.lower() in LOWERABLE and not first.isupper() and not titled else text


def closed(text: str) -> str:
    """The text with a full stop when it ends in none."""
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", ":", ")")) and not text.endswith("e.g.)") else f"{text.rstrip(';,')}."


def for_voice(text: str) -> str:
    """Text as one reads it aloud: no code brackets, underscores, emoji or abbreviations."""
    text = re.sub(r"\b(\w+)\((?:[^()]*)\)", lambda found: found[1] if "_" in found[1] else found.group(), text)
    text = re.sub(r"\b\w+_\w+\b", lambda found: found.group().replace("_", " "), text)
    text = (
        text.replace("e.g.,", "for example")
        .replace("e.g.", "for example")
        .replace("i.e.,", "that is,")
        .replace("i.e.", "that is,")
    )
    text = re.sub(r"(?<=\w)/(?=[A-Za-z])", " or ", text)
    text = re.sub(r"[^\w\s.,;:!?'\"()$\u20ac\u00a3%&+@#/\u2019\u2013\u2014-]", "", text)
    return re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+", " ", text)).strip()


def body(units: Sequence[AnswerUnit], manner: Manner) -> str:
    """Units in reading order as running text; numbered lists keep their numbers for readers."""
    parts: list[str] = []
    listed = sum(unit.kind == "item" and bool(unit.marker) for unit in units)
    for index, unit in enumerate(units):
        following = units[index + 1] if index + 1 < len(units) else None
        in_list = unit.kind == "item" and bool(unit.marker) and listed > 1
        text = unit.text
        if manner == "text" and in_list and unit.marker != "-":
            text = f"{unit.marker} {text}"
        if text.endswith(":") and following is None:
            text = text[:-1]
        if in_list and unit.marker == "-" and following and following.kind == "item" and _is_fragment(unit.text):
            parts.append(text if text.endswith(":") else f"{text.rstrip('.;,')};")
        else:
            parts.append(closed(text))
    joined = " ".join(parts)
    return for_voice(joined) if manner == "voice" else joined


def _is_fragment(text: str) -> bool:
    return not text.endswith((".", "!", "?")) and len(text) < 80


def attributed(path: str, page: int | None, text: str, manner: Manner) -> str:
    """An answer with its source named once."""
    if manner == "voice":
        return f"According to the {spoken_name(path)}: {text}" if path else text
    where = file_name(path) + (f" (page {page})" if page and page > 1 else "")
    lowered = lower_first(text)
    return f"According to {where}{':' if lowered[:1].isupper() else ','} {lowered}"
