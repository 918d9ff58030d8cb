"""All that a ledger holds, in a form in which two ledgers with the same history are equal."""

import re
from typing import Any

from sqlalchemy import Engine, select

from fulfillment.store.schema import metadata

_GENERATED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|entry-[0-9]+|'ledger_position': '[0-9a-f-]+'"
)
_OF_THE_ATTEMPT = {"position", "xid"}
"""Columns that an attempt which was rolled back has moved on."""

State = dict[str, tuple[tuple[str, ...], ...]]


def ledger_state(engine: Engine) -> State:
    """Read every table; what each attempt draws anew, ids and positions, is one word."""
    with engine.connect() as connection:
        return {
            table.name: tuple(
                sorted(
                    tuple(
                        _plain(value) for name, value in row._mapping.items() if name not in _OF_THE_ATTEMPT
                    )
                    for row in connection.execute(select(table))
                )
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


def _plain(value: object) -> str:
    return _GENERATED.sub("<id>", repr(value))
