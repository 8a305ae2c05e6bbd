"""A BM25 over headed chunks in memory: retrieval enough for testing the rules alone."""

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2

from oratio.adapters.local.dialogue.text import content_stems, stem, words

CHUNK_WORDS = 140


class Chunk(NamedTuple):
    id: str
    path: str
    heading: str
    text: str


def text_of(path: Path) -> str:
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        return "\n\n".join(page.get_textpage().get_text_range() for page in document).replace("\r", "")
    if path.suffix == ".csv":
        header, *rows = [line.split(",") for line in path.read_text().splitlines() if line]
        return "\n".join("; ".join(f"{n}: {c}" for n, c in zip(header, row, strict=True)) for row in rows)
    return path.read_text()


def chunks_of(path: str, text: str) -> list[Chunk]:
    chunks: list[Chunk] = []
    headings: dict[int, str] = {}
    lines: list[str] = []

    def flush() -> None:
        if any(line.strip() for line in lines):
            trail = " > ".join(headings[level] for level in sorted(headings))
            chunks.append(Chunk(f"{path}#{len(chunks)}", path, trail, "\n".join(lines)))
        lines.clear()

    for line in text.splitlines():
        if mark := re.match(r"(#{1,6})\s+(.*)", line):
            flush()
            level = len(mark[1])
            for deeper in [lvl for lvl in headings if lvl >= level]:
                del headings[deeper]
            headings[level] = mark[2]
        else:
            if sum(len(words(held)) for held in lines) > CHUNK_WORDS:
                flush()
            lines.append(line)
    flush()
    return chunks


class SmallIndex:
    def __init__(self, folder: Path, leave_out: frozenset[str] = frozenset({"LICENSE"})) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in leave_out)
        self.chunks = [chunk for path in files for chunk in chunks_of(str(path.relative_to(folder)), text_of(path))]
        self.bags = [Counter(map(stem, words(f"{chunk.heading} {chunk.text}"))) for chunk in self.chunks]
        self.df = Counter(term for bag in self.bags for term in bag)
        self.mean = sum(map(Counter.total, self.bags)) / max(1, len(self.bags))

    def search(self, query: str, limit: int = 6) -> dict[str, Any]:
        scored = []
        for chunk, bag in zip(self.chunks, self.bags, strict=True):
            score = 0.0
            for term in content_stems(query):
                if term in bag:
                    idf = math.log(1 + (len(self.bags) - self.df[term] + 0.5) / (self.df[term] + 0.5))
                    score += idf * bag[term] * 2.2 / (bag[term] + 1.2 * (0.25 + 0.75 * bag.total() / self.mean))
            if score:
                scored.append((score, chunk))
        scored.sort(key=lambda pair: -pair[0])
        return {
            "passages": [
                {"id": c.id, "path": c.path, "page": None, "heading": c.heading, "text": c.text, "excerpt": c.text[:400],
                 "score": score / scored[0][0], "similarity": None}
                for score, c in scored[:limit]
            ]
        }  # fmt: skip
