"""The layout of a text: headings, list items, table rows and sentences, each with its line span.

Total and linear: any text gives units, and every line that holds a letter or digit is inside one. Patterns
run on one line or one sentence at a time, and each repeats over a bounded count or over disjoint classes.
"""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from oratio.authoring.text import plain
from oratio.text.sentences import spans

MAX_UNIT_CHARS = 1_000

_NEWLINE = re.compile(r"\r\n|\r|\n")
_ATX = re.compile(r"(#{1,6})(?:[ \t]+|$)(.*)")
_SETEXT = re.compile(r"(?:=+|-{2,})[ \t]*")
_RULE = re.compile(r"(?:[-*_=~+#][ \t]*){3,}")
_FENCE = re.compile(r"(?:```|~~~)")
_BULLET = re.compile(r"(?:[-*+•‣◦▪–—]|\[[ xX]\]|☐|☑|✓)[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_NUMBER = re.compile(
    r"(?:\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z])[.)]|\d{1,3}(?:\.\d{1,3}){1,4}"
    r"|(?:[Ss]tep|STEP|[Ss]chritt|SCHRITT|[Pp]aso|[Éé]tape|[Pp]asso|[Ss]tap)[ \t]+\d{1,3}[.:)]?)[ \t]+(.*)"
)
_BOLD_LINE = re.compile(r"\*\*([^*]{1,80})\*\*:?|__([^_]{1,80})__:?")
_LEADS_IN = re.compile(
    r"\b(?:should|must|can|may|need|when|if|never|always|not|don['’]t|follow\w*|steps?|these|ask|collect|gather|get|obtain|"
    r"transfer|escalate|confirm|verify|check|record|say|wenn|nie\w*|fragen|erfassen)\b",
    re.IGNORECASE,
)
_LABELS_THAT_LEAD_IN = frozenset(
    {"important", "note", "notes", "warning", "example", "examples", "hinweis", "wichtig", "achtung", "attention"}
    | {"nota", "importante"}
)


@dataclass(frozen=True, slots=True)
class LayoutUnit:
    """One piece of the layout.

    Attributes:
        text: Without markdown marks, on one line, at most 1,000 characters.
        start, end: 1-based lines, inclusive.
        level: Of a heading 1 to 6; of anything else the depth of list nesting, 0 outside lists.
        block: Units of one paragraph or one list item share it.
        leads_in: Ends in a colon: the list or text after it belongs to it.
        header: Of a table row, the table's header cells.
    """

    kind: Literal["heading", "item", "sentence", "row"]
    text: str
    start: int
    end: int
    level: int = 0
    ordered: bool = False
    block: int = 0
    leads_in: bool = False
    header: tuple[str, ...] = ()


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


def split_lines(text: str) -> list[str]:
    """Lines as an editor counts them: CR, LF and CRLF end one."""
    return _NEWLINE.split(text)


def layout(text: str) -> list[LayoutUnit]:
    """Every unit of the text, in order."""
    return _Layout([_measured(number, raw) for number, raw in enumerate(split_lines(text), 1)]).units()


def _measured(number: int, raw: str) -> _Line:
    body = raw.strip().removeprefix("\ufeff")
    indent = sum(4 if char == "\t" else 1 for char in raw[: len(raw) - len(raw.lstrip())])
    return _Line(number, indent, body.lstrip("> \t") if body.startswith(">") else body)


