"""Forget old events: how far the outbox has been cleared, and the clearing itself."""

from datetime import datetime
from itertools import takewhile

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.store.feed import events_head
from fulfillment.store.schema.messaging import outbox, outbox_floor

_THE_FLOOR = 1


def floor(connection: Connection) -> Cursor:
    """Tell the place up to which events were forgotten: nobody can follow the feed from before it."""
    f = outbox_floor.c
    row = connection.execute(select(f.xid, f.position)).one_or_none()
    return BEGINNING if row is None else Cursor(*row)


def forget_events(
    connection: Connection, before: datetime, keep_after: Cursor | None, limit: int, now: datetime
) -> int:
    """Delete the oldest events, those that happened before `before`, at most `limit` of them.

    Parameters
    ----------
    keep_after : Cursor or None
        Events after it are still needed.
    """
    o = outbox.c
    # The newest event always stays: from it SQLite counts on, and a number given twice would be passed over.
    last = events_head(connection)
    oldest = connection.execute(
        select(o.xid, o.position, o.occurred_at)
        .where(tuple_(o.xid, o.position) < tuple_(last.xid, last.position))
        .order_by(o.xid, o.position)
        .limit(limit)
    ).all()
    old = takewhile(lambda row: row.occurred_at < before, oldest)
    places = [Cursor(row.xid, row.position) for row in old]
    gone = [place for place in places if keep_after is None or place <= keep_after]
    if not gone:
        return 0
    connection.execute(
        delete(outbox).where(tuple_(o.xid, o.position) <= tuple_(gone[-1].xid, gone[-1].position))
    )
    _write_floor(connection, gone[-1], now)
    return len(gone)


def _write_floor(connection: Connection, place: Cursor, now: datetime) -> None:
    values = {"xid": place.xid, "position": place.position, "recorded_at": now}
    written = connection.execute(update(outbox_floor).values(**values))
    if not written.rowcount:
        connection.execute(insert(outbox_floor).values(floor_id=_THE_FLOOR, **values))
