"""How things are said: to a reader with the source named, to a listener in short plain sentences."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from oratio.adapters.local.dialogue.units import Unit

type Manner = Literal["voice", "text"]

_LOWERABLE = frozenset(
    [
        "the",
        "a",
        "an",
        "if",
        "you",
        "your",
        "to",
        "it",
        "this",
        "that",
        "these",
        "those",
        "there",
        "when",
        "after",
        "before",
        "for",
        "in",
        "on",
        "at",
        "by",
        "use",
        "using",
        "as",
        "each",
        "every",
        "any",
        "all",
        "some",
        "once",
        "while",
        "with",
        "we",
        "our",
        "they",
        "their",
        "make",
        "check",
        "ask",
        "turn",
        "please",
        "no",
        "not",
        "can",
        "do",
        "most",
        "only",
        "first",
        "ensure",
        "verify",
        "guide",
        "follow",
        "good",
        "common",
        "even",
        "data",
        "mobile",
        "problems",
        "connected",
    ]
)
_CALLER = r"(?:user|customer|caller|client|guest|member|patient|shopper|passenger|student|visitor|tenant|subscriber)"
_VERBS = {
    "has": "have",
    "is": "are",
    "was": "were",
    "does": "do",
    "isn't": "aren't",
    "doesn't": "don't",
    "hasn't": "haven't",
}
_IMPERATIVE = frozenset(
    [
        "check",
        "send",
        "inform",
        "ask",
        "confirm",
        "apply",
        "gather",
        "calculate",
        "make",
        "verify",
        "use",
        "offer",
        "tell",
        "collect",
        "provide",
        "look",
        "explain",
        "transfer",
        "greet",
        "thank",
        "say",
        "ensure",
        "get",
        "take",
        "find",
        "record",
        "note",
        "open",
        "create",
        "update",
        "close",
        "read",
        "repeat",
        "apologise",
        "apologize",
        "escalate",
        "follow",
        "wait",
        "list",
        "identify",
        "authenticate",
        "request",
        "schedule",
        "book",
        "notify",
        "guide",
        "remind",
        "advise",
        "enable",
        "resume",
        "help",
        "let",
        "give",
        "issue",
        "process",
        "review",
        "determine",
        "obtain",
        "refer",
        "contact",
        "call",
        "add",
        "remove",
        "cancel",
        "refund",
        "log",
        "enter",
        "select",
        "locate",
        "never",
        "always",
        "do",
        "don't",
        "deny",
        "describe",
        "state",
        "summarize",
        "summarise",
        "invite",
        "place",
        "submit",
        "assign",
        "redirect",
        "validate",
        "share",
        "suggest",
        "recommend",
        "keep",
        "hold",
        "arrange",
        "investigate",
        "proceed",
        "try",
        "run",
        "start",
        "begin",
    ]
)


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
    return text[:1].lower() + text[1:] if first.lower() in _LOWERABLE and not first.isupper() else text


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


def body(units: Sequence[Unit], manner: Manner) -> str:
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
        return f"The {spoken_name(path)} says: {text}" if path else text
    where = file_name(path) + (f" (page {page})" if page and page > 1 else "")
    return f"According to {where}, {lower_first(text)}"


def to_caller(text: str) -> str:
    """An SOP sentence, written to the agent about the caller, turned to the caller.

    "You can help the user pay their bill" becomes "We can help you pay your bill". Sentences that speak of neither
    stay as they are.
    """
    text = re.sub(r"\b[Tt]he (?:agent|representative)'s\b", "our", text)
    text = re.sub(
        r"\b(?:[Tt]he|[Aa]n?) (?:support )?(?:agent|representative) (\w+)", lambda f: f"we {_plural(f[1])}", text
    )
    text = re.sub(r"\b(for|to|with|from|by|tell|let) you\b", r"\1 us", text)
    text = re.sub(r"\byou\b", "we", re.sub(r"\bYou\b", "We", text))
    text = re.sub(r"\byour\b", "our", re.sub(r"\bYour\b", "Our", text))
    if re.search(rf"\b(?:each|every|any|another|other|no) {_CALLER}", text, re.I):
        return _upper_first(text)
    speaks_of_caller = re.search(rf"\b{_CALLER}\b", text, re.I) or re.search(
        r"\b(?:ask|tell|inform|remind|send|help) them\b", text, re.I
    )
    if not speaks_of_caller:
        return _upper_first(text)
    article = r"(?:the |an? |their |our |every |each )?"
    text = re.sub(rf"\b{article}{_CALLER}(?:'s|s')(?=\s)", "your", text, flags=re.I)
    text = re.sub(rf"\b(?:the )?{_CALLER} (confirmation|request|consent|approval)\b", r"your \1", text, flags=re.I)
    text = re.sub(
        rf"\b(?:the |an? |our |every |each )?{_CALLER}s?(?! (?:id|ids|number|service|support|care|account|profile"
        r"|name|data)\b) ((?:also |then |still |already )?)(\w+(?:'t)?)\b",
        lambda found: f"you {found[1]}{_plural(found[2])}",
        text,
        flags=re.I,
    )
    text = re.sub(
        rf"\b(?:the |an? |our )?{_CALLER}s?\b(?! (?:id|ids|number|service|support|care|account|profile|name|data)\b)",
        "you",
        text,
        flags=re.I,
    )
    for old, new in (
        ("their", "your"),
        ("theirs", "yours"),
        ("them", "you"),
        ("they", "you"),
        ("Their", "Your"),
        ("They", "You"),
    ):
        text = re.sub(rf"\b{old}\b", new, text)
    return _upper_first(text)


def _plural(verb: str) -> str:
    if verb in _VERBS:
        return _VERBS[verb]
    if len(verb) > 3 and verb.endswith("s") and not verb.endswith(("ss", "us", "is")):
        return (
            verb[:-3] + "y"
            if verb.endswith("ies")
            else verb[:-2]
            if verb.endswith(("sses", "shes", "ches"))
            else verb[:-1]
        )
    return verb


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_imperative(text: str) -> bool:
    """Whether an instruction opens with what to do, also after its condition: "If it is off, turn it on"."""
    opening = re.sub(r"^(?:then|next|finally|first|please|also|so)[,\s]+", "", text.strip(), flags=re.IGNORECASE)
    first = re.split(r"[\s,]", opening, maxsplit=1)[0].lower()
    if first in ("if", "when", "once", "after", "before", "unless"):
        rest = opening.partition(", ")[2]
        return bool(rest) and re.split(r"[\s,]", rest, maxsplit=1)[0].lower() in _IMPERATIVE
    return first in _IMPERATIVE


def as_we(text: str) -> str:
    """An SOP instruction as what "we" do: "Check the bill" becomes "we check the bill"."""
    turned = to_caller(text).strip()
    first = re.split(r"[\s,]", turned, maxsplit=1)[0].lower()
    if first in _IMPERATIVE:
        if first in ("do", "don't", "never"):
            return turned
        return f"we {turned[:1].lower()}{turned[1:]}"
    if first in ("if", "when", "once", "after", "before", "unless"):
        clause, comma, rest = turned.partition(", ")
        if comma and re.split(r"[\s,]", rest, maxsplit=1)[0].lower() in _IMPERATIVE:
            rest = f"we {rest}"
        return f"{clause[:1].lower()}{clause[1:]}{comma}{rest}"
    return turned


def in_order(steps: Sequence[str]) -> str:
    """Instructions as connected sentences: first, then, then, finally."""
    said = []
    for index, step in enumerate(steps):
        turned = as_we(step)
        if len(steps) == 1 or not turned.startswith("we "):
            said.append(closed(_upper_first(turned)))
            continue
        link = "First," if index == 0 else "Finally," if index == len(steps) - 1 and index > 1 else "Then"
        said.append(closed(f"{link} {turned}"))
    return " ".join(said)