class _Layout:
    """One pass over the lines."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._units: list[LayoutUnit] = []
        self._indents: list[int] = []  # of the open list items, outermost first
        self._heading_level = 0  # of the last marked heading: unmarked ones go one below it
        self._block = 0

    def units(self) -> list[LayoutUnit]:
        at = 0
        while at < len(self._lines):
            at = self._block_at(at)
        return self._units

    def _block_at(self, at: int) -> int:
        """Read the block that starts at line index `at`; return the index after it."""
        line = self._lines[at]
        if not line.text or (_RULE.fullmatch(line.text) and not line.text.strip("-*_=~+# \t")):
            return at + 1
        if _FENCE.match(line.text):
            return self._fenced(at)
        if heading := _ATX.fullmatch(line.text):
            self._heading_level = len(heading[1])
            return self._heading(heading[2].rstrip("# \t"), at, at, self._heading_level)
        if self._is_setext(at):
            self._heading_level = 1 if self._lines[at + 1].text[0] == "=" else 2
            return self._heading(line.text, at, at + 1, self._heading_level)
        if line.text.startswith("|") and line.text.count("|") >= 2:
            return self._table(at)
        if marker := _BULLET.fullmatch(line.text) or _NUMBER.fullmatch(line.text):
            ordered = marker.re is _NUMBER
            if ordered and self._is_numbered_heading(at, marker[1]):
                return self._heading(line.text, at, at, min(self._heading_level + 1, 6))
            return self._item(at, marker[1], ordered)
        if title := self._unmarked_heading(at):
            return self._heading(title, at, at, min(self._heading_level + 1, 6))
        return self._paragraph(at)

    def _heading(self, text: str, first: int, last: int, level: int) -> int:
        title = plain(text).strip(" :")
        self._indents.clear()
        if title:
            self._block += 1
            numbers = self._lines[first].number, self._lines[last].number
            self._units.append(LayoutUnit("heading", title[:200], *numbers, level, block=self._block))
        return last + 1

    def _is_setext(self, at: int) -> bool:
        if at + 1 >= len(self._lines) or len(self._lines[at].text) > 100:
            return False
        plain_text = not (_BULLET.match(self._lines[at].text) or self._lines[at].text.startswith("|"))
        alone = at == 0 or not self._lines[at - 1].text
        return plain_text and alone and _SETEXT.fullmatch(self._lines[at + 1].text) is not None

    def _is_numbered_heading(self, at: int, text: str) -> bool:
        """`1. Opening the call`, short and unpunctuated, with indented or unnumbered text below it."""
        if self._lines[at].indent or len(text.split()) > 6 or not text[:1].isupper() or text[-1] in ".,;:!?":
            return False
        below = next((line for line in self._lines[at + 1 : at + 3] if line.text), None)
        if below is None or _NUMBER.fullmatch(below.text):
            return below is not None and below.indent > 1
        return below.indent > 1 or not self._lines[at + 1].text

    def _unmarked_heading(self, at: int) -> str:
        """The title when a line without a mark is as a heading, else an empty string."""
        text = self._lines[at].text
        if len(text) > 80 or (at and self._lines[at - 1].text and not _SETEXT.fullmatch(self._lines[at - 1].text)):
            return ""
        if bold := _BOLD_LINE.fullmatch(text):
            return bold[1] or bold[2]
        words = text.rstrip(":").split()
        if sum(map(str.isalpha, text)) > 3 and text.isupper() and len(words) <= 8 and text[-1] not in ".!?":
            return text
        after = self._lines[at + 1].text if at + 1 < len(self._lines) else ""
        if text.endswith(":"):
            first = words[0].lower() if words else ""
            labels = first not in _LABELS_THAT_LEAD_IN and not _LEADS_IN.search(text)
            return text if len(words) <= 4 and labels and after else ""
        apart = not after or _BULLET.match(after) or _NUMBER.match(after)
        starts_well = text[0].isupper() and len(words) <= 6
        followed = any(line.text for line in self._lines[at + 1 : at + 3])
        return text if apart and starts_well and followed and text[-1] not in ".,;!?…。！？" else ""

    def _fenced(self, at: int) -> int:
        """A fenced block's lines as they are, one unit a line."""
        self._block += 1
        at += 1
        while at < len(self._lines) and not _FENCE.match(self._lines[at].text):
            self._sentences([self._lines[at]], "sentence")
            at += 1
        return at + 1

    def _table(self, at: int) -> int:
        header: tuple[str, ...] = ()
        start = 0  # line of a header that no row has taken into its span yet
        while at < len(self._lines) and self._lines[at].text.startswith("|"):
            line = self._lines[at]
            cells = tuple(plain(cell) for cell in line.text.strip("|").split("|"))
            below = self._lines[at + 1].text if at + 1 < len(self._lines) else ""
            divider = below.startswith("|") and "-" in below and not below.strip("|-: \t")
            rows = at + 2 < len(self._lines) and self._lines[at + 2].text.startswith("|")
            self._block += 1
            if not header and divider and rows and self._lines[at + 2].text.strip("|-: \t"):
                header, start = cells, line.number
            elif line.text.strip("|-: \t"):
                row = ": ".join(filter(None, (cells[0], "; ".join(filter(None, cells[1:])))))
                for piece in _pieces(row):
                    first = start or line.number
                    self._units.append(LayoutUnit("row", piece, first, line.number, block=self._block, header=header))
                start = 0
            at += 1
        return at

    def _item(self, at: int, text: str, ordered: bool) -> int:
        first = self._lines[at]
        while self._indents and self._indents[-1] >= first.indent:
            self._indents.pop()
        self._indents.append(first.indent)
        lines, at = self._continued(at, first._replace(text=text))
        self._block += 1
        self._sentences(lines, "item", level=len(self._indents), ordered=ordered)
        return at

    def _paragraph(self, at: int) -> int:
        line = self._lines[at]
        while self._indents and self._indents[-1] >= line.indent:
            self._indents.pop()
        lines, at = self._continued(at, line)
        self._block += 1
        self._sentences(lines, "sentence", level=len(self._indents))
        return at

    def _continued(self, at: int, first: _Line) -> tuple[list[_Line], int]:
        """The first line and those that go on with it, up to a blank line or the start of something else."""
        lines = [first]
        at += 1
        while at < len(self._lines):
            line = self._lines[at]
            starts = not line.text or _ATX.fullmatch(line.text) or _FENCE.match(line.text) or line.text.startswith("|")
            if starts or _BULLET.fullmatch(line.text) or _NUMBER.fullmatch(line.text) or _RULE.fullmatch(line.text):
                break
            lines.append(line)
            at += 1
        return lines, at

    def _sentences(
        self, lines: list[_Line], kind: Literal["item", "sentence"], *, level: int = 0, ordered: bool = False
    ) -> None:
        for text, start, end in sentences([(line.number, line.text) for line in lines]):
            ends_in_colon = text.endswith((":", "：")) and len(text) <= 300
            self._units.append(LayoutUnit(kind, text, start, end, level, ordered, self._block, ends_in_colon))


def sentences(lines: list[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
    """The sentences of consecutive lines: text, first and last line."""
    joined = " ".join(text for _, text in lines)
    starts, offset = [], 0
    for number, text in lines:
        starts.append((offset, number))
        offset += len(text) + 1
    row = 0
    for begin, end in spans(joined):
        while row + 1 < len(starts) and starts[row + 1][0] <= begin:
            row += 1
        first = row
        while row + 1 < len(starts) and starts[row + 1][0] < end:
            row += 1
        text = plain(joined[begin:end])
        if any(map(str.isalnum, text)):
            for piece in _pieces(text):
                yield piece, starts[first][1], starts[row][1]


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most `MAX_UNIT_CHARS`, cut at spaces where there are any."""
    while len(text) > MAX_UNIT_CHARS:
        cut = text.rfind(" ", MAX_UNIT_CHARS // 2, MAX_UNIT_CHARS)
        cut = cut if cut > 0 else MAX_UNIT_CHARS
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text
