"""Facts that an act asks for: lists of nouns, indirect questions and the operator's own questions."""

# ruff: noqa: RUF001 - it reads typographic quotation marks

import re

from oratio.authoring.procedures.factbook import FactBook, type_of
from oratio.authoring.procedures.grammar import grammar_of
from oratio.authoring.procedures.layout.numbers import quantities
from oratio.authoring.procedures.layout.words import content, tokens
from oratio.domain.procedures.facts import FactType

MAX_FACTS = 12
_LIST = re.compile(r"\s*[,;/+&]\s*(?![^(]*\))")
_PAREN = re.compile(r"\s*\(([^()]*)\)")
_RELATIVE = re.compile(
    r",\s+(?:which|that|who|die|der|das|que|qui|welche\w*)\s+(?=\w)|\s+(?:which|that)\s+(?=\w)", re.IGNORECASE
)
_HIDDEN = re.compile(r"\ue002(\d+)\ue003")
_QUOTES = re.compile(r"[\"“„«'‘]([^\"“”„«»'’]{1,80})[\"”“»'’]")


def ask_nouns(what: str, tag: str, book: FactBook, lines: tuple[int, ...], *, asked: bool = True) -> list[str]:
    """Return the facts of a list such as `first name, last name, insurance (y/n)`."""
    grammar = grammar_of(tag)
    if re.match(rf"(?:\w+ )?{grammar.wh}", what.strip(), re.IGNORECASE):
        return ask_wh(what, tag, book, lines)
    head, hint = _head(what, tag)
    asides: list[str] = []
    head = _PAREN.sub(lambda match: asides.append(match[1]) or f" \ue002{len(asides) - 1}\ue003", head)  # type: ignore[func-returns-value]
    if choices := _choices_after_colon(head, tag):
        label, values = choices
        name = book.add(_bare(label, tag), tag, lines, asked=asked)
        for value in values:
            book.choice(name, value)
        return [name]
    joints = rf"(?:{grammar.conjunctions}|{grammar.disjunctions})"
    found: list[str] = []
    for piece in _LIST.split(head):
        for raw in re.split(joints, piece, flags=re.IGNORECASE):
            part = _HIDDEN.sub(lambda match: f" ({asides[int(match[1])]})", raw)
            if re.match(grammar.wh, part.strip(), re.IGNORECASE):
                found += ask_wh(part.strip(), tag, book, lines)
                continue
            aside = _PAREN.search(part)
            label = _bare(_PAREN.sub("", part), tag)
            if (not content(label, tag) and not label) or len(label.split()) > 8 or not any(map(str.isalpha, label)):
                continue
            name = book.add(label, tag, lines, asked=asked, type=_typed_aside(aside[1] if aside else "", label, tag))
            if aside:
                _aside(name, aside[1], tag, book)
            found.append(name)
    found = list(dict.fromkeys(found))[:MAX_FACTS]
    if hint and found:
        read_form(hint, found[-1], tag, book)
    return found


def _typed_aside(aside: str, label: str, tag: str) -> FactType | None:
    if re.fullmatch(r"\s*(?:y/n|yes/no|ja/nein|j/n|sí/no|s/n|oui/non|o/n)\s*", aside, re.IGNORECASE):
        return FactType.BOOLEAN
    if re.search(r"\b(?:mm|dd|tt|jj|aaaa|yyyy|jjjj)\b", aside, re.IGNORECASE):
        return FactType.DATE
    kind = type_of(label, tag)
    return None if kind is FactType.TEXT else kind


def _aside(name: str, aside: str, tag: str, book: FactBook) -> None:
    """`(either 'a' or 'b')` gives choices; anything else is a hint."""
    values = _QUOTES.findall(aside)
    if len(values) > 1:
        for value in values:
            book.choice(name, value)
    elif book[name].type is not FactType.BOOLEAN:
        read_form(aside, name, tag, book)


def read_form(text: str, name: str, tag: str, book: FactBook) -> bool:
    """Read what a text says on the form of a fact; return False if it says nothing of it."""
    grammar = grammar_of(tag)
    start = re.search(grammar.form_starts, text, re.IGNORECASE) if grammar.form_starts else None
    prefix = start["what"] if (start and start["what"].isupper()) or (start and start["what"].isdigit()) else ""
    numbers = quantities(text, tag)
    length = None
    for number in numbers:
        after = text[number.end :].strip()
        if re.match(grammar.form_units, after, re.IGNORECASE):
            length = int(number.value)
    if not prefix and length is None:
        if text and not book[name].hint:
            book.update(name, hint=text.strip(" .,"))
        return False
    digits = rf"\d{{{length}}}" if length else r"\w+"
    pattern = rf"{prefix}[ -]?{digits}" if prefix else digits
    book.update(name, pattern=pattern, hint=text.strip(" .,"), type=FactType.IDENTIFIER)
    return True


