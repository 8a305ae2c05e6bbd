"""The problem body (RFC 9457) of every refused HTTP call and handshake."""

from collections.abc import Iterable

from oratio.domain.refs import Value
from oratio.errors import FieldProblem

MEDIA_TYPE = "application/problem+json"


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
    """The JSON object of an error; text is made safe to encode."""
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
    """Text that UTF-8 can carry: lone surrogates become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
