"""Post many entries at once, each on its own: applied, a duplicate, or refused with a reason.

The same rules as `post` of `stock.py` over groups of one entry, for callers that send tens of thousands a
second: columns instead of objects, and one loop instead of a call an entry. A property test holds the two to
one outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import (
    Conflict,
    FulfillmentError,
    InsufficientStock,
    InvalidRequest,
    NotFound,
    Shortfall,
)
from fulfillment.domain.stock import Border
from fulfillment.store.posting import Movement, Position
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.stock_rows import (
    STATES,
    Counts,
    add_entries,
    change_rows,
    known_movements,
    lock_rows,
    make_rows,
)

_BORDERS = {border.value for border in Border}
_BORDER = -1
_STATE_INDEX = {name: index for index, name in enumerate(STATES)}
_VERSION = len(STATES)


@dataclass(frozen=True, slots=True)
class EntryColumns:
    """Entries that were checked already, as `Entry` checks them; columns of one length."""

    entry_id: Sequence[str]
    node_id: Sequence[str]
    sku_id: Sequence[str]
    source: Sequence[str]
    target: Sequence[str]
    qty: Sequence[int]
    reason: Sequence[str]
    reference: Sequence[str]
    occurred_at: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class BulkPosted:
    """What became of each entry, by its place in the call."""

    applied: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    refused: dict[int, FulfillmentError] = field(default_factory=dict)


def post_each(
    connection: Connection, entries: EntryColumns, *, actor: str, recorded_at: datetime
) -> BulkPosted:
    """Post entries in the order given, within the caller's transaction."""
    positions = list(zip(entries.node_id, entries.sku_id, strict=True))
    arriving = {
        position for position, source in zip(positions, entries.source, strict=True) if source in _BORDERS
    }
    make_rows(connection, sorted(arriving))
    before = lock_rows(connection, sorted(set(positions)))
    known = known_movements(connection, entries.entry_id)
    rows = {position: list(counts) for position, counts in before.items()}
    posted, after = _take_all(entries, positions, rows, known)
    if posted.applied:
        changed = {positions[index] for index in posted.applied}
        change_rows(
            connection,
            before,
            {position: _counts(rows[position]) for position in changed},
            floors={},
        )
        _add(connection, entries, posted.applied, after, actor, recorded_at)
    return posted


def _take_all(
    entries: EntryColumns,
    positions: Sequence[Position],
    rows: Mapping[Position, list[int]],
    known: dict[str, Movement],
) -> tuple[BulkPosted, list[tuple[int, ...]]]:
    """Move units in `rows`, in place; return the outcomes, and the row after each entry that applies."""
    posted = BulkPosted()
    after: list[tuple[int, ...]] = []
    given = zip(entries.entry_id, positions, entries.source, entries.target, entries.qty, strict=True)
    for index, (entry_id, position, source, target, qty) in enumerate(given):
        if entry_id in known:
            if known[entry_id] == _movement(entries, index):
                posted.duplicates.append(index)
            else:
                posted.refused[index] = Conflict(
                    f"entry {entry_id} was posted with another content", entry_id=entry_id
                )
            continue
        row = rows.get(position)
        if row is None:
            posted.refused[index] = _no_row(position)
            continue
        leaves, arrives = _STATE_INDEX.get(source, _BORDER), _STATE_INDEX.get(target, _BORDER)
        if leaves != _BORDER and row[leaves] < qty:
            posted.refused[index] = InsufficientStock([Shortfall(*position, qty, row[leaves])])
            continue
        if arrives != _BORDER and row[arrives] > MAX_UNITS - qty:
            posted.refused[index] = _too_many(position, target, qty, row[arrives])
            continue
        if leaves != _BORDER:
            row[leaves] -= qty
        if arrives != _BORDER:
            row[arrives] += qty
        row[_VERSION] += 1
        known[entry_id] = _movement(entries, index)
        posted.applied.append(index)
        after.append(tuple(row))
    return posted, after


def _add(
    connection: Connection,
    entries: EntryColumns,
    applied: Sequence[int],
    after: Sequence[tuple[int, ...]],
    actor: str,
    recorded_at: datetime,
) -> None:
    e = stock_entry.c
    rows: dict[Column[Any], Sequence[object]] = {}
    for name in EntryColumns.__dataclass_fields__:
        column = getattr(entries, name)
        rows[e[name]] = column if len(applied) == len(column) else [column[index] for index in applied]
    rows[e.actor] = [actor] * len(applied)
    rows[e.recorded_at] = [recorded_at] * len(applied)
    *states, versions = zip(*after, strict=True)
    for name, column in zip(STATES, states, strict=True):
        rows[e[f"{name}_after"]] = column
    rows[e.stock_version] = versions
    add_entries(connection, rows)


def _movement(entries: EntryColumns, index: int) -> Movement:
    return (
        entries.node_id[index],
        entries.sku_id[index],
        entries.source[index],
        entries.target[index],
        entries.qty[index],
        entries.reason[index],
    )


def _no_row(position: Position) -> NotFound:
    node_id, sku_id = position
    return NotFound(f"{sku_id} has no stock row at {node_id}", kind="stock", id=f"{node_id}/{sku_id}")


def _too_many(position: Position, target: str, qty: int, there: int) -> InvalidRequest:
    node_id, sku_id = position
    return InvalidRequest(
        f"{qty} units more than {there} {target} of {sku_id} at {node_id}",
        remedy=f"a state holds at most {MAX_UNITS} units; check the quantity",
        key="qty",
        value=qty,
    )


def _counts(row: Sequence[int]) -> Counts:
    available, reserved, committed, unavailable, version = row
    return (available, reserved, committed, unavailable, version)
