"""Text of stored documents, their sidecars, and a plain lexical ranking."""

import io
import json
import math
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pypdfium2

MAX_CHUNK = 1_100
MAX_SIDECAR = 10 * 1024
S3_VECTORS_METADATA = 1024
S3_VECTORS_KEYS = 35
_PLAIN = (".txt", ".md", ".html", ".csv")
_OFFICE = (".docx", ".xlsx")
_TAG = re.compile(r"<[^>]+>")
_WORD = re.compile(r"\w+")
_STOP = frozenset(
    _WORD.findall(
        "a an and are as at be by can do does for from how i if in is it my of on or that the this to we what when "
        "where which who will with you your"
    )
)


class Unreadable(Exception):
    """Why a document cannot be indexed."""


@dataclass(frozen=True, slots=True)
class FakeChunk:
    """One piece of a document and what it is found by."""

    uri: str
    number: int
    text: str
    words: Counter[str]
    metadata: dict[str, Any]


def read(uri: str, data: bytes, sidecar: bytes | None, *, s3_vectors: bool) -> list[FakeChunk]:
    """The chunks of a document.

    Raises:
        Unreadable: The service would leave it out.
    """
    metadata, embedded = _metadata(sidecar, s3_vectors=s3_vectors)
    text = _text(uri, data)
    if not text.strip():
        raise Unreadable("the document holds no text")
    return [
        FakeChunk(uri, number, piece, Counter(words(f"{piece} {embedded}")), metadata)
        for number, piece in enumerate(_pieces(text))
    ]


def _metadata(sidecar: bytes | None, *, s3_vectors: bool) -> tuple[dict[str, Any], str]:
    if sidecar is None:
        return {}, ""
    if len(sidecar) > MAX_SIDECAR:
        raise Unreadable("the metadata file is larger than 10 KB")
    try:
        attributes = json.loads(sidecar)["metadataAttributes"]
        values = {name: _value(entry["value"]) for name, entry in attributes.items()}
        embedded = [f"{name} {values[name]}" for name, entry in attributes.items() if entry["includeForEmbedding"]]
    except (ValueError, KeyError, TypeError):
        raise Unreadable("the metadata file is malformed") from None
    if s3_vectors and (len(json.dumps(values).encode()) > S3_VECTORS_METADATA or len(values) > S3_VECTORS_KEYS):
        raise Unreadable("the metadata is larger than S3 Vectors takes")
    return values, " ".join(embedded)


def _value(value: dict[str, Any]) -> Any:
    match value["type"]:
        case "STRING":
            if not 1 <= len(value["stringValue"]) <= 2_048:
                raise Unreadable("a metadata value is longer than 2048 characters")
            return value["stringValue"]
        case "NUMBER":
            return float(value["numberValue"])
        case "BOOLEAN":
            return bool(value["booleanValue"])
        case "STRING_LIST":
            if not 1 <= len(value["stringListValue"]) <= 10:
                raise Unreadable("a metadata list has more than 10 entries")
            return list(value["stringListValue"])
    raise KeyError(value["type"])


def _text(uri: str, data: bytes) -> str:
    name = uri.lower()
    try:
        if name.endswith(_PLAIN):
            return _TAG.sub(" ", data.decode()) if name.endswith(".html") else data.decode()
        if name.endswith(".pdf"):
            with pypdfium2.PdfDocument(data) as pdf:
                return "\n\n".join(page.get_textpage().get_text_range() for page in pdf)
        if name.endswith(_OFFICE):
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                inside = [parts.read(part) for part in parts.namelist() if part.endswith(".xml")]
            return _TAG.sub(" ", b"\n".join(inside).decode())
    except (ValueError, pypdfium2.PdfiumError, zipfile.BadZipFile):
        raise Unreadable("the file could not be parsed") from None
    raise Unreadable("the file format is not supported")


def _pieces(text: str) -> list[str]:
    """Paragraphs put together up to the size of a chunk."""
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        part = paragraph.strip()
        while part:
            if pieces and len(pieces[-1]) + len(part) + 2 <= MAX_CHUNK:
                pieces[-1] += f"\n\n{part}"
                break
            pieces.append(part[:MAX_CHUNK])
            part = part[MAX_CHUNK:]
    return pieces


def words(text: str) -> list[str]:
    """Folded words without endings, small ones left out."""
    found = [word.casefold() for word in _WORD.findall(text)]
    return [re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word for word in found if word not in _STOP]


def ranked(query: str, chunks: list[FakeChunk], limit: int) -> list[tuple[float, FakeChunk]]:
    """BM25 over these chunks, best first, scores from 0 to 1; only chunks that share a word."""
    asked = set(words(query))
    if not chunks or not asked:
        return []
    mean = sum(chunk.words.total() for chunk in chunks) / len(chunks)
    holding = {word: sum(word in chunk.words for chunk in chunks) for word in asked}
    weight = {word: math.log(1 + (len(chunks) - n + 0.5) / (n + 0.5)) for word, n in holding.items()}
    scored: list[tuple[float, FakeChunk]] = []
    for chunk in chunks:
        length = 1.2 * (0.25 + 0.75 * chunk.words.total() / mean)
        score = sum(weight[word] * chunk.words[word] * 2.2 / (chunk.words[word] + length) for word in asked)
        if score > 0:
            scored.append((score, chunk))
    scored.sort(key=lambda entry: (-entry[0], entry[1].uri, entry[1].number))
    most = 2.2 * sum(weight.values())
    return [(min(1.0, score / most), chunk) for score, chunk in scored[:limit]]


def holds(condition: dict[str, Any], metadata: dict[str, Any], *, s3_vectors: bool) -> bool:
    """Whether a chunk passes a retrieval filter; S3 Vectors passes over the operators it does not know."""
    ((operator, value),) = condition.items()
    if operator == "andAll":
        return all(holds(part, metadata, s3_vectors=s3_vectors) for part in value)
    if operator == "orAll":
        return any(holds(part, metadata, s3_vectors=s3_vectors) for part in value)
    have, wanted = metadata.get(value["key"]), value["value"]
    match operator:
        case "equals":
            return bool(have == wanted)
        case "notEquals":
            return bool(have != wanted)
        case "in":
            return have in wanted
        case "notIn":
            return have not in wanted
        case "listContains" | "stringContains" | "startsWith" if s3_vectors:
            return True
        case "listContains":
            return isinstance(have, list) and wanted in have
        case "stringContains":
            return isinstance(have, str) and wanted in have
        case "startsWith":
            return isinstance(have, str) and have.startswith(wanted)
    if not isinstance(have, int | float):
        return False
    return bool(
        {
            "greaterThan": have > wanted,
            "greaterThanOrEquals": have >= wanted,
            "lessThan": have < wanted,
            "lessThanOrEquals": have <= wanted,
        }[operator]
    )
