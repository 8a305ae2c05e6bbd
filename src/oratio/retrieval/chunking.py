"""Blocks to chunks: pieces of about a hundred words that keep their headings, page and whole rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.text.sentences import sentences

CHUNKER_VERSION = 2
TARGET_WORDS = 120
MAX_WORDS = 170
MAX_UNIT_WORDS = 120  # a single sentence, line or row longer than this is cut
MERGE_BELOW_WORDS = 40  # shorter sections join their neighbours under the same heading


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a document as it is indexed.

    Attributes:
        heading: The headings above it, outermost first, joined by ` > `.
    """

    text: str
    heading: str
    page: int | None


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    words: int
    page: int | None
    joint: str  # what separates it from the unit before


def chunks(blocks: Iterable[Block]) -> list[Chunk]:
    """The chunks of a document, in order."""
    sections = [(headings, list(group)) for headings, group in groupby(blocks, key=lambda block: block.headings)]
    return [chunk for headings, units in _merged(sections) for chunk in _packed(headings, units)]


def _merged(sections: list[tuple[tuple[str, ...], list[Block]]]) -> Iterator[tuple[tuple[str, ...], list[_Unit]]]:
    """Sections as units; runs of short sections below one parent become one, their headings kept as lines."""
    waiting: list[tuple[tuple[str, ...], list[_Unit]]] = []
    for headings, blocks in sections:
        units = [unit for block in blocks for unit in _units(block)]
        short = bool(headings) and _size(units) < MERGE_BELOW_WORDS
        same = bool(waiting) and waiting[0][0][:-1] == headings[:-1]
        room = _size([unit for _, group in waiting for unit in group]) + _size(units) <= TARGET_WORDS
        if waiting and not (short and same and room):
            yield _joined(waiting)
            waiting = []
        if short:
            waiting.append((headings, units))
        else:
            yield headings, units
    if waiting:
        yield _joined(waiting)


def _joined(group: list[tuple[tuple[str, ...], list[_Unit]]]) -> tuple[tuple[str, ...], list[_Unit]]:
    if len(group) == 1:
        return group[0]
    units: list[_Unit] = []
    for headings, inner in group:
        page = inner[0].page if inner else None
        units.append(_Unit(f"{headings[-1].rstrip(':')}:", len(headings[-1].split()), page, "\n"))
        units.extend(inner)
    return group[0][0][:-1], units


def _units(block: Block) -> Iterator[_Unit]:
    parts = sentences(block.text) if block.kind is BlockKind.PROSE else block.text.split("\n")
    joint = "\n"
    for part in parts:
        for piece in _cut(part):
            if piece.strip():
                yield _Unit(piece, len(piece.split()), block.page, joint)
                joint = " " if block.kind is BlockKind.PROSE else "\n"


def _cut(text: str) -> Iterator[str]:
    """A unit too long for a chunk, in pieces that end between words."""
    if len(text) <= MAX_UNIT_WORDS * 8 and len(text.split()) <= MAX_UNIT_WORDS:
        yield text
        return
    words = text.split()
    piece: list[str] = []
    size = 0
    for word in words:
        for part in (word[at : at + 400] for at in range(0, len(word), 400)):
            if piece and (len(piece) >= MAX_UNIT_WORDS or size + len(part) > MAX_UNIT_WORDS * 8):
                yield " ".join(piece)
                piece, size = [], 0
            piece.append(part)
            size += len(part) + 1
    yield " ".join(piece)


def _size(units: Iterable[_Unit]) -> int:
    return sum(unit.words for unit in units)


def _packed(headings: tuple[str, ...], units: list[_Unit]) -> Iterator[Chunk]:
    """Chunks of one section, as even as they can be."""
    total = _size(units)
    count = 1 if total <= MAX_WORDS else -(-total // TARGET_WORDS)
    goal = total / count
    packed: list[_Unit] = []
    for unit in units:
        size = _size(packed)
        if packed and (size + unit.words > MAX_WORDS or (size >= goal and not packed[-1].text.endswith(":"))):
            yield _chunk(headings, packed)
            packed = []
        packed.append(unit)
    if packed:
        yield _chunk(headings, packed)


def _chunk(headings: tuple[str, ...], units: list[_Unit]) -> Chunk:
    text = units[0].text + "".join(unit.joint + unit.text for unit in units[1:])
    return Chunk(text.strip("\n"), " > ".join(headings), units[0].page)
