"""Document reader of the compiler: sections, items, paragraphs, tables and charts of an SOP, with lines.

Total and linear: any text gives a `SopDocument`, and each line that holds a letter or digit belongs to a node or is
listed as structure.
"""

# ruff: noqa: RUF001 - it reads the quotation marks and dashes of several languages

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from oratio.authoring.blocks import sentences, split_lines
from oratio.authoring.procedures.layout.marks import (
    ATX,
    BOLD_LINE,
    BULLET,
    CHART,
    FENCE,
    NUMBER,
    NUMBERED_CAPS,
    RULE,
    SETEXT,
    STEP,
    key_of,
    without_marks,
)
from oratio.authoring.text import plain

type Kind = Literal["item", "paragraph", "table", "chart", "dialogue"]
_SPEAKER = re.compile(r"^\W{0,3}([A-ZÀ-Þ][\w ]{0,24}):\s+\S")
_AFTER_NUMBER = re.compile(r"(?<=\d\.)\s+(?=[A-ZÀ-Þ¿¡][^.)])")  # `go to step 1. If ...`: the number ends a sentence
_PAGE = re.compile(r"^(?:(?:page|seite|página|pagina)\s+)?\d+\s*(?:of|von|de|sur|/)\s*\d+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its lines."""

    text: str
    start: int
    end: int

    @property
    def lines(self) -> tuple[int, ...]:
        """Numbers of its lines."""
        return tuple(range(self.start, self.end + 1))


@dataclass(slots=True)
class Node:
    """One block of a document.

    Attributes:
        key: What a jump calls it (`3`, `1.1`, `a`), empty for a bullet.
        ordered: It carries a number or letter.
        rows: Of a table, header first: the line and the cells.
        source: Of a chart or dialogue, its raw lines with their numbers.
    """

    kind: Kind
    sentences: list[Sentence] = field(default_factory=list)
    key: str = ""
    ordered: bool = False
    indent: int = 0
    children: list["Node"] = field(default_factory=list)
    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    source: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its own sentences on one line."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(slots=True)
class Section:
    """A heading with what is below it; the first section of a document has no heading."""

    title: str = ""
    level: int = 0
    line: int = 0
    key: str = ""
    nodes: list[Node] = field(default_factory=list)
    sections: list["Section"] = field(default_factory=list)


@dataclass(slots=True)
class SopDocument:
    """A whole SOP.

    Attributes:
        structure: Lines that carry no words of their own: front matter, running heads, struck-out text, comments.
        content: Lines that hold a letter or digit.
    """

    root: Section
    structure: dict[int, str]
    content: frozenset[int]


def read_document(text: str) -> SopDocument:
    """Read an SOP of any shape."""
    return _Reader(text).read()


class _Reader:
    """One pass over the lines."""

    def __init__(self, text: str) -> None:
        raw = split_lines(text)
        self._raw = raw
        self._structure: dict[int, str] = {}
        self._text = self._cleaned(raw)
        self._root = Section()
        self._path = [self._root]
        self._open: list[Node] = []  # list items that may take children, outermost first
        self._lead: Node | None = None  # a paragraph that ends in a colon

    def read(self) -> SopDocument:
        at = 0
        while at < len(self._text):
            at = self._block(at)
        content = frozenset(n for n, line in enumerate(self._raw, 1) if any(map(str.isalnum, line)))
        return SopDocument(self._root, self._structure, content)

    def _cleaned(self, raw: list[str]) -> list[str]:
        """The lines without front matter, comments, running heads and struck-out text."""
        lines = [line.expandtabs(4).replace("\ufeff", "") for line in raw]
        if lines and lines[0].strip() == "---" and (end := _closing(lines, "---", 1)) is not None:
            self._strike(lines, range(end + 1), "front matter")
        comment = False
        for number, line in enumerate(lines):
            comment = comment or "<!--" in line
            if comment:
                self._strike(lines, [number], "comment")
                comment = "-->" not in line
        counts: dict[str, int] = {}
        for line in lines:
            counts[line.strip()] = counts.get(line.strip(), 0) + 1
        for number, line in enumerate(lines):
            bare = line.strip()
            repeated = counts[bare] >= 3 and len(bare) > 3 and not BULLET.match(bare) and not bare.startswith("|")
            if _PAGE.match(bare) or (repeated and not re.search(r"[.!?:)]$", bare) and self._alone(lines, number)):
                self._strike(lines, [number], "running head")
            elif "~~" in line:
                lines[number] = re.sub(r"~~[^~]*~~", "", line)
                if not any(map(str.isalnum, lines[number])):
                    self._structure[number + 1], lines[number] = "struck out", ""
        for number, line in enumerate(lines):
            if re.fullmatch(r"\W*(?:\[!\w+\]|</?\w+[^>]*>)\W*", line.strip()) and any(map(str.isalnum, line)):
                self._structure[number + 1] = "mark"
        return [re.sub(r"</?(?:details|summary|aside|br|p|b|i|div|span)\b[^>]*>", " ", line) for line in lines]

    @staticmethod
    def _alone(lines: list[str], number: int) -> bool:
        return number == 0 or not lines[number - 1].strip() or number + 1 == len(lines) or not lines[number + 1].strip()

    def _strike(self, lines: list[str], numbers: "range | list[int]", reason: str) -> None:
        for number in numbers:
            if any(map(str.isalnum, lines[number])):
                self._structure[number + 1] = reason
            lines[number] = ""

    def _block(self, at: int) -> int:
        text = self._text[at].strip()
        if text.startswith(">"):
            text = re.sub(r"^(?:>\s*)+(?:\[!\w+\]\s*)?", "", text)
        if not text or RULE.fullmatch(text):
            return at + 1
        if FENCE.match(text):
            return self._fenced(at, chart="mermaid" in text.lower())
        if CHART.match(text):
            return self._chart(at, self._end_of_chart(at))
        if heading := ATX.fullmatch(text):
            return self._heading(heading[2], len(heading[1]), at, at + 1)
        if NUMBERED_CAPS.fullmatch(text):
            return self._heading(text, self._level_of(text.split()[0]), at, at + 1)
        if self._is_setext(at):
            return self._heading(text, 1 if self._text[at + 1].strip()[0] == "=" else 2, at, at + 2)
        if text.startswith("|") and text.count("|") >= 2:
            return self._table(at)
        if (end := self._dialogue_end(at)) > at:
            self._node(Node("dialogue", source=[(n + 1, self._text[n].strip()) for n in range(at, end)]), at)
            return end
        marker = STEP.match(text) or NUMBER.match(text) or BULLET.match(text)
        if marker is not None:
            if marker.re is NUMBER and self._is_numbered_heading(at, marker["rest"]):
                return self._heading(text, self._level_of(marker["key"]), at, at + 1)
            return self._item(at, marker)
        if title := self._bare_heading(at, text):
            return self._heading(title, max(self._path[-1].level, 1) if self._bare else self._bare_level(), at, at + 1)
        return self._paragraph(at)

    # Headings

    @property
    def _bare(self) -> bool:
        return bool(self._path[-1].key == "bare")

    def _bare_level(self) -> int:
        return min(self._path[-1].level + 1, 7)

    def _level_of(self, key: str) -> int:
        marked = [section.level for section in self._path if section.key == ""]
        return max(marked) + 1 + key.strip(".").count(".")

    def _heading(self, title: str, level: int, at: int, after: int) -> int:
        title = plain(title.rstrip("# ")).strip(" :")
        self._open, self._lead = [], None
        if not title:
            return after
        while len(self._path) > 1 and self._path[-1].level >= level:
            self._path.pop()
        step = STEP.match(title)
        number = NUMBER.match(title)
        is_bare = not self._text[at].strip().startswith("#") and number is None
        key = key_of(step["key"]) if step else key_of(number["key"]) if number else "bare" if is_bare else ""
        section = Section(title, level, at + 1, key)
        self._path[-1].sections.append(section)
        self._path.append(section)
        return after

    def _is_setext(self, at: int) -> bool:
        if at + 1 >= len(self._text) or len(self._text[at].strip()) > 100:
            return False
        text = self._text[at].strip()
        marked = BULLET.match(text) or text.startswith("|")
        alone = at == 0 or not self._text[at - 1].strip()
        return not marked and alone and SETEXT.fullmatch(self._text[at + 1].strip()) is not None

    def _is_numbered_heading(self, at: int, rest: str) -> bool:
        """`2. RETURNS`, short and unpunctuated, with deeper numbers, letters or text below it."""
        if not rest or len(rest.split()) > 7 or rest[-1] in ".,;:!?" or self._text[at].startswith((" ", "\t")):
            return False
        if rest.isupper():
            return True
        if not rest[0].isupper():
            return False
        below = next((line for line in self._text[at + 1 : at + 4] if line.strip()), None)
        if below is None:
            return False
        deeper = NUMBER.match(below.strip())
        own = NUMBER.match(self._text[at].strip())
        if deeper is not None and own is not None:
            return len(key_of(deeper["key"]).split(".")) > len(key_of(own["key"]).split(".")) or below.startswith("  ")
        return not self._text[at + 1].strip() and BULLET.match(below.strip()) is None and not below.startswith(" ")

    def _bare_heading(self, at: int, text: str) -> str:
        """The title when a line without a mark is a heading, else an empty string."""
        if len(text) > 80 or (at and self._text[at - 1].strip()):
            return ""
        if bold := BOLD_LINE.fullmatch(text):
            title = bold[1] or bold[2]
            lead = text.rstrip("*_ ").endswith(":") or title.endswith(":")
            return "" if lead or title[-1] in ".!?" else title
        words = text.split()
        if sum(map(str.isalpha, text)) > 3 and text.isupper() and len(words) <= 8 and text[-1] not in ".!?":
            return text
        after = self._text[at + 1].strip() if at + 1 < len(self._text) else ""
        below = next((line.strip() for line in self._text[at + 1 : at + 4] if line.strip()), "")
        apart = bool(below) and (not after or BULLET.match(after) or NUMBER.match(after) or STEP.match(after))
        titled = text[0].isupper() and len(words) <= 6 and text[-1] not in ".,;!?…:"
        first = at == 0 or not any(line.strip() for line in self._text[:at])
        return text if titled and apart and (first or len(words) <= 5) else ""

    # Blocks

    def _fenced(self, at: int, *, chart: bool) -> int:
        end = _closing(self._text, FENCE, at + 1)
        end = len(self._text) if end is None else end
        if chart or any(CHART.match(line.strip()) for line in self._text[at + 1 : at + 3]):
            self._chart(at + 1, end)
        else:
            for number in range(at + 1, end):
                if self._text[number].strip():
                    self._node(Node("paragraph", self._sentences(number, number + 1)), number)
        return end + 1

    def _end_of_chart(self, at: int) -> int:
        end = at
        while end < len(self._text) and self._text[end].strip():
            end += 1
        return end

    def _chart(self, at: int, end: int) -> int:
        self._node(Node("chart", source=[(n + 1, self._text[n]) for n in range(at, end)]), at)
        return end

    def _table(self, at: int) -> int:
        rows = []
        while at < len(self._text) and self._text[at].strip().startswith("|"):
            line = self._text[at].strip()
            if line.strip("|-: \t"):
                cells = tuple(plain(cell) for cell in re.split(r"(?<!\\)\|", line.strip("|")))
                rows.append((at + 1, cells))
            at += 1
        self._node(Node("table", rows=rows), at)
        return at

    def _dialogue_end(self, at: int) -> int:
        """Line index after an example dialogue of at least two speakers in turn, or `at`."""
        end, speakers = at, []
        while end < len(self._text) and (found := _SPEAKER.match(self._text[end].strip())):
            speakers.append(found[1].lower())
            end += 1
        turns = len(speakers) >= 3 and len(set(speakers)) == 2
        return end if turns and all(a != b for a, b in pairwise(speakers)) else at

    def _item(self, at: int, marker: "re.Match[str]") -> int:
        indent = len(self._text[at]) - len(self._text[at].lstrip())
        end = self._continued(at, indent)
        key = key_of(marker["key"]) if "key" in marker.re.groupindex and marker["key"] else ""
        node = Node("item", key=key, ordered=bool(key), indent=indent)
        node.sentences = self._sentences(at, end, first=marker["rest"])
        self._node(node, at)
        return end

    def _paragraph(self, at: int) -> int:
        indent = len(self._text[at]) - len(self._text[at].lstrip())
        end = self._continued(at, indent)
        self._node(Node("paragraph", self._sentences(at, end), indent=indent), at)
        return end

    def _continued(self, at: int, indent: int) -> int:
        end = at + 1
        while end < len(self._text):
            text = self._text[end].strip()
            starts = (
                not text
                or NUMBERED_CAPS.fullmatch(text)
                or ATX.match(text)
                or FENCE.match(text)
                or RULE.fullmatch(text)
                or text.startswith("|")
            )
            quote = text.startswith(">") != self._text[at].strip().startswith(">")
            if starts or quote or BULLET.match(text) or NUMBER.match(text) or STEP.match(text) or BOLD_LINE.match(text):
                break
            end += 1
        return end

    def _sentences(self, at: int, end: int, first: str | None = None) -> list[Sentence]:
        lines = [(n + 1, re.sub(r"^(?:>\s*)+(?:\[!\w+\]\s*)?", "", self._text[n].strip())) for n in range(at, end)]
        if first is not None:
            lines[0] = (lines[0][0], first)
        return [
            Sentence(piece, start, stop)
            for text, start, stop in sentences(lines)
            for piece in _AFTER_NUMBER.split(without_marks(text))
            if piece
        ]

    def _node(self, node: Node, at: int) -> None:
        """Hang a node on the item or paragraph it belongs to, else on the section."""
        is_item = node.kind == "item"
        while self._open and (
            self._open[-1].indent > node.indent
            or (self._open[-1].indent == node.indent and not self._is_deeper(self._open[-1], node))
        ):
            self._open.pop()
        if not is_item and not node.indent:
            self._open = []
        if self._open:
            self._open[-1].children.append(node)
        elif is_item and self._lead is not None:
            self._lead.children.append(node)
        else:
            self._path[-1].nodes.append(node)
        if is_item:
            self._open.append(node)
        else:
            self._lead = node if node.text.rstrip("*_ ").endswith((":", "：")) else None

    def _is_deeper(self, above: Node, node: Node) -> bool:
        """Return True if an item is a sub-item by its number: `2.1` or `a` under `2`, a bullet under `2`."""
        if not above.ordered:
            return False
        if not node.ordered:
            siblings = self._open[-2].children if len(self._open) > 1 else self._path[-1].nodes
            mixed = any(other.kind == "item" and not other.ordered for other in siblings)
            return node.kind == "item" and not mixed
        if node.key.startswith(above.key + "."):
            return True
        return above.key[0].isdigit() and node.key.isalpha()


def _closing(lines: list[str], mark: "str | re.Pattern[str]", start: int) -> int | None:
    for number in range(start, len(lines)):
        text = lines[number].strip()
        if text == mark if isinstance(mark, str) else mark.match(text):
            return number
    return None
