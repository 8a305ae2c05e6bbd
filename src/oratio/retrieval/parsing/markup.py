"""Markdown and plain text to blocks: headings, paragraphs, lists, code, tables."""

import re
from collections.abc import Iterator

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.retrieval.parsing.tables import is_rule, row_text, split_row

MAX_HEADING_CHARS = 200

_ATX = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
_SETEXT = re.compile(r"^(={3,}|-{3,}|~{3,}|\^{3,})\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"^\s*([-*+•]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]\[]*)\](\([^()\s]*(?:\s\"[^\"]*\")?\)|\[[^\]]*\])")
_STRONG = re.compile(r"(?<![\w*])(\*{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_UNDERLINE = re.compile(r"(?<!\w)(_{1,2})(?=[^\s_])([^_]*\s[^_]*)(?<=\S)\1(?!\w)")  # never __init__
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s+\S+.*$")
_CODE = re.compile(r"(`+)(.+?)\1")
_TAG = re.compile(
    r"</?(?:br|p|b|i|em|strong|code|sub|sup|div|span|a|kbd|details|summary|img|table|tr|td|th|thead|tbody|ul|ol|li|hr|pre|h[1-6])(?:\s[^<>]*)?/?>",
    re.I,
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


def plain(text: str) -> str:
    """A line of Markdown as a reader sees it: no emphasis marks, link targets or tags."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "`" in text:
        text = _CODE.sub(r"\2", text)
    if "*" in text:
        text = _STRONG.sub(r"\2", text)
    if "_" in text:
        text = _UNDERLINE.sub(r"\2", text)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


class MarkdownReader:
    """Walks the lines of one Markdown or plain text; `blocks` yields what they hold, in order."""

    def __init__(self, text: str, *, marked: bool = True) -> None:
        """`marked` is false for plain text, whose signs are all meant."""
        self._lines = (_COMMENT.sub("", text) if marked else text).expandtabs(4).splitlines()
        self._marked = marked
        self._path: list[tuple[int, str]] = []
        self._paragraph: list[str] = []
        self._at = 0

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if self._marked and (fence := _FENCE.match(line)):
                yield from self._flush()
                yield from self._fenced(fence[1])
            elif self._marked and (heading := _ATX.match(line)):
                yield from self._flush()
                self._enter(len(heading[1]), heading[2])
            elif self._is_table(line):
                yield from self._flush()
                yield from self._table(line)
            elif _SETEXT.match(line) and len(self._paragraph) == 1 and not _ITEM.match(self._paragraph[0]):
                title = self._paragraph.pop()
                self._enter("=-~^".index(line[0]) + 1, title)
            elif not line.strip() or _RULE.match(line) or (self._marked and _REFERENCE.match(line)):
                yield from self._flush()
            else:
                self._paragraph.append(line.rstrip())
        yield from self._flush()

    def _headings(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._path)

    def _plain(self, text: str) -> str:
        return plain(text) if self._marked else text

    def _block(self, text: str, kind: BlockKind) -> Block:
        return Block(text, kind, self._headings())

    def _enter(self, level: int, title: str) -> None:
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        if title := " ".join(self._plain(title).split())[:MAX_HEADING_CHARS]:
            self._path.append((level, title))

    def _flush(self) -> Iterator[Block]:
        """The paragraph gathered so far: list items and `Label:` lines keep their lines, prose is unwrapped."""
        lines, self._paragraph = self._paragraph, []
        if not lines:
            return
        if any(_ITEM.match(line) for line in lines):
            yield self._block("\n".join(map(self._plain, _items(lines))), BlockKind.LINES)
        elif all(line.startswith("    ") for line in lines):
            yield self._block("\n".join(line[4:] for line in lines), BlockKind.LINES)
        else:
            yield self._block(self._plain(" ".join(line.strip().removeprefix("> ") for line in lines)), BlockKind.PROSE)

    def _fenced(self, mark: str) -> Iterator[Block]:
        start = self._at
        while self._at < len(self._lines) and not self._lines[self._at].lstrip().startswith(mark):
            self._at += 1
        yield self._block("\n".join(self._lines[start : self._at]), BlockKind.LINES)
        self._at += 1

    def _is_table(self, line: str) -> bool:
        return "|" in line and self._at < len(self._lines) and is_rule(self._lines[self._at])

    def _table(self, line: str) -> Iterator[Block]:
        header = [plain(cell) for cell in split_row(line)]
        self._at += 1
        rows = []
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            cells = [plain(cell) for cell in split_row(self._lines[self._at])]
            rows.append(row_text(header, cells))
            self._at += 1
        yield self._block("\n".join(filter(None, rows)), BlockKind.ROWS)


def _items(lines: list[str]) -> Iterator[str]:
    """List items, each on one line with its own indent; wrapped lines join the item they continue."""
    item = ""
    for line in lines:
        if _ITEM.match(line):
            if item:
                yield item
            item = line
        else:
            item = f"{item} {line.strip()}" if item else line
    yield item
