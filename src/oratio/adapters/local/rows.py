"""Rows of the record store: a record as JSON next to the columns it is found by, changed by compare-and-set."""

import sqlite3
from collections.abc import Sequence

from oratio.domain.cursors import cursor as cursor_of
from oratio.domain.refs import Value
from oratio.errors import Conflict, NotFound, StaleRecord
from oratio.ports.repositories import Page


def at_revision[R: Value](record: R, revision: int) -> R:
    return record.model_copy(update={"revision": revision})


def compare_and_set[R: Value](
    connection: sqlite3.Connection, table: str, keys: dict[str, str | int], record: R, **columns: str | int
) -> R:
    """Replace one row whose revision is the record's; the stored record comes back."""
    where = " AND ".join(f"{name} = ?" for name in keys)
    row = connection.execute(f"SELECT revision FROM {table} WHERE {where}", tuple(keys.values())).fetchone()  # noqa: S608
    if row is None:
        raise NotFound(f"no such record in {table}")
    if row[0] != record.revision:  # type: ignore[attr-defined]
        raise StaleRecord(f"the record in {table} was changed by somebody else", hint="read it again and repeat")
    stored = at_revision(record, row[0] + 1)
    values = {**columns, "revision": row[0] + 1, "body": stored.model_dump_json()}
    assignments = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE {table} SET {assignments} WHERE {where}", (*values.values(), *keys.values()))  # noqa: S608
    return stored


def insert(connection: sqlite3.Connection, table: str, columns: dict[str, str | int]) -> None:
    marks = ", ".join("?" * len(columns))
    try:
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            tuple(columns.values()),
        )
    except sqlite3.IntegrityError:
        raise Conflict(f"there is already such a record in {table}") from None


def page_of[R: Value](bodies: Sequence[tuple[str, ...]], model: type[R], limit: int, at: str, name: str) -> Page[R]:
    items = [model.model_validate_json(body) for (body,) in bodies[:limit]]
    if len(bodies) <= limit:
        return Page(items, None)
    return Page(items, cursor_of(getattr(items[-1], at), getattr(items[-1], name)))
