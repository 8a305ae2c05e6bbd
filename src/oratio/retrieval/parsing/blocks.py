"""What a parser makes of a document: blocks of text that know where they stand.

Imports nothing outside the standard library: the parsing child process loads it for every document.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class BlockKind(StrEnum):
    PROSE = "prose"  # sentences; may be cut between them
    LINES = "lines"  # code, lists, flow-chart boxes: may be cut between lines
    ROWS = "rows"  # table rows, each with its header


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document that belongs together.

    Attributes:
        headings: The headings above it, outermost first.
        page: 1-based page or slide, where the document has them.
    """

    text: str
    kind: BlockKind = BlockKind.PROSE
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The blocks of a document, or (`problem`) why there are none, in words for an operator."""

    blocks: list[Block] = field(default_factory=list)
    problem: str = ""

    def to_json(self) -> str:
        return json.dumps({"problem": self.problem, "blocks": [asdict(block) for block in self.blocks]})

    @classmethod
    def from_json(cls, text: str | bytes) -> "ParsedDocument":
        """The inverse of `to_json`.

        Raises:
            ValueError: The text is something else, or cut off.
        """
        try:
            data = json.loads(text)
            blocks = [
                Block(entry["text"], BlockKind(entry["kind"]), tuple(entry["headings"]), entry["page"])
                for entry in data["blocks"]
            ]
            return cls(blocks, data["problem"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a parsed document ({error})") from None


def problem(reason: str) -> ParsedDocument:
    return ParsedDocument(problem=reason)


def parsed(blocks: Iterable[Block]) -> ParsedDocument:
    """A document of those blocks that hold anything, in text that can be stored."""
    return ParsedDocument(
        [
            Block(sound(block.text), block.kind, tuple(map(sound, block.headings)), block.page)
            for block in blocks
            if any(map(str.isalnum, block.text))
        ]
    )


def sound(text: str) -> str:
    """The text without what neither UTF-8 nor SQLite takes: halves of surrogate pairs, NULs."""
    return text.replace("\0", " ").encode(errors="replace").decode()
