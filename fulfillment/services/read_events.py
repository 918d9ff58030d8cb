"""Read the feed of events from a cursor on."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from fulfillment.domain.cursor import Cursor
from fulfillment.domain.errors import EventsForgotten
from fulfillment.domain.events import FeedEvent
from fulfillment.domain.webhooks import require_event_types
from fulfillment.store.feed import events_after, events_head
from fulfillment.store.outbox_floor import floor
from fulfillment.store.transaction import read_snapshot


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, and the cursor from which the next page follows, now or later."""

    events: list[FeedEvent]
    next_cursor: Cursor


def read_events(
    engine: Engine,
    cursor: Cursor | None,
    limit: int,
    *,
    types: tuple[str, ...] = (),
    subject: str | None = None,
) -> EventPage:
    """Read the events after `cursor`, without one from the oldest that is kept.

    Raises
    ------
    EventsForgotten
        When some that follow the cursor are kept no longer.
    """
    require_event_types(types)

    def read(connection: Connection) -> EventPage:
        start = floor(connection) if cursor is None else cursor
        require_kept(connection, start)
        head = events_head(connection)
        events = events_after(connection, start, limit, types=types, subject=subject)
        is_full = len(events) == limit
        reached = events[-1].cursor if is_full else max([start, head, *(each.cursor for each in events)])
        return EventPage(events, reached)

    return read_snapshot(engine, read)


def require_kept(connection: Connection, cursor: Cursor) -> None:
    """Refuse a cursor that the feed cannot be followed from.

    Raises
    ------
    EventsForgotten
        Naming the oldest one that it can.
    """
    oldest = floor(connection)
    if cursor < oldest:
        raise EventsForgotten(
            f"events after {cursor} are kept no longer; read afresh what you follow, and go on from {oldest}",
            oldest=str(oldest),
        )
