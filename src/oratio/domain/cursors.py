"""The opaque cursors of listings: a moment and a name."""

import base64

from oratio.errors import FieldProblem, InvalidInput

NEWEST = 10**13 - 1
"""Later than any moment (ms since 1970) that a record holds."""


def cursor(at: int, name: str) -> str:
    return base64.urlsafe_b64encode(f"{at}:{name}".encode()).decode()


def read_cursor(given: str | None) -> tuple[int, str]:
    """The moment and name a listing goes on below; without a cursor, above everything.

    Raises:
        InvalidInput: The cursor was not given out by a listing.
    """
    if not given:
        return NEWEST, ""
    try:
        at, _, name = base64.urlsafe_b64decode(given.encode()).decode().partition(":")
        if not 0 <= int(at) <= NEWEST:
            raise ValueError(at)
        return int(at), name
    except ValueError:
        problem = FieldProblem(("cursor",), "was not given out by this listing; start again without it")
        raise InvalidInput("cursor is not valid", [problem]) from None
