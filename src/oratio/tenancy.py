"""Tenant of the current work: bound where a caller is admitted, read where AWS is called for one tenant alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from oratio import logs

_tenant: ContextVar[str | None] = ContextVar("oratio_tenant", default=None)


@contextmanager
def acting_for(user_id: str, **fields: object) -> Iterator[None]:
    """Do everything inside, in this task and those it starts, for this tenant, and log it so.

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
    """Return the tenant of this work; None for work over all of them, such as sweeps and recovery."""
    return _tenant.get()
