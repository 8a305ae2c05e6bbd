"""The SOP speaks to the agent about the caller; these rules turn its sentences to the caller."""

import re
from collections.abc import Sequence

from oratio.adapters.local.dialogue.lexicon import IMPERATIVE
from oratio.adapters.local.dialogue.phrasing import closed

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


def to_caller(text: str) -> str:
    """An SOP sentence, written to the agent about the caller, turned to the caller.

    "You can help the user pay their bill" becomes "We can help you pay your bill". Sentences that speak of neither
    stay as they are.
    """
    text = re.sub(r"^(?:(?:please|you must) )?(?:never|do not|don't)\b", "We must not", text, flags=re.I)
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
    text = re.sub(rf"(?<!the )\b{_CALLER} (information|details)\b", r"\1", text, flags=re.I)
    text = re.sub(
        rf"\b(?:the )?{_CALLER} (confirmation|request|consent|approval|identity)\b",
        r"your \1",
        text,
        flags=re.I,
    )
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
        ("they", "you"),
        ("Their", "Your"),
        ("They", "You"),
    ):
        text = re.sub(rf"\b{old}\b", new, text)
    text = re.sub(
        r"\b(ask|tell|inform|help|remind|send|offer|give|thank|let|for|to|with) them\b", r"\1 you", text, flags=re.I
    )
    return _upper_first(
        re.sub(r"(?<=[a-z)\"'][.!?] )(?<!e\.g\. )(?<!i\.e\. )[a-z]", lambda found: found.group().upper(), text)
    )


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
        return bool(rest) and re.split(r"[\s,]", rest, maxsplit=1)[0].lower() in IMPERATIVE
    return first in IMPERATIVE


def as_we(text: str) -> str:
    """An SOP instruction as what "we" do: "Check the bill" becomes "we check the bill"."""
    turned = to_caller(text).strip()
    first = re.split(r"[\s,]", turned, maxsplit=1)[0].lower()
    if first in IMPERATIVE:
        if first in ("do", "don't", "never"):
            return turned
        return f"we {turned[:1].lower()}{turned[1:]}"
    if first in ("if", "when", "once", "after", "before", "unless"):
        clause, comma, rest = turned.partition(", ")
        if comma and re.split(r"[\s,]", rest, maxsplit=1)[0].lower() in IMPERATIVE:
            rest = f"we {rest}"
        return f"{clause[:1].lower()}{clause[1:]}{comma}{rest}"
    return turned


def in_order(steps: Sequence[str], *, whole: bool = True) -> str:
    """Instructions as connected sentences: first, then, then, and (of the `whole`) finally."""
    said = []
    for index, step in enumerate(steps):
        turned = as_we(step)
        if len(steps) == 1 or not turned.startswith("we "):
            said.append(closed(_upper_first(turned)))
            continue
        link = "First," if index == 0 else "Finally," if whole and index == len(steps) - 1 and index > 1 else "Then"
        said.append(closed(f"{link} {turned}"))
    return " ".join(said)
