"""One document to blocks. Run as a module it is the bounded child process that parses one file.

    python -I -m oratio.retrieval.parsing.documents PARENT_PID FILE NAME MEDIA_TYPE OUTPUT

The child limits itself (memory, CPU), dies with its parent and writes JSON; it imports a format's library only
when a document needs it.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from oratio.retrieval.children import die_with_parent
from oratio.retrieval.parsing.blocks import Block, ParsedDocument, parsed, problem
from oratio.retrieval.parsing.markup import PlainTextReader, markdown_blocks
from oratio.retrieval.parsing.tables import csv_blocks, json_blocks

PARSER_VERSION = 2
MEMORY_BYTES = 3 << 30  # address space; PDFium and kreuzberg map much more than they use
CPU_SECONDS = 60
MAX_TEXT_CHARS = 20_000_000
MAX_UNPACKED_BYTES = 600_000_000
MAX_PACK_RATIO = 200
SMALL_BYTES = 20_000_000

EMPTY = "the file is empty; upload it again"
NO_TEXT = "no text was found in it (a scan or pictures only?); upload a version with real text"
ENCRYPTED = "it is encrypted; upload a copy without a password"
BROKEN = "it is damaged or not what its ending says; save it again and upload it again"
TOO_LARGE = "it holds more than can be indexed; split it"
TOO_SLOW = "reading it took too long; split it or save it as PDF or text"

_OFFICE = "application/vnd.openxmlformats-officedocument."


def parse(data: bytes, name: str, media_type: str) -> ParsedDocument:
    """Text and structure of one document; whatever it holds, the answer is a value.

    Args:
        name: Its file name, for telling `.md` from `.txt`.
        media_type: As sniffed at upload.
    """
    if not data.strip():
        return problem(EMPTY)
    try:
        document = parsed(_bounded(_parser(media_type, name)(data)))
    except _Unreadable as error:
        return problem(error.reason)
    except MemoryError:
        return problem(TOO_LARGE)
    except Exception as error:  # the edge of this process: a library met a document it cannot read
        return problem(f"{BROKEN} ({type(error).__name__})")
    return document if document.blocks else problem(NO_TEXT)


def _bounded(blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks, until they hold more text than can be indexed."""
    size = 0
    for block in blocks:
        size += len(block.text)
        if size > MAX_TEXT_CHARS:
            raise _Unreadable(TOO_LARGE)
        yield block


class _Unreadable(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _parser(media_type: str, name: str) -> Callable[[bytes], Iterator[Block]]:
    if media_type == "application/pdf":
        return _pdf
    if media_type.startswith(_OFFICE):
        return _pptx if media_type.endswith("presentation") else lambda data: _office(data, media_type)
    if media_type == "text/html":
        return _html
    if media_type == "text/csv":
        return lambda data: csv_blocks(_decode(data), None)
    if media_type == "text/tab-separated-values":
        return lambda data: csv_blocks(_decode(data), "\t")
    if media_type == "application/json":
        return _json
    if media_type == "text/markdown":
        return lambda data: markdown_blocks(_decode(data))
    return lambda data: PlainTextReader(_decode(data)).blocks()


def _decode(data: bytes) -> str:
    """Text in whatever encoding it came: UTF-8, UTF-16 with a mark, else as charset-normalizer finds."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        found = from_bytes(data[:200_000]).best()
        encoding = found.encoding if found else "cp1252"
        return data.decode("cp1252" if encoding in _LATIN else encoding, errors="replace")


# Single-byte guesses that differ from Windows-1252 mostly in signs no one writes in Western text.
_LATIN = frozenset({"latin_1", "iso8859_1", "iso8859_15", "cp1250", "cp1252", "mac_roman", "cp1257", "cp1254", "cp850"})


def _json(data: bytes) -> Iterator[Block]:
    text = _decode(data)
    try:
        yield from list(json_blocks(text))
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        try:  # JSON Lines
            yield from [block for line in lines for block in json_blocks(line)]
        except ValueError:
            raise _Unreadable("it is not valid JSON; correct it and upload it again") from None


def _html(data: bytes) -> Iterator[Block]:
    yield from markdown_blocks(_kreuzberg(_decode(data).encode(), "text/html"))


def _office(data: bytes, media_type: str) -> Iterator[Block]:
    _check_archive(data)
    yield from markdown_blocks(_kreuzberg(data, media_type))


def _pptx(data: bytes) -> Iterator[Block]:
    from oratio.retrieval.parsing.slides import slide_blocks

    _check_archive(data)
    yield from slide_blocks(data)


def _pdf(data: bytes) -> Iterator[Block]:
    from oratio.retrieval.parsing.pdf import PasswordNeeded, pdf_blocks

    try:
        yield from list(pdf_blocks(data))
    except PasswordNeeded:
        raise _Unreadable(ENCRYPTED) from None


def _kreuzberg(data: bytes, media_type: str) -> str:
    """The document as Markdown.

    Raises:
        _Unreadable: Encrypted, or kreuzberg finds it broken.
    """
    import kreuzberg

    config = kreuzberg.ExtractionConfig(use_cache=False, output_format="markdown")
    try:
        return str(kreuzberg.extract_bytes_sync(data, media_type, config).content)
    except kreuzberg.KreuzbergError as error:
        raise _Unreadable(ENCRYPTED if "password" in str(error).lower() else BROKEN) from None


def _check_archive(data: bytes) -> None:
    """Refuse office files that are encrypted, broken, or unpack to more than is sane."""
    import io
    import zipfile

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _Unreadable(f"{ENCRYPTED}, in today's format (docx, xlsx, pptx)")
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise _Unreadable(BROKEN) from None
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > SMALL_BYTES and unpacked > MAX_PACK_RATIO * len(data)):
        raise _Unreadable("it unpacks to far more than its size; save it again without the padding")


def _limit(parent: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    die_with_parent(parent)


def main(parent: str, file: str, name: str, media_type: str, output: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(int(parent))
    document = parse(Path(file).read_bytes(), name, media_type)
    Path(output).write_text(document.to_json(), encoding="utf-8")
    os._exit(0)  # PDFium's and kreuzberg's own threads need no farewell


if __name__ == "__main__":
    main(*sys.argv[1:])
