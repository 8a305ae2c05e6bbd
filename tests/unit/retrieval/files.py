"""Documents made for the tests: small, real files of each format."""

import io
import zipfile
from collections.abc import Mapping

_CONTENT = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_TYPES = (
    _CONTENT
    + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + '<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
)
_RELS = (
    _CONTENT
    + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return buffer.getvalue()


def _package(main: str, kind: str, parts: Mapping[str, str | bytes]) -> bytes:
    overrides = f'<Override PartName="/{main}" ContentType="{kind}.main+xml"/>'
    relation = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="{main}"/>'
    return archive(
        {
            "[Content_Types].xml": _TYPES.format(overrides=overrides),
            "_rels/.rels": _RELS.format(relations=relation),
            **parts,
        }
    )


def docx(heading: str, paragraph: str, rows: list[list[str]]) -> bytes:
    cells = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    )
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{heading}</w:t></w:r></w:p>'
        f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p><w:tbl>{cells}</w:tbl>"
    )
    document = f"{_CONTENT}<w:document {_W}><w:body>{body}</w:body></w:document>"
    return _package("word/document.xml", DOCX, {"word/document.xml": document})


def pptx(title: str, line: str, notes: str) -> bytes:
    def shape(kind: str, text: str) -> str:
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
            f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        )

    def tree(shapes: str, kind: str) -> str:
        return f"{_CONTENT}<p:{kind} {_P}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:{kind}>"

    relation = f'<Relationship Id="r1" Type="{_OFFICE}/notesSlide" Target="../notesSlides/notesSlide1.xml"/>'
    return _package(
        "ppt/presentation.xml",
        PPTX,
        {
            "ppt/presentation.xml": f"{_CONTENT}<p:presentation {_P}/>",
            "ppt/slides/slide1.xml": tree(shape("title", title) + shape("body", line), "sld"),
            "ppt/slides/_rels/slide1.xml.rels": _RELS.format(relations=relation),
            "ppt/notesSlides/notesSlide1.xml": tree(shape("body", notes), "notes"),
        },
    )


def xlsx(rows: list[list[str]]) -> bytes:
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for column, cell in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    relations = f'xmlns:r="{_OFFICE}"'
    book = '<sheets><sheet name="Prices" sheetId="1" r:id="r1"/></sheets>'
    relation = f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    return _package(
        "xl/workbook.xml",
        XLSX,
        {
            "xl/workbook.xml": f"{_CONTENT}<workbook {_S} {relations}>{book}</workbook>",
            "xl/_rels/workbook.xml.rels": _RELS.format(relations=relation),
            "xl/worksheets/sheet1.xml": f"{_CONTENT}<worksheet {_S}><sheetData>{cells}</sheetData></worksheet>",
        },
    )


def pdf(pages: list[list[tuple[int, str]]], *, encrypted: bool = False) -> bytes:
    """A PDF of lines (font size, text) set from the top of each page; `encrypted` asks for a password."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for lines in pages:
        y, drawn = 800, []
        for size, text in lines:
            y -= size + (14 if size > 12 else 3)
            drawn.append(f"BT /F1 {size} Tf 50 {y} Td ({text}) Tj ET")
        stream = "\n".join(drawn).encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 850] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % k for k in kids), len(kids))
    trailer = b""
    if encrypted:
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"11" * 32, b"22" * 32))
        trailer = b" /Encrypt %d 0 R /ID [<%s> <%s>]" % (len(objects), b"33" * 16, b"33" * 16)
    body, offsets = b"%PDF-1.4\n", []
    for number, data in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, data)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF"
        % (
            size,
            table,
            size,
            trailer,
            len(body),
        )
    )
