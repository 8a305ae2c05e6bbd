"""Repetition of a read and a conditional write until no other writer was in between."""

import random
import time
from collections.abc import Callable

from oratio.errors import StaleRecord
from oratio.ports.repositories import Change

# Of n writers at a time one is first in each round, so the last one needs n rounds: 40 is more writers than one record
# ever has (the flow, the API, the reconciler). The pause is drawn at random, so that writers in step fall out of it.
_ATTEMPTS = 40
_AT_ONCE = 3
_PAUSE_S = 0.02


def update[R](read: Callable[[], R], save: Callable[[R], R], change: Change[R]) -> R:
    """Store what `change` makes of the record that `read` returns; see `ports.repositories.AgentRepository`.

    Args:
        read: Returns the record as it is stored now.
        save: Stores a record of the stored revision, and raises `StaleRecord` for one of an older revision.
        change: Called once with each record that was read.

    Raises:
        StaleRecord: Another writer was first, every time.
    """
    for attempt in range(_ATTEMPTS):
        record = read()
        changed = change(record)
        if changed is None:
            return record
        try:
            return save(changed)
        except StaleRecord:
            if attempt >= _AT_ONCE:
                time.sleep(random.uniform(0, _PAUSE_S))  # noqa: S311 - no secret
    raise StaleRecord("the record is being changed by many others at this moment", hint="repeat the request")
