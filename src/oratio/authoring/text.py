"""Small pure helpers on text: cleaning, shortening, identifiers."""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import keyword
import re
import unicodedata

_MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,500}\)")
_SPACES = re.compile(r"\s+")
_NOT_IDENTIFIER = re.compile(r"[^a-z0-9]+")
_TRANSLITERATION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l"})
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def one_line(text: str) -> str:
    """The text on one line, without control, invisible, bidirectional or unassigned characters."""
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip()
    visible = "".join(" " if unicodedata.category(char) in _INVISIBLE else char for char in text)
    return _SPACES.sub(" ", visible).strip()


def plain(text: str) -> str:
    """Markdown emphasis, code marks and link targets taken away; one line."""
    return one_line(_MARKUP.sub("", _LINK.sub(r"\1", text)))


def shorten(text: str, width: int) -> str:
    """At most `width` characters, cut at a word where there is one, with `...` when cut."""
    if len(text) <= width:
        return text
    cut = text[: width - 3]
    space = cut.rfind(" ")
    return (cut[:space] if space > width // 2 else cut).rstrip(" ,;:-") + "..."


def squash(text: str) -> str:
    """Only the letters and digits, case folded: what two spellings of the same words share."""
    return "".join(char for char in text.casefold() if char.isalnum())


def identifier(text: str, *, fallback: str, max_words: int = 5, max_length: int = 40) -> str:
    """A snake_case ASCII name made of the text's first words, or `fallback` when none can be made."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_TRANSLITERATION))
    ascii_text = folded.encode("ascii", "ignore").decode()
    words = [word for word in _NOT_IDENTIFIER.split(ascii_text) if word]
    name = "_".join(words[:max_words])[:max_length].strip("_")
    if not name or not name[0].isalpha():
        return f"{fallback}_{name}".strip("_") if name else fallback
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


def sentence(text: str) -> str:
    """The text with a capital first letter and an end mark."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?:。！？…" else text + "."
