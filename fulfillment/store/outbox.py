"""Events, written in the transaction of what they tell; delivery is at least once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select

from fulfillment.store.rowset import Rows, insert_rows, rows_of
from fulfillment.store.schema.base import own_transaction
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.transaction import LostRace


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to `subject`, told in a JSON document."""

    event_id: str
    type: str
    subject: str
    data: Mapping[str, object]


def add_events(connection: Connection, events: Sequence[Event], occurred_at: datetime) -> None:
    """Add events to the outbox, in their order; whoever calls holds the locks of their subjects.

    Raises
    ------
    LostRace
        When a subject has an event of a transaction that began later and ended before this one got the
        subject's lock. Readers follow transactions in the order in which they began and would tell the two
        the wrong way round; a fresh attempt begins after both.
    """
    if not events:
        return
    o = outbox.c
    rows: Rows = {
        o.event_id: [event.event_id for event in events],
        o.type: [event.type for event in events],
        o.subject: [event.subject for event in events],
        o.data: [dict(event.data) for event in events],
        o.occurred_at: [occurred_at] * len(events),
    }
    if connection.dialect.name != "postgresql":
        insert_rows(connection, outbox, rows)
        return
    given = rows_of(connection, rows)
    subjects = rows_of(connection, {o.subject: sorted({event.subject for event in events})}, "subjects")
    later = exists().where(o.subject == subjects.c.subject, o.xid > own_transaction())
    in_order = select(*(given.c[column.name] for column in rows)).where(~later.correlate(None))
    added = connection.execute(
        insert(outbox).from_select([column.name for column in rows], in_order),
        execution_options={"preserve_rowcount": True},
    )
    if added.rowcount != len(events):
        raise LostRace("a later transaction was first to tell something of the same subject")
