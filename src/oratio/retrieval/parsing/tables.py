"""Tables to rows that carry their header: CSV, TSV, Markdown tables, JSON."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence

from oratio.retrieval.parsing.blocks import Block, BlockKind

MAX_CELL_CHARS = 20_000
MAX_JSON_DEPTH = 60
_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_SPLIT = re.compile(r"(?<!\\)\|")


def is_rule(line: str) -> bool:
    """Whether a line is the `|---|---|` below a Markdown table's header."""
    return "|" in line and "-" in line and _RULE.match(line) is not None


def split_row(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in _SPLIT.split(line.strip().removeprefix("|").removesuffix("|"))]


def row_text(header: Sequence[str], cells: Sequence[str]) -> str:
    """One row as `Column: value; Column: value`; empty cells are left out, cells past the header stand alone."""
    pairs = []
    for index, cell in enumerate(cells):
        value = " ".join(cell.split())
        if value:
            name = header[index].strip().rstrip(":") if index < len(header) else ""
            pairs.append(f"{name}: {value}" if name else value)
    return "; ".join(pairs)


def csv_blocks(text: str, delimiter: str | None) -> Iterator[Block]:
    """The rows of a CSV text; the first row is the header.

    Args:
        delimiter: None finds out which of `, ; tab |` it is.
    """
    csv.field_size_limit(MAX_CELL_CHARS * 50)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text))
    header: list[str] | None = None
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = [" ".join(cell.split()) for cell in row]
            first = "; ".join(filter(None, header))
            continue
        yield Block(row_text(header, [cell[:MAX_CELL_CHARS] for cell in row]), BlockKind.ROWS)
        first = ""
    if header and first:
        yield Block(first, BlockKind.ROWS)


def _delimiter(text: str) -> str:
    head = text[:20_000].splitlines()[:20]
    return max(",;\t|", key=lambda mark: sum(min(line.count(mark), 50) for line in head) + (mark == ",") * 0.5)


def json_blocks(text: str) -> Iterator[Block]:
    """A JSON value as lines `a > b: value`; each object of a list is one row.

    Raises:
        ValueError: Not JSON.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    yield from _json(value, (), 0)


def _json(value: object, path: tuple[str, ...], depth: int) -> Iterator[Block]:
    if depth > MAX_JSON_DEPTH:
        return
    if isinstance(value, dict):
        scalars = [f"{name}: {_scalar(inner)}" for name, inner in value.items() if _flat(inner)]
        if scalars:
            yield Block("; ".join(scalars), BlockKind.ROWS, path)
        for name, inner in value.items():
            if not _flat(inner):
                yield from _json(inner, (*path, str(name)), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _json(inner, path, depth + 1)
    elif value is not None:
        yield Block(_scalar(value), BlockKind.ROWS, path)


def _flat(value: object) -> bool:
    if isinstance(value, list):
        return all(not isinstance(inner, dict | list) for inner in value)
    return not isinstance(value, dict)


def _scalar(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_scalar, value))
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
