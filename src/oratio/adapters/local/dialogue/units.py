"""A passage cut into what can be said: sentences, list items, table rows, each with its place."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from oratio.adapters.local.dialogue.text import stem, words
from oratio.text import markdown
from oratio.text.sentences import sentences

type UnitKind = Literal["heading", "lead", "item", "sentence", "row"]


class AnswerUnit(NamedTuple):
    """One sayable piece of a passage.

    Attributes:
        text: Without markdown; otherwise verbatim.
        kind: `lead` ends in a colon and announces what follows it.
        marker: `1.` or `-` for list items, else empty.
        depth: Indentation of a list item, in levels.
        block: Units of one paragraph or list share it.
        section: The headings inside the passage above it, joined by ` > `.
        stems: Its words, for comparing.
    """

    text: str
    kind: UnitKind
    marker: str
    depth: int
    block: int
    section: str
    stems: frozenset[str]


_COMMENT = re.compile(r"<!--.*?-->")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(\s*)([-*+\u2022]|\d{1,3}[.)])\s+(.*)$")
_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_INNER_LEVEL = 9
_PAIRS = re.compile(r"^[^:;|]{1,60}: [^;]*; [^:;]{1,60}: ")
_BRANCH = re.compile(r"\?[\"')]*\s+[A-Z][^:?]{0,60}: |\. Then: ")
_RULE = re.compile(r"^[\s|:+=_-]*$")
_INJECTED = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\b[^.]{0,40}\b(?:instruction|prompt|rule|polic|guideline|direction|everything)"
    r"|system prompt|\byou are now\b|\bas an ai\b|\bact as (?:an?|the)\b|\bjailbreak|developer mode|prompt injection"
    r"|(?:^|[^\w])(?:assistant|system|ai model|language model|chatbot|llm)\s*[:,]|\bnew instructions?\b"
    r"|(?:reveal|print|repeat|output|disclose)\b[^.]{0,30}\b(?:prompt|instructions|secret|password|api key|credentials)"
    r"|<\s*/?\s*(?:system|instructions?|im_start|im_end)",
    re.IGNORECASE,
)


def addresses_the_assistant(text: str) -> bool:
    """Whether a sentence tries to instruct the one who reads it out; such a sentence is never said."""
    return bool(_INJECTED.search(text))


def plain(text: str) -> str:
    """Return one line without Markdown; code names keep their underscores and brackets."""
    return " ".join(markdown.plain(_COMMENT.sub("", text)).split())


class _Cutter:
    """Walks the lines of one passage and collects its units."""

    def __init__(self) -> None:
        self.units: list[AnswerUnit] = []
        self.headings: dict[int, str] = {}
        self.block = 0
        self.paragraph: list[str] = []
        self.item: tuple[str, int] | None = None
        self.header: list[str] = []

    def add(self, text: str, kind: UnitKind, marker: str = "", depth: int = 0) -> None:
        text = plain(text)
        if not any(char.isalnum() for char in text) or addresses_the_assistant(text):
            return
        if kind in ("sentence", "item") and text.endswith(":"):
            kind = "lead" if kind == "sentence" else "item"
        section = " > ".join(self.headings[level] for level in sorted(self.headings))
        self.units.append(AnswerUnit(text, kind, marker, depth, self.block, section, frozenset(map(stem, words(text)))))

    def flush(self) -> None:
        text = " ".join(self.paragraph)
        self.paragraph = []
        if not text:
            return
        if self.item:
            marker, depth = self.item
            first, *rest = sentences(text) or [text]
            self.add(first, "item", marker, depth)
            for sentence in rest:
                self.add(sentence, "item", "", depth)
            self.item = None
            return
        for sentence in sentences(text):
            self.add(sentence, "sentence")

    def line(self, line: str) -> None:
        if not line.strip():
            self.flush()
            self.block += 1
            self.header = []
        elif heading := _HEADING.match(line):
            self.flush()
            level = len(heading[1])
            self.headings = {lvl: name for lvl, name in self.headings.items() if lvl < level}
            self.headings[level] = plain(heading[2])
            self.block += 1
            self.add(heading[2], "heading")
        elif row := _ROW.match(line):
            self.flush()
            self.row([plain(cell) for cell in row[1].split("|")])
        elif _PAIRS.match(line) or _BRANCH.search(line):
            self.flush()
            self.add(line, "row")
        elif _RULE.match(line):
            self.flush()
        elif item := _ITEM.match(line):
            self.flush()
            self.item = (item[2] if item[2][0].isdigit() else "-", len(item[1].expandtabs(4)) // 2)
            self.paragraph = [item[3]]
        else:
            previous = self.paragraph[-1] if self.paragraph else ""
            goes_on = line[:1].isspace() or line[:1].islower() if self.item else _wraps(previous, line)
            if previous and not goes_on:
                self.flush()
            self.paragraph.append(line.strip())

    def inner_heading(self, line: str) -> None:
        self.flush()
        self.block += 1
        self.headings = {level: name for level, name in self.headings.items() if level < _INNER_LEVEL}
        self.headings[_INNER_LEVEL] = plain(line).rstrip(":")
        self.add(self.headings[_INNER_LEVEL], "heading")

    def row(self, cells: list[str]) -> None:
        if all(_RULE.match(cell) for cell in cells):
            return
        if not self.header:
            self.header = cells
            return
        pairs = zip(self.header, cells, strict=False)
        self.add("; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell), "row")


def _wraps(previous: str, line: str) -> bool:
    """Whether a line goes on with the sentence of the line before it, as in wrapped prose."""
    if plain(previous).endswith(":") or line.lstrip().startswith("**"):
        return False
    if previous.rstrip().endswith((".", "!", "?")):
        return True
    return len(previous) > 55 or line.lstrip()[:1].islower()


def _is_inner_heading(line: str, following: str) -> bool:
    """Whether a line is a heading inside a chunk, written `Pets:` above its text; above a list it announces that."""
    line = line.strip()
    return (
        line.endswith(":")
        and len(line) < 90
        and not _ITEM.match(line)
        and bool(following.strip())
        and not _ITEM.match(following)
        and not re.match(r"(?:if|when|once|unless)\b", line, re.IGNORECASE)
    )


@lru_cache(maxsize=512)
def cut(text: str) -> tuple[AnswerUnit, ...]:
    """The units of a passage in reading order, without anything that addresses the assistant."""
    cutter = _Cutter()
    lines = [line for line in text.splitlines() if line.strip() or line == ""]
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        if _is_inner_heading(line, following):
            cutter.inner_heading(line)
        else:
            cutter.line(line)
    cutter.flush()
    return tuple(cutter.units)
