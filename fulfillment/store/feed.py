"""Follow what others write: entries and events after a cursor, none missed, however late it commits.

On PostgreSQL every row carries the id of the transaction that wrote it (the column's default), and a reader
stops below the oldest transaction that still runs in its snapshot: whatever has a smaller id has ended, so
nothing can appear behind a cursor that was handed out. A writer that takes long therefore delays the feed,
and never tears a hole into it. SQLite's writers run one at a time, and its rows all carry transaction 0.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NullType

from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.events import FeedEvent
from fulfillment.store.rowset import execute_kept
from fulfillment.store.schema.messaging import outbox, parked_subject
from fulfillment.store.schema.stock import stock_entry

PAGE_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Entries by columns of one length: the units that each left available, and that balance's version."""

    xid: Sequence[int]
    number: Sequence[int]
    node_id: Sequence[str]
    sku_id: Sequence[str]
    available: Sequence[int]
    version: Sequence[int]

    def __len__(self) -> int:
        return len(self.number)

    @property
    def cursor(self) -> Cursor:
        """Tell the place in the feed of its last entry; it has one."""
        return Cursor(*max(zip(self.xid, self.number, strict=True)))


_EMPTY = FeedPage((), (), (), (), (), ())


def head(connection: Connection) -> Cursor:
    """Tell the place that the entries have reached: all up to it are visible to whoever reads from now on.

    What a transaction writes itself is not among them before it has ended.
    """
    return _head(connection, stock_entry)


def events_head(connection: Connection) -> Cursor:
    """Tell the place that the events have reached."""
    return _head(connection, outbox)


def entries_after(connection: Connection, cursor: Cursor, limit: int = PAGE_ROWS) -> FeedPage:
    """Read the next entries after `cursor`, at most `limit`, in the feed's order.

    Of one position, versions may come in any order: the greatest is the newest.
    """
    place = {"xid": cursor.xid, "position": cursor.position, "limit": limit}
    rows = execute_kept(connection, _entries_after(connection.dialect.name), place).all()
    if connection.dialect.name == "postgresql":
        ((xids, *more),) = rows
        return _EMPTY if xids is None else FeedPage(xids, *more)
    return FeedPage(*zip(*rows, strict=True)) if rows else _EMPTY


def events_after(
    connection: Connection,
    cursor: Cursor,
    limit: int = PAGE_ROWS,
    *,
    types: Iterable[str] = (),
    subject: str | None = None,
    until: Cursor | None = None,
    but_parked_by: str | None = None,
) -> list[FeedEvent]:
    """Read the next events after `cursor`, at most `limit`, in the feed's order.

    Parameters
    ----------
    types : iterable of str
        Only events of these types, or of those that begin as ``order.*`` does; none means all.
    subject : str or None
        Only events of this subject. One subject's events come in the order in which they happened
        (`outbox.add_events` sees to it).
    until : Cursor or None
        No event after it.
    but_parked_by : str or None
        No event of a subject that waits apart for this webhook.
    """
    o = outbox.c
    wanted = select(o.xid, o.position, o.event_id, o.type, o.subject, o.data, o.occurred_at)
    if listed := list(types):
        wanted = wanted.where(or_(*(_is_of_type(each) for each in listed)))
    if subject is not None:
        wanted = wanted.where(o.subject == subject)
    if until is not None:
        wanted = wanted.where(tuple_(o.xid, o.position) <= tuple_(until.xid, until.position))
    if but_parked_by is not None:
        p = parked_subject.c
        wanted = wanted.where(~exists().where(p.webhook_id == but_parked_by, p.subject == o.subject))
    later = _after(connection.dialect.name, outbox, wanted, cursor.xid, cursor.position)
    rows = connection.execute(later.limit(limit))
    return [FeedEvent(Cursor(xid, position), *more) for xid, position, *more in rows]


def _head(connection: Connection, table: Table) -> Cursor:
    row = connection.execute(_last(table, connection.dialect.name)).one_or_none()
    return BEGINNING if row is None else Cursor(*row)


@functools.cache
def _last(table: Table, dialect_name: str) -> Select[int, int]:
    place = table.c.xid, table.c.position
    return (
        select(*place).where(*_ended(dialect_name, table)).order_by(*(part.desc() for part in place)).limit(1)
    )


@functools.cache
def _entries_after(dialect_name: str) -> Select[*tuple[Any, ...]]:
    """Select entries after a place; made once, as it is asked twenty times a second."""
    e = stock_entry.c
    wanted = select(e.xid, e.position, e.node_id, e.sku_id, e.available_after, e.stock_version)
    place = bindparam("xid", type_=e.xid.type), bindparam("position", type_=e.position.type)
    page = _after(dialect_name, stock_entry, wanted, *place).limit(bindparam("limit"))
    if dialect_name != "postgresql":
        return page
    # An array a column: a row by itself takes Python as long as everything else that is done with it.
    return select(*(type_coerce(func.array_agg(column), NullType()) for column in page.subquery().c))


def _after(
    dialect_name: str,
    table: Table,
    wanted: Select[*tuple[Any, ...]],
    xid: int | BindParameter[int],
    position: int | BindParameter[int],
) -> Select[*tuple[Any, ...]]:
    place = table.c.xid, table.c.position
    return wanted.where(tuple_(*place) > tuple_(xid, position), *_ended(dialect_name, table)).order_by(*place)


def _is_of_type(wanted: str) -> ColumnElement[bool]:
    if wanted == "*":
        return true()
    if wanted.endswith(".*"):
        return outbox.c.type.startswith(wanted.removesuffix("*"), autoescape=True)
    return outbox.c.type == wanted


def _ended(dialect_name: str, table: Table) -> list[ColumnElement[bool]]:
    """Leave out rows of transactions that run, or began after one that does.

    The snapshot is asked for in the statement that reads: asked before it, it would be an older one, which
    is safe, and asked after it, a newer one, which is not.
    """
    if dialect_name != "postgresql":
        return []
    oldest_running = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return [table.c.xid < cast(cast(oldest_running, Text), BigInteger)]
