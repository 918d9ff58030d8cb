"""Events, written in the transaction of what they tell; delivery is at least once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.messaging import outbox


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to `subject`, told in a JSON document."""

    event_id: str
    type: str
    subject: str
    data: Mapping[str, object]


def add_events(connection: Connection, events: Sequence[Event], occurred_at: datetime) -> None:
    """Add events to the outbox, in their order."""
    o = outbox.c
    insert_rows(
        connection,
        outbox,
        {
            o.event_id: [event.event_id for event in events],
            o.type: [event.type for event in events],
            o.subject: [event.subject for event in events],
            o.data: [dict(event.data) for event in events],
            o.occurred_at: [occurred_at] * len(events),
        },
    )
