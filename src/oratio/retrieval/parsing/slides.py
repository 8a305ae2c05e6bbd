"""PowerPoint slides to blocks: title as heading, slide number as page, tables and speaker notes kept.

Read from the file's own XML, because kreuzberg 4.10's Markdown loses the notes and its text loses the slides.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.retrieval.parsing.tables import row_text

MAX_PART_BYTES = 50_000_000

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
_NOTES = "/notesSlide"


def slide_blocks(data: bytes) -> Iterator[Block]:
    """Slides in file order.

    Raises:
        zipfile.BadZipFile, xml.etree.ElementTree.ParseError: It is no presentation.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = sorted((int(match[1]), name) for name in archive.namelist() if (match := _SLIDE.fullmatch(name)))
    for number, (_, name) in enumerate(names, 1):
        root = _part(archive, name)
        title = _title(root)
        headings = (title,) if title else ()
        paragraphs = [text for shape in root.iter(f"{_P}sp") if not _is_title(shape) for text in _paragraphs(shape)]
        yield Block("\n".join(paragraphs), BlockKind.LINES, headings, number)
        for table in root.iter(f"{_A}tbl"):
            rows = [[" ".join(_paragraphs(cell)) for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]
            if len(rows) > 1:
                yield Block("\n".join(row_text(rows[0], row) for row in rows[1:]), BlockKind.ROWS, headings, number)
        if notes := _notes(archive, name):
            yield Block(notes, BlockKind.PROSE, (*headings, "Notes"), number)


def _part(archive: zipfile.ZipFile, name: str) -> ET.Element:
    with archive.open(name) as file:
        return ET.fromstring(file.read(MAX_PART_BYTES))  # noqa: S314 - expat refuses entity bombs; bounded child


def _is_title(shape: ET.Element) -> bool:
    holder = shape.find(f".//{_P}nvPr/{_P}ph")
    return holder is not None and holder.get("type") in {"title", "ctrTitle"}


def _title(root: ET.Element) -> str:
    return " ".join(" ".join(_paragraphs(shape)) for shape in root.iter(f"{_P}sp") if _is_title(shape)).strip()


def _paragraphs(element: ET.Element) -> list[str]:
    texts = (
        "".join(run.text or "" for run in paragraph.iter(f"{_A}t")).strip() for paragraph in element.iter(f"{_A}p")
    )
    return [text for text in texts if text]


def _notes(archive: zipfile.ZipFile, slide: str) -> str:
    folder, _, file = slide.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels"
    if relations not in archive.namelist():
        return ""
    for relation in _part(archive, relations):
        if relation.get("Type", "").endswith(_NOTES):
            name = posixpath.normpath(posixpath.join(folder, relation.get("Target", "")))
            root = _part(archive, name)
            bodies = [
                s
                for s in root.iter(f"{_P}sp")
                if (p := s.find(f".//{_P}nvPr/{_P}ph")) is not None and p.get("type") == "body"
            ]
            return " ".join(text for shape in bodies for text in _paragraphs(shape))
    return ""
