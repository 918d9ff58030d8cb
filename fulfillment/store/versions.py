"""Versioned tables: a change is a new row; the current row of a key is the one with its highest version."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, func, select, tuple_

from fulfillment.store.changes import Changed, note_change
from fulfillment.store.rowset import Rows, insert_rows, rows_of
from fulfillment.store.schema.stock import buffer
from fulfillment.store.transaction import racing_for_keys

FEW_ROWS = 1_000
"""So many keys are looked up one by one; more are compared with the whole table."""


def current_rows(table: Table, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Select `columns` of the current row of every key."""
    keys = _keys(table)
    latest = select(*keys, func.max(table.c.version).label("version")).group_by(*keys).subquery("latest")
    is_latest = [table.c[key.name] == latest.c[key.name] for key in [*keys, table.c.version]]
    return select(*columns).join_from(latest, table, and_(*is_latest))


def current_page(
    connection: Connection, table: Table, after: Sequence[object] | None, limit: int
) -> list[dict[str, Any]]:
    """Read the current rows whose keys follow `after`, in the order of keys, at most `limit` of them."""
    keys = _keys(table)
    page = select(*_told(table)).where(_is_current(table)).order_by(*keys).limit(limit)
    if after is not None:
        page = page.where(tuple_(*keys) > tuple_(*after))
    return [_named(table, row) for row in connection.execute(page)]


def current_row(connection: Connection, table: Table, key: Sequence[object]) -> dict[str, Any] | None:
    """Read the current row of one key, None when it never had one."""
    is_it = [column == value for column, value in zip(_keys(table), key, strict=True)]
    latest = select(*_told(table)).where(*is_it).order_by(table.c.version.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    return None if row is None else _named(table, row)


def add_versions(connection: Connection, table: Table, rows: Rows, recorded_at: datetime) -> int:
    """Add a version of each row that differs from its current one.

    Parameters
    ----------
    rows : mapping
        Every column but ``version`` and ``recorded_at``; one row a key.

    Returns
    -------
    int
        Rows added; 0 when nothing has changed.
    """
    keys = _keys(table)
    values = [column for column in rows if column not in keys]
    wanted = [*keys, table.c.version, *values]
    if len(rows[keys[0]]) > FEW_ROWS:
        current = current_rows(table, *wanted)
    else:
        given = rows_of(connection, {key: rows[key] for key in keys})
        is_given = [table.c[key.name] == given.c[key.name] for key in keys]
        current = select(*wanted).join_from(given, table, and_(*is_given)).where(_is_current(table))
    found = {
        tuple(row[: len(keys)]): (row[len(keys)], tuple(row[len(keys) + 1 :]))
        for row in connection.execute(current)
    }
    by_key = zip(
        zip(*(rows[key] for key in keys), strict=True),
        zip(*(rows[value] for value in values), strict=True),
        strict=True,
    )
    changed: list[int] = []
    versions: list[int] = []
    for index, (key, value) in enumerate(by_key):
        version, before = found.get(key, (0, None))
        if value != before:
            changed.append(index)
            versions.append(version + 1)
    added: dict[Column[Any], Sequence[object]] = {
        column: [cells[index] for index in changed] for column, cells in rows.items()
    }
    added[table.c.version] = versions
    added[table.c.recorded_at] = [recorded_at] * len(changed)
    with racing_for_keys():
        insert_rows(connection, table, added)
    if changed:
        note_change(connection, Changed.BUFFERS if table is buffer else Changed.REFERENCE)
    return len(changed)


def _is_current(table: Table) -> ColumnElement[bool]:
    newer = table.alias("newer")
    same_key = [newer.c[key.name] == key for key in _keys(table)]
    return ~select(newer.c.version).where(*same_key, newer.c.version > table.c.version).exists()


def given_columns(table: Table) -> list[Column[Any]]:
    """List the columns of a versioned table that a caller gives."""
    return [column for column in table.columns if column.name not in ("version", "recorded_at")]


def _told(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name != "recorded_at"]


def _named(table: Table, values: Iterable[object]) -> dict[str, Any]:
    # SQLAlchemy's names are a subclass of str, which not every JSON encoder takes as a key.
    return {str(column.name): value for column, value in zip(_told(table), values, strict=True)}


def _keys(table: Table) -> list[Column[Any]]:
    return [column for column in table.primary_key.columns if column.name != "version"]
