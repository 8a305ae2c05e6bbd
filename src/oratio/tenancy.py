"""Whose work this is: bound where a caller is let in, asked where AWS is called for one tenant alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from oratio import logs

_tenant: ContextVar[str | None] = ContextVar("oratio_tenant", default=None)


@contextmanager
def acting_for(user_id: str, **fields: object) -> Iterator[None]:
    """Everything inside, in this task and those it starts, is done for this tenant, and logged so.

    Args:
        user_id: The tenant.
        fields: Other ids for the log records.
    """
    token = _tenant.set(user_id)
    try:
        with logs.bound(user_id=user_id, **fields):
            yield
    finally:
        _tenant.reset(token)


def tenant() -> str | None:
    """The tenant this is done for; None for work over all of them, such as sweeps and recovery."""
    return _tenant.get()
