"""The body of every error over HTTP: `application/problem+json` (RFC 9457) with a stable `code`."""

from collections.abc import Iterable
from typing import Final

from oratio.domain.refs import Value
from oratio.errors import FieldProblem

MEDIA_TYPE: Final = "application/problem+json"


class ErrorItem(Value):
    """One thing wrong with one field or file; `loc` is where it is, outermost first."""

    loc: tuple[str, ...]
    msg: str


class Problem(Value):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[ErrorItem, ...] | None = None


def problem_body(status: int, code: str, detail: str, problems: Iterable[FieldProblem] = ()) -> dict[str, object]:
    """Return the JSON object of an error; text is made safe to encode."""
    found = tuple(ErrorItem(loc=tuple(map(_plain, entry.loc)), msg=_plain(entry.msg)) for entry in problems)
    body = Problem(
        type=f"urn:oratio:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=_plain(detail),
        code=code,
        errors=found or None,
    )
    return body.model_dump(mode="json", exclude_none=True)


def _plain(text: str) -> str:
    """Return text that UTF-8 can carry: lone surrogates become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
