"""Parser of a multipart/form-data body, fed in pieces, to text fields and staged files; memory stays bounded.

File names arrive as clients spell them: raw UTF-8 (browsers, curl, requests, httpx) with `"`, CR, LF and other controls
percent-encoded (WHATWG, httpx) or backslash-escaped (curl --form-escape), as RFC 5987 `filename*` (older requests), or
percent-encoded whole (aiohttp). All become the intended path; the rules on paths are checked later.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState

from oratio.api.problems import Refusal
from oratio.errors import FieldProblem, InvalidInput, OratioError, TooLarge
from oratio.services.knowledge.uploads import FileWriter, StagedFile, Upload

FILES = "files"
_MAX_HEADER_BYTES = 16 * 1024
_MAX_PROBLEMS = 100
_MAX_BOUNDARY = 200
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*', re.DOTALL | re.ASCII)
_WHATWG_ESCAPES = re.compile(rb"%(?:[01][0-9A-Fa-f]|22|7[Ff])")
_ENCODED_STRUCTURE = re.compile(rb"%(?:2[EeFf]|5[Cc]|00)")


class ParsedForm(NamedTuple):
    """Parsed body: its text fields by name, and its files as staged."""

    fields: dict[str, str]
    files: list[StagedFile]


def parameters(header: str) -> tuple[str, dict[str, str]]:
    """Return the value of a header such as `form-data; name="x"` and its parameters, names in lower case.

    Args:
        header: The header's bytes as latin-1 text; parameters come back in the same form.

    Raises:
        ValueError: It does not follow the grammar, or a parameter is there twice.
    """
    value, separator, rest = header.partition(";")
    found: dict[str, str] = {}
    rest = (separator + rest).rstrip("; \t")
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in found:
            raise ValueError("malformed header parameters")
        text = match[3] if match[2] is None else re.sub(r'\\(["\\])', r"\1", match[2])
        found[match[1].lower()] = text
        position = match.end()
    return value.strip(" \t").lower(), found


def boundary_of(content_type: str | None) -> bytes:
    """Return the boundary of a multipart form's content type.

    Raises:
        Refusal: 415 for another type, 400 for a missing or malformed boundary.
    """
    kind, _, _ = (content_type or "").partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise Refusal(415, "unsupported_media_type", "send the form as multipart/form-data")
    try:
        boundary = parameters(content_type or "")[1]["boundary"].encode("latin-1")
    except (ValueError, KeyError):
        raise Refusal(400, "malformed_body", "the Content-Type has no boundary") from None
    if not 1 <= len(boundary) <= _MAX_BOUNDARY or b"\r" in boundary or b"\n" in boundary:
        raise Refusal(400, "malformed_body", "the boundary of the Content-Type is malformed")
    return boundary


def file_name(options: Mapping[str, str]) -> str | None:
    """Return the path a part's disposition names, or None when the part is a text field.

    Raises:
        UnicodeDecodeError, LookupError: The name is in no encoding we can read.
    """
    if (extended := options.get("filename*")) is not None:
        charset, _, rest = extended.partition("'")
        _, quoted, name = rest.partition("'")
        if not quoted:
            charset, name = "utf-8", extended
        return unquote_to_bytes(name).decode(charset or "utf-8")
    if (plain := options.get("filename")) is None:
        return None
    raw = plain.encode("latin-1")
    if _ENCODED_STRUCTURE.search(raw):
        return unquote_to_bytes(raw).decode()
    return _WHATWG_ESCAPES.sub(lambda match: unquote_to_bytes(match[0]), raw).decode()


class FormReader:
    """Reader of one body in pieces. `feed` and `finish` run in one thread at a time."""

    def __init__(self, boundary: bytes, upload: Upload, field_bytes: Mapping[str, int]) -> None:
        """Prepare for a body.

        Args:
            boundary: The separator of its parts.
            upload: Where files are staged.
            field_bytes: The text fields there may be, and the most bytes each may hold.
        """
        self._upload = upload
        self._field_bytes = field_bytes
        self._fields: dict[str, bytearray] = {}
        self._problems: list[FieldProblem] = []
        self._header_name = self._header_value = b""
        self._disposition: bytes | None = None
        self._field: bytearray | None = None
        self._field_name = ""
        self._writer: FileWriter | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
            },
            max_header_size=_MAX_HEADER_BYTES,
        )

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            Refusal: The body is not a well-formed form.
            TooLarge: A field, a file or the whole is over its limit.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise Refusal(400, "malformed_body", "the multipart body is malformed") from None

    def finish(self) -> ParsedForm:
        """Return the form, once all bytes were fed.

        Raises:
            Refusal: The body ended early.
            InvalidInput: Fields are unknown, doubled or not text; all are listed.
        """
        if self._parser.state is not MultipartState.END:
            raise Refusal(400, "malformed_body", "the multipart body ended before its last boundary")
        fields = {name: self._text(name, value) for name, value in self._fields.items()}
        if self._problems:
            first = self._problems[0]
            raise InvalidInput(f"{'.'.join(first.loc)} {first.msg}", self._problems)
        return ParsedForm(fields, self._upload.files())

    def abort(self) -> None:
        """Close an open file; the upload discards what was staged."""
        if self._writer is not None:
            with suppress(OSError, OratioError):
                self._writer.close()
            self._writer = None

    def _text(self, name: str, value: bytearray) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            self._note((name,), "is not UTF-8; send plain text")
            return ""

    def _note(self, loc: tuple[str, ...], msg: str) -> None:
        if len(self._problems) >= _MAX_PROBLEMS:
            raise InvalidInput("this form has too many problems: correct these first", self._problems)
        self._problems.append(FieldProblem(loc, msg))

    def _on_part_begin(self) -> None:
        self._disposition = None
        self._field = None
        self._writer = None
        self._header_name = self._header_value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        name = self._header_name.strip().lower()
        if name == b"content-disposition":
            if self._disposition is not None:
                raise Refusal(400, "malformed_body", "a part has two Content-Disposition headers")
            self._disposition = self._header_value
        elif name == b"content-transfer-encoding" and self._header_value.strip().lower() not in (
            b"binary",
            b"8bit",
            b"7bit",
        ):
            raise Refusal(400, "malformed_body", "parts with a Content-Transfer-Encoding are not supported")
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        try:
            kind, options = parameters((self._disposition or b"").decode("latin-1"))
            name = options["name"].encode("latin-1").decode()
        except (ValueError, KeyError):
            kind, name, options = "", "", {}
        if kind != "form-data":
            raise Refusal(400, "malformed_body", "a part has no valid Content-Disposition: send form-data with a name")
        if name == FILES:
            self._begin_file(options)
        elif name not in self._field_bytes:
            known = ", ".join((*self._field_bytes, FILES))
            self._note((name[:100],), f"is not a field of this form; it has {known}")
        elif name in self._fields:
            self._note((name,), "is there more than once; send it once")
        else:
            self._field_name = name
            self._field = self._fields[name] = bytearray()

    def _begin_file(self, options: Mapping[str, str]) -> None:
        try:
            path = file_name(options)
        except (UnicodeDecodeError, LookupError):
            shown = options.get("filename", options.get("filename*", ""))[:200]
            self._note((FILES, shown.encode("ascii", "backslashreplace").decode()), "has a name that is not UTF-8")
            return
        if path is None:
            self._note((FILES,), "must be files: send each with a filename, its path relative to the folder")
            return
        self._writer = self._upload.open(path)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._writer is not None:
            self._writer.write(memoryview(data)[start:end])
        elif self._field is not None:
            most = self._field_bytes[self._field_name]
            if len(self._field) + end - start > most:
                msg = f"is larger than {most} bytes; shorten it"
                raise TooLarge(f"{self._field_name} {msg}", [FieldProblem((self._field_name,), msg)])
            self._field += data[start:end]

    def _on_part_end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._field = None
