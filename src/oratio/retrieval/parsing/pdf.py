"""PDF pages to blocks: running text with headings from font sizes, and flow charts from their drawing."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.retrieval.parsing.flowchart import chart_blocks

MAX_PAGES = 5_000
MAX_HEADING_WORDS = 14
HEADING_RATIO = 1.12  # of the body's font size
PARAGRAPH_GAP = 1.6  # of the usual distance of two lines
REPEATED_SHARE = 0.5  # a line on so many of the pages is a running header or footer

_NUMBER = re.compile(
    r"^(?:chapter\s+|section\s+|appendix\s+)?(\d{1,2}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+)[.:)]?\s+\S", re.I
)
_ITEM = re.compile(r"^\s*([-*•‣◦▪]|\d{1,3}[.)]|[a-z][.)])\s+")
_CONTENTS = re.compile(r"(\s?\.){4,}\s*\d*$")
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


class PasswordNeeded(Exception):
    """The document opens only with a password."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of text; `top` in points from the page's upper edge."""

    text: str
    page: int
    size: float
    top: float
    bold: bool


def pdf_blocks(data: bytes) -> Iterator[Block]:
    """Blocks in reading order, each with its page.

    Raises:
        PasswordNeeded: It is encrypted.
        pypdfium2.PdfiumError: It is not a PDF that can be read.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR or "password" in str(error).lower():
            raise PasswordNeeded from None
        raise
    lines: list[_Line] = []
    for number in range(1, min(len(document), MAX_PAGES) + 1):
        page = document[number - 1]
        text_page = page.get_textpage()
        chart = list(chart_blocks(page, text_page, number))
        if chart:
            yield from _running_text(lines)
            lines = []
            yield from chart
        else:
            lines.extend(_lines(text_page, number, page.get_height()))
        text_page.close()
        page.close()
    yield from _running_text(lines)


def _lines(text_page: pypdfium2.PdfTextPage, number: int, height: float) -> Iterator[_Line]:
    count = text_page.count_chars()
    if count <= 0:
        return
    text = text_page.get_text_range()
    at = 0
    for raw in text.split("\n"):
        line = raw.strip("\r")
        stripped = line.strip()
        if stripped:
            index = min(at + len(line) - len(line.lstrip()), count - 1)
            _, _, _, top = text_page.get_charbox(index)
            size = round(pdfium.FPDFText_GetFontSize(text_page, index), 1)
            bold = pdfium.FPDFText_GetFontWeight(text_page, index) >= 500
            yield _Line(stripped, number, size, round(height - top, 1), bold)
        at += len(raw) + 1


def _running_text(lines: list[_Line]) -> Iterator[Block]:
    """Headings, paragraphs and lists of pages that hold running text."""
    lines = [line for line in _without_running_headers(lines) if not _CONTENTS.search(line.text)]
    if not lines:
        return
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0]
    ranks = {
        size: rank for rank, size in enumerate(sorted((s for s in sizes if s > body * HEADING_RATIO), reverse=True))
    }
    gap = _usual_gap(lines)
    path: list[tuple[int, str]] = []
    for paragraph in _paragraphs(lines, body, gap):
        head = paragraph[0]
        if _is_heading(head, body) and len(paragraph) <= 2:
            title = _joined(paragraph)
            number = _NUMBER.match(title)
            level = 10 + number[1].count(".") if number else ranks.get(head.size, 40)
            while path and path[-1][0] >= level:
                path.pop()
            path.append((level, title))
            continue
        headings = tuple(title for _, title in path)
        if any(_ITEM.match(line.text) for line in paragraph):
            yield Block("\n".join(_items(paragraph)), BlockKind.LINES, headings, head.page)
        else:
            yield Block(_joined(paragraph), BlockKind.PROSE, headings, head.page)


def _is_heading(line: _Line, body: float) -> bool:
    words = line.text.split()
    if len(words) > MAX_HEADING_WORDS or line.text.endswith((".", ",", ";")) or not any(map(str.isalpha, line.text)):
        return False
    return line.size > body * HEADING_RATIO or (
        line.bold and line.size >= body and _NUMBER.match(line.text) is not None
    )


def _without_running_headers(lines: list[_Line]) -> list[_Line]:
    pages = {line.page for line in lines}
    if len(pages) < 4:
        return lines
    edges: set[int] = set()
    for _, group in groupby(lines, key=lambda line: line.page):
        on_page = list(group)
        edges.update(map(id, on_page[:2] + on_page[-2:]))
    seen = Counter(_shape(line.text) for line in lines if id(line) in edges)
    return [
        line
        for line in lines
        if id(line) not in edges or (seen[_shape(line.text)] < len(pages) * REPEATED_SHARE and not line.text.isdigit())
    ]


def _shape(text: str) -> str:
    return re.sub(r"[\divxlc]+\b", "#", text.lower())


def _usual_gap(lines: list[_Line]) -> float:
    gaps = Counter(
        round(below.top - above.top)
        for above, below in pairwise(lines)
        if above.page == below.page and 0 < below.top - above.top < 60
    )
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


def _paragraphs(lines: list[_Line], body: float, gap: float) -> Iterator[list[_Line]]:
    """Lines that belong together: cut at wider gaps, changes of size, and headings; joined over page breaks."""
    paragraph: list[_Line] = []
    for line in lines:
        if paragraph and _breaks(paragraph[-1], line, body, gap):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _breaks(above: _Line, line: _Line, body: float, gap: float) -> bool:
    if _is_heading(line, body) != _is_heading(above, body) or abs(line.size - above.size) > body * 0.3:
        return True
    if line.page != above.page:
        return above.text.endswith((".", ":", "?", "!")) or not line.text[:1].islower()
    distance = line.top - above.top
    return distance < -gap or distance > gap * PARAGRAPH_GAP


def _joined(paragraph: list[_Line]) -> str:
    """The lines as one text; words cut at a line's end are whole again."""
    text = ""
    for line in paragraph:
        if text.endswith(("\ufffe", "\x02", "\u00ad")):
            text = text[:-1] + line.text
        else:
            text = f"{text} {line.text}" if text else line.text
    return text.replace("\ufffe", "").replace("\x02", "")


def _items(paragraph: list[_Line]) -> Iterator[str]:
    item: list[_Line] = []
    for line in paragraph:
        if item and _ITEM.match(line.text):
            yield _joined(item)
            item = []
        item.append(line)
    yield _joined(item)
