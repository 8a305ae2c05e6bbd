"""Markdown as a reader sees it: headings, paragraphs, list items, code and tables, each with its lines.

CommonMark with tables and strike-through, by markdown-it-py. Away from the specification on purpose: emphasis inside a
word is none (`*100*5#` is a code to dial, `__init__` a name), HTML tags are left out, and what a comment says too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

type ElementKind = Literal["heading", "text", "item", "code", "table"]

_BLOCKS = MarkdownIt("commonmark", {"html": False}).enable(["table"]).disable(["inline"])
_INLINE = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough"])
_FRONT = re.compile(r"\A---[ \t]*\n((?:[\w-]+:.*\n|[ \t-].*\n){1,100}?)---[ \t]*(?:\n|\Z)")  # what site makers read
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# Only these: `<order number>` is a placeholder, and said.
_TAG = re.compile(
    r"</?(?:br|p|b|i|u|em|strong|code|sub|sup|div|span|a|kbd|details|summary|img|table|tr|td|th|thead|tbody|ul|ol|li|hr"
    r"|pre|h[1-6])(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_MARKS = frozenset("*_`[]<&\\~")
_NAME = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Element:
    """One piece of the layout.

    Attributes:
        text: Without marks, a line for each of its source; of code, as it is.
        start, end: 1-based lines, inclusive.
        level: Of a heading 1 to 6; of anything else the depth of list nesting, 0 outside lists.
        marker: Of a list item, `-` or `1.`; text without one goes on with the item before it.
        rows: Of a table, its header first.
    """

    kind: ElementKind
    text: str
    start: int
    end: int
    level: int = 0
    marker: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def elements(text: str) -> Iterator[Element]:
    """Yield the elements of a text in order."""
    if front := _FRONT.match(text):
        yield Element("code", front[1].rstrip("\n"), 2, 1 + front[1].count("\n"))
        text = _blank(front) + text[front.end() :]
    environment: dict[str, Any] = {}  # the targets of `[text][name]` links
    tokens = _BLOCKS.parse(_COMMENT.sub(_blank, text), environment)
    depth, marker, at = 0, "", 0
    while at < len(tokens):
        token = tokens[at]
        start, end = (token.map[0] + 1, token.map[1]) if token.map else (0, 0)
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "list_item_open":
                marker = f"{token.info}{token.markup}"
            case "heading_open" if depth == 0:
                said = plain(tokens[at + 1].content, environment=environment)
                yield Element("heading", said, start, end, int(token.tag[1]))
                at += 1
            case "inline":
                said = plain(token.content, "\n", environment)
                yield Element("item" if marker else "text", said, start, end, depth, marker)
                marker = ""
            case "fence" | "code_block":
                yield Element("code", token.content.rstrip("\n"), start, end, depth)
            case "table_open":
                rows, at = _table(tokens, at, environment)
                yield Element("table", "", start, end, depth, rows=rows)
        at += 1


def plain(text: str, line_break: str = " ", environment: dict[str, Any] | None = None) -> str:
    """Return the text of a paragraph or line: no emphasis marks, link targets or tags.

    Args:
        line_break: What a line's end becomes.
        environment: Where link targets were found, for links by name.
    """
    if _MARKS.isdisjoint(text):
        return text if line_break == "\n" else text.replace("\n", line_break)
    parts: list[str] = []
    opened: list[tuple[int, str]] = []  # the place of each open emphasis in `parts`, and its mark
    inner = _children(text, environment)
    for index, token in enumerate(inner):
        if token.type in ("text", "code_inline", "text_special", "image"):
            parts.append(_TAG.sub(" ", token.content) if token.type == "text" else token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(line_break)
        elif token.type in ("em_open", "strong_open"):
            opened.append((len(parts), token.markup))
            parts.append("")
        elif token.type in ("em_close", "strong_close"):
            place, mark = opened.pop()
            if _is_sign(parts, place, mark, inner, index):
                parts[place] = mark
                parts.append(mark)
    return "".join(parts)


def _children(text: str, environment: dict[str, Any] | None) -> Sequence[Token]:
    found = _INLINE.parseInline(text, {} if environment is None else environment)
    return (found[0].children or ()) if found else ()


def _is_sign(parts: Sequence[str], place: int, mark: str, inner: Sequence[Token], index: int) -> bool:
    """Return True if the marks from `place` to the token at `index` are signs: inside a word, or around a name."""
    if place and parts[place - 1][-1:].isalnum():
        return True
    index += 1
    while index < len(inner) and inner[index].type == "text" and not inner[index].content:
        index += 1
    if index < len(inner) and inner[index].type == "text" and inner[index].content[0].isalnum():
        return True
    return mark == "__" and len(parts) - place <= 2 and _NAME.fullmatch("".join(parts[place:])) is not None


def _table(tokens: Sequence[Token], at: int, environment: dict[str, Any]) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Return the rows of the table that opens at `at`, and where it closes."""
    rows: list[list[str]] = []
    while tokens[at].type != "table_close":
        if tokens[at].type == "tr_open":
            rows.append([])
        elif tokens[at].type == "inline":
            rows[-1].append(plain(tokens[at].content, environment=environment))
        at += 1
    return tuple(map(tuple, rows)), at


def _blank(found: re.Match[str]) -> str:
    """Return the line ends of what is left out, so that what follows keeps its line numbers."""
    return "\n" * found[0].count("\n")
