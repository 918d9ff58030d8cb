"""Events, written in the transaction of what they tell; delivery is at least once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Executable, FromClause, func, insert, select

from fulfillment.store.rowset import Inserts, Rows, TableRows, execute_over, insert_rows
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
    rows = {**_rows_of(events), outbox.c.occurred_at: [occurred_at] * len(events)}
    if connection.dialect.name != "postgresql":
        insert_rows(connection, outbox, rows)
        return
    added = execute_over(connection, _adding, rows).all()
    if len(added) != len(events):
        raise LostRace("a later transaction was first to tell something of the same subject")


def add_first_events(inserts: Inserts, events: Sequence[Event], occurred_at: datetime) -> None:
    """Add events whose subjects begin with this transaction, so that no other can have told of them."""
    if events:
        inserts.add(outbox, TableRows(_rows_of(events), {outbox.c.occurred_at: occurred_at}))


def _rows_of(events: Sequence[Event]) -> Rows:
    o = outbox.c
    return {
        o.event_id: [event.event_id for event in events],
        o.type: [event.type for event in events],
        o.subject: [event.subject for event in events],
        o.data: [dict(event.data) for event in events],
    }


def _adding(given: FromClause) -> Executable:
    # Asked once over all subjects: asked of each row, the rows would be joined, and come in any order.
    subjects = given.alias("subjects")
    # One look into an index a subject, whatever the planner knows of the table's size.
    latest = select(func.max(outbox.c.xid)).where(outbox.c.subject == subjects.c.subject).scalar_subquery()
    is_later = select(subjects.c.subject).where(latest > own_transaction()).exists()
    names = [column.name for column in given.c]
    in_order = select(*given.c).where(~is_later.correlate(None))
    return insert(outbox).from_select(names, in_order).returning(outbox.c.position)
