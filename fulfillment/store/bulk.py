"""Post many entries at once, each on its own: applied, a duplicate, or refused with a reason.

The same rules as `post` of `stock.py` over groups of one entry, for callers that send tens of thousands a
second: columns instead of objects, and one loop instead of a call an entry. A property test holds the two to
one outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
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


class RowsMissing(Exception):
    """Units arrive where there is no stock row yet; nothing was posted, and rows may be locked."""


def post_each(
    connection: Connection, entries: EntryColumns, *, actor: str, recorded_at: datetime, makes_rows: bool
) -> BulkPosted:
    """Post entries in the order given, within the caller's transaction.

    Parameters
    ----------
    makes_rows : bool
        Look for missing rows of stock and make them. That costs a tenth, and entries nearly always arrive
        where there are units already: try without it first, and once more with it in a fresh transaction.

    Raises
    ------
    RowsMissing
        When `makes_rows` is False and it is needed: no row is made once one is locked.
    """
    positions = list(zip(entries.node_id, entries.sku_id, strict=True))
    arriving = set(compress(positions, map(_BORDERS.__contains__, entries.source)))
    if makes_rows:
        make_rows(connection, sorted(arriving))
    named = sorted(set(positions))
    before = lock_rows(connection, named)
    if not makes_rows and not arriving <= before.keys():
        raise RowsMissing
    known = known_movements(connection, entries.entry_id)
    rows = {position: list(counts) for position, counts in before.items()}
    posted, after = _take_all(entries, positions, rows, known)
    if posted.applied:
        changed = {
            position: _counts(row)
            for position, row in rows.items()
            if row[_VERSION] != before[position][_VERSION]
        }
        change_rows(connection, before, changed, {})
        # By position, and there as they apply: neighbours in the index of positions are found together.
        rank = {position: place for place, position in enumerate(named)}
        places = [rank[positions[index]] for index in posted.applied]
        in_order = sorted(range(len(places)), key=places.__getitem__)
        taken = [posted.applied[number] for number in in_order]
        _add(connection, entries, taken, [after[number] for number in in_order], actor, recorded_at)
    return posted


def _take_all(
    entries: EntryColumns,
    positions: Sequence[Position],
    rows: Mapping[Position, list[int]],
    known: Mapping[str, Movement],
) -> tuple[BulkPosted, list[tuple[int, ...]]]:
    """Move units in `rows`, in place; return the outcomes, and the row after each entry that applies."""
    posted = BulkPosted()
    after: list[tuple[int, ...]] = []
    may_repeat = bool(known) or len(set(entries.entry_id)) < len(positions)
    earlier: dict[str, int] = {}  # entries of this call that apply, by id; kept where one may repeat
    moves = zip(_states(entries.source), _states(entries.target), entries.qty, strict=True)
    for index, (position, (leaves, arrives, qty)) in enumerate(zip(positions, moves, strict=True)):
        if may_repeat and (movement := _posted_as(entries, index, earlier, known)):
            if movement == _movement(entries, index):
                posted.duplicates.append(index)
            else:
                posted.refused[index] = _posted_otherwise(entries.entry_id[index])
            continue
        row = rows.get(position)
        if row is None:
            posted.refused[index] = _no_row(position)
            continue
        if leaves != _BORDER and row[leaves] < qty:
            posted.refused[index] = InsufficientStock([Shortfall(*position, qty, row[leaves])])
            continue
        if arrives != _BORDER and row[arrives] > MAX_UNITS - qty:
            posted.refused[index] = _too_many(position, entries.target[index], qty, row[arrives])
            continue
        if leaves != _BORDER:
            row[leaves] -= qty
        if arrives != _BORDER:
            row[arrives] += qty
        row[_VERSION] += 1
        if may_repeat:
            earlier[entries.entry_id[index]] = index
        posted.applied.append(index)
        after.append(tuple(row))
    return posted, after


def _states(places: Sequence[str]) -> list[int]:
    """Tell where in a row the units of each place are counted; `_BORDER` where in none."""
    of_place = {place: _STATE_INDEX.get(place, _BORDER) for place in set(places)}
    return [of_place[place] for place in places]


def _posted_as(
    entries: EntryColumns, index: int, earlier: Mapping[str, int], known: Mapping[str, Movement]
) -> Movement | None:
    """Return what the entry's id stands for already, if for anything."""
    entry_id = entries.entry_id[index]
    if entry_id in earlier:
        return _movement(entries, earlier[entry_id])
    return known.get(entry_id)


def _add(
    connection: Connection,
    entries: EntryColumns,
    applied: Sequence[int],
    after: Sequence[tuple[int, ...]],
    actor: str,
    recorded_at: datetime,
) -> None:
    e = stock_entry.c
    rows: dict[Column[Any], Sequence[object]] = {
        e[name]: list(map(getattr(entries, name).__getitem__, applied))
        for name in EntryColumns.__dataclass_fields__
    }
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


def _posted_otherwise(entry_id: str) -> Conflict:
    return Conflict(f"entry {entry_id} was posted with another content", entry_id=entry_id)


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
