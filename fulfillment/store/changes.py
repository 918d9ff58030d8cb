"""How often what decisions depend on has changed: what tells a running process to read it again.

Counting the rows of every versioned table would tell it too, and takes as long as the catalogue is large;
this takes one look at two rows, so that no order need be refused on what was so a moment ago.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from fulfillment.store.schema.network import change_count


class Changed(StrEnum):
    """What has changed."""

    REFERENCE = "reference"  # network, catalogue, price list, policy
    BUFFERS = "buffers"  # safety stocks and what channels leave alone


@dataclass(frozen=True, slots=True)
class Changes:
    """How often each has changed: the same counts, the same data."""

    reference: int = 0
    buffers: int = 0


def note_change(connection: Connection, what: Changed) -> None:
    """Count a change in; its row stays locked until the transaction ends, so no change hides another."""
    c = change_count.c
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    first = insert(change_count).values(what=what.value, changes=1)
    connection.execute(first.on_conflict_do_update(index_elements=[c.what], set_={"changes": c.changes + 1}))


def read_changes(connection: Connection) -> Changes:
    """Read how often each has changed so far."""
    counts = {what: changes for what, changes in connection.execute(select(change_count))}
    return Changes(counts.get(Changed.REFERENCE, 0), counts.get(Changed.BUFFERS, 0))