def ask_wh(what: str, tag: str, book: FactBook, lines: tuple[int, ...]) -> list[str]:
    """Return the facts of an indirect question, two if two are joined: `where you are and which bicycle it is`."""
    grammar = grammar_of(tag)
    parts = re.split(
        rf"\s*,?\s*{grammar.conjunctions}\s+(?=(?:\w+\s+)?{grammar.wh})|\s*,\s*(?={grammar.wh})",
        what,
        flags=re.IGNORECASE,
    )
    found = []
    for part in parts:
        if not re.search(grammar.wh, part, re.IGNORECASE):
            found += ask_nouns(part, tag, book, lines)
            continue
        clause, values = part.strip(" .?"), list[str]()
        if choices := _choices_after_colon(clause, tag):
            clause, values = choices
        spoken = second_person(clause, tag)
        kind = FactType.CHOICE if values else type_of(clause, tag)
        label = _label_of(clause, tag)
        shown = label if values or re.search(grammar.quantity, clause, re.IGNORECASE) else clause
        name = book.add(shown, tag, lines, words=clause, type=kind, asks=spoken, named=label)
        for value in values:
            book.choice(name, value)
        found.append(name)
    return found


def ask_whether(what: str, tag: str, book: FactBook, lines: tuple[int, ...]) -> list[str]:
    """Return the fact of `whether` with a clause."""
    clause = second_person(what.strip(" .?"), tag)
    if either := _either(what.strip(" .?"), tag):
        name = book.add(what.strip(" .?"), tag, lines, type=FactType.CHOICE, whether=clause)
        for value in either:
            book.choice(name, value)
        return [name]
    return [book.add(what.strip(" .?"), tag, lines, type=FactType.BOOLEAN, whether=clause)]


def ask_question(question: str, tag: str, book: FactBook, lines: tuple[int, ...]) -> list[str]:
    """Return the fact of the operator's own question."""
    grammar = grammar_of(tag)
    text = question.strip(" \"“”„«»'‘’")
    text = text[0].upper() + text[1:] if text else text
    body = text.rstrip("?").strip("¿ ")
    closed = re.match(grammar.aux, body, re.IGNORECASE) is not None
    label = re.sub(rf"^(?:{grammar.aux})\s+", "", body, flags=re.IGNORECASE) if closed else _label_of(body, tag)
    either = _either(body, tag) if closed else None
    kind = FactType.CHOICE if either else FactType.BOOLEAN if closed else type_of(body, tag)
    name = book.add(label if closed else body, tag, lines, words=body, type=kind, question=text, named=label)
    for value in either or ():
        book.choice(name, value)
    return [name]


def _either(body: str, tag: str) -> list[str] | None:
    """The two values of `is it the upper or the lower jaw`."""
    grammar = grammar_of(tag)
    parts = re.split(grammar.disjunctions, body, flags=re.IGNORECASE)
    if len(parts) != 2 or len(parts[1].split()) > 3 or "," in body or not content(parts[1], tag):
        return None
    size = len(parts[1].split())
    before = parts[0].split()[-size:]
    return [_bare(" ".join(before), tag), _bare(parts[1], tag)] if before else None


def second_person(clause: str, tag: str) -> str:
    """Return a clause about the caller as it is said to the caller."""
    for pattern, said in grammar_of(tag).second_person:
        clause = re.sub(pattern, said, clause, flags=re.IGNORECASE)
    return " ".join(clause.split())


def _head(what: str, tag: str) -> tuple[str, str]:
    """A noun list and the relative clause after it."""
    what = what.strip(" .")
    grammar = grammar_of(tag)
    hint = ""
    if relative := _RELATIVE.search(what):
        what, hint = what[: relative.start()], what[relative.end() :]
    cut = re.search(rf"(?:,\s+|\s+)(?:{grammar.cuts})\b", what, re.IGNORECASE)
    if cut and cut.start() > 2:
        what = what[: cut.start()]
    return what, hint


def _choices_after_colon(text: str, tag: str) -> tuple[str, list[str]] | None:
    """`which bread: rye or wheat`."""
    head, colon, tail = text.partition(":")
    if not colon or not tail.strip():
        return None
    grammar = grammar_of(tag)
    if not re.search(grammar.disjunctions, tail, re.IGNORECASE):
        return None
    values = [piece for part in tail.split(",") for piece in re.split(grammar.disjunctions, part, flags=re.IGNORECASE)]
    values = [_bare(value, tag) for value in values if value.strip(" .")]
    return (
        (head.strip(), values) if 1 < len(values) <= 10 and all(len(value.split()) <= 8 for value in values) else None
    )


def _bare(label: str, tag: str) -> str:
    """A noun phrase without articles and possessives in front."""
    label = label.strip(' .,:;!?"“”„«»')
    grammar = grammar_of(tag)
    for _ in range(4):
        shorter = re.sub(
            rf"^(?:{grammar.articles}|(?:{grammar.possessors}))", "", label + " ", flags=re.IGNORECASE
        ).strip()
        if shorter == label or not shorter:
            break
        label = shorter
    return label


def _label_of(clause: str, tag: str) -> str:
    """The noun phrase of an indirect question: `how many sandwiches you want` gives `number of sandwiches`."""
    grammar = grammar_of(tag)
    if grammar.quantity and (found := re.search(grammar.quantity, clause, re.IGNORECASE)):
        return grammar.number_of.format(found["noun"])
    words = re.sub(grammar.wh, " ", clause, flags=re.IGNORECASE)
    kept = [word for word in words.split() if content(word, tag)]
    return " ".join(kept[:5]).strip(" ,.?:") or " ".join(tokens(clause)[:5])
