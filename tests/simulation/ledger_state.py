"""All that a ledger holds, in a form in which two ledgers with the same history are equal."""

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, select

from fulfillment.store.schema import metadata
from fulfillment.store.schema.messaging import outbox

_GENERATED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|entry-[0-9]+|'ledger_position': '[0-9a-f-]+'"
)
_OF_THE_ATTEMPT = {"position", "xid"}
"""Columns that an attempt which was rolled back has moved on."""

State = dict[str, tuple[tuple[str, ...], ...]]


def ledger_state(engine: Engine) -> State:
    """Read every table; what each attempt draws anew, ids and positions, is one word."""
    with engine.connect() as connection:
        events = sorted(tuple(row) for row in connection.execute(select(outbox.c.xid, outbox.c.position)))
        return {
            table.name: tuple(
                sorted(tuple(_told(row._mapping, events)) for row in connection.execute(select(table)))
            )
            for table in metadata.sorted_tables
        }


def difference(one: State, other: State) -> dict[str, tuple[set[Any], set[Any]]]:
    """Name the rows that only one of two states has, by table."""
    return {
        table: (set(one[table]) - set(other[table]), set(other[table]) - set(one[table]))
        for table in one
        if one[table] != other[table]
    }


def _told(row: Mapping[str, Any], events: Sequence[tuple[int, ...]]) -> Iterator[str]:
    """Tell a row's values; of a place among the events, how many of them it has behind it."""
    for name, value in row.items():
        kind, _, part = name.rpartition("_")
        if part == "position" and f"{kind}_xid" in row:
            yield str(bisect.bisect_right(events, (row[f"{kind}_xid"], value)))
        elif name not in _OF_THE_ATTEMPT and f"{name.removesuffix('_xid')}_position" not in row:
            yield _plain(value)


def _plain(value: object) -> str:
    return _GENERATED.sub("<id>", repr(value))
