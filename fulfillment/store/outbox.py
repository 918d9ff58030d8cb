"""Events, written in the transaction of what they tell; delivery is at least once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from fulfillment.store.rowset import Rows, array_text, insert_rows
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.transaction import LostRace

# As text, because SQLAlchemy takes longer to build it than the database to run it, and every order needs it.
# The greatest transaction of each subject is one look into an index, whatever is known of the table's size.
_INSERT_IN_ORDER = text(
    """
    INSERT INTO outbox (event_id, type, subject, data, occurred_at)
    SELECT * FROM unnest(
        CAST(:event_id AS text[]), CAST(:type AS text[]), CAST(:subject AS text[]), CAST(:data AS jsonb[]),
        CAST(:occurred_at AS timestamptz[])
    )
    WHERE NOT EXISTS (
        SELECT FROM unnest(CAST(:subjects AS text[])) AS told (subject)
        WHERE (SELECT max(xid) FROM outbox WHERE outbox.subject = told.subject)
            > CAST(CAST(pg_current_xact_id() AS text) AS bigint)
    )
    """
).execution_options(preserve_rowcount=True)


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
    values = {column.name: array_text(column, its) for column, its in rows.items()}
    values["subjects"] = array_text(o.subject, sorted({event.subject for event in events}))
    added = connection.execute(_INSERT_IN_ORDER, values)
    if added.rowcount != len(events):
        raise LostRace("a later transaction was first to tell something of the same subject")
