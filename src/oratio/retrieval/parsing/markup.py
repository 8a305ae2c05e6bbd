"""Markdown and plain text to blocks: headings, paragraphs, lists, code, tables."""

import re
from collections.abc import Iterator

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.retrieval.parsing.tables import is_rule, row_text, split_row

MAX_HEADING_CHARS = 200

_RULE = re.compile(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
_SETEXT = re.compile(r"^(={3,}|-{3,}|~{3,}|\^{3,})\s*$")
# Also what Markdown does not call a list: `•` and letters.
_ITEM = re.compile(r"^\s*([-*+•]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")


class _Headings:
    """The headings above a place in a document."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        if title := " ".join(title.split())[:MAX_HEADING_CHARS]:
            self._path.append((level, title))

    def titles(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._path)


def markdown_blocks(text: str) -> Iterator[Block]:
    """Yield what a Markdown text holds, in order: a list with all below it is one block, each item a line."""
    from oratio.text.markdown import elements  # here and not above: most formats do without it, and it takes 50 ms

    headings = _Headings()
    listed: list[str] = []
    for element in elements(text):
        if element.level and element.kind in ("item", "text", "code"):
            listed += _listed(element.text, element.level, element.marker)
            continue
        if listed:
            yield Block("\n".join(listed), BlockKind.LINES, headings.titles())
            listed = []
        if element.kind == "heading":
            headings.enter(element.level, element.text)
        elif element.kind == "code":
            yield Block(element.text, BlockKind.LINES, headings.titles())
        elif element.kind == "table":
            header, *rows = element.rows
            yield Block(
                "\n".join(filter(None, (row_text(header, row) for row in rows))), BlockKind.ROWS, headings.titles()
            )
        else:
            yield _paragraph(element.text.split("\n"), headings.titles())
    if listed:
        yield Block("\n".join(listed), BlockKind.LINES, headings.titles())


def _listed(text: str, level: int, marker: str) -> list[str]:
    """Return an item as one line with its indent; what goes on in it is indented below it, code line by line."""
    indent = "  " * (level - 1)
    if marker:
        return [f"{indent}{marker} {' '.join(text.split())}"]
    return [f"{indent}  {line}" for line in text.split("\n") if line.strip()]


def _paragraph(lines: list[str], headings: tuple[str, ...]) -> Block:
    if any(_ITEM.match(line) for line in lines):
        return Block("\n".join(_items(lines)), BlockKind.LINES, headings)
    return Block(" ".join(line.strip() for line in lines), BlockKind.PROSE, headings)


def _items(lines: list[str]) -> Iterator[str]:
    """Yield list items, each on one line with its own indent; wrapped lines join the item they continue."""
    item = ""
    for line in lines:
        if _ITEM.match(line):
            if item:
                yield item
            item = line
        else:
            item = f"{item} {line.strip()}" if item else line
    yield item


class PlainTextReader:
    """Walker over the lines of a plain text, whose signs are all meant; `blocks` yields what they hold, in order."""

    def __init__(self, text: str) -> None:
        self._lines = text.expandtabs(4).splitlines()
        self._headings = _Headings()
        self._gathered: list[str] = []
        self._at = 0

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if "|" in line and self._at < len(self._lines) and is_rule(self._lines[self._at]):
                yield from self._flush()
                yield self._table(line)
            elif _SETEXT.match(line) and len(self._gathered) == 1 and not _ITEM.match(self._gathered[0]):
                self._headings.enter("=-~^".index(line[0]) + 1, self._gathered.pop())
            elif not line.strip() or _RULE.match(line):
                yield from self._flush()
            else:
                self._gathered.append(line.rstrip())
        yield from self._flush()

    def _flush(self) -> Iterator[Block]:
        """Yield the lines gathered so far: list items and indented lines keep theirs, prose is unwrapped."""
        lines, self._gathered = self._gathered, []
        if lines and all(line.startswith("    ") for line in lines) and not any(map(_ITEM.match, lines)):
            yield Block("\n".join(line[4:] for line in lines), BlockKind.LINES, self._headings.titles())
        elif lines:
            yield _paragraph([line.removeprefix("> ") for line in lines], self._headings.titles())

    def _table(self, line: str) -> Block:
        header = split_row(line)
        self._at += 1
        rows = []
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            rows.append(row_text(header, split_row(self._lines[self._at])))
            self._at += 1
        return Block("\n".join(filter(None, rows)), BlockKind.ROWS, self._headings.titles())
