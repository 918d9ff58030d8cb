"""Post groups of entries: all of a group or nothing.

A call takes any number of entries and makes a fixed number of statements (`stock_rows.py`). Under the locks
each entry goes through the domain's `apply`; what the call moves on one row is added up before the row is
changed once.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Connection

from fulfillment.domain.stock import Balance, Border, Entry
from fulfillment.store.buffers import floors_of
from fulfillment.store.posting import EntryGroup, Position, Posted, Posting
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

_COPIED = {
    name: attrgetter(name)
    for name in ("entry_id", "node_id", "sku_id", "source", "target", "qty", "reason", "reference", "actor",
                 "occurred_at", "recorded_at")
}  # fmt: skip


def post(
    connection: Connection,
    groups: Sequence[EntryGroup],
    *,
    ids_are_new: bool = False,
) -> Posted:
    """Post groups of entries, in the order given, within the caller's transaction.

    Parameters
    ----------
    ids_are_new : bool
        The ids were made a moment ago: no entry has one of them, and none is looked up.

    Returns
    -------
    Posted
        A refused group leaves no trace and does not fail the others: `InsufficientStock` names each position
        that lacks units, `NotFound` a position that has no stock row, `Conflict` an entry id that stands for
        another movement.
    """
    entries = [entry for group in groups for entry in group.entries]
    positions = sorted({(entry.node_id, entry.sku_id) for entry in entries})
    make_rows(connection, sorted({(e.node_id, e.sku_id) for e in entries if isinstance(e.source, Border)}))
    # Before the locks, which others wait for: a rule that comes later speaks to those who come later.
    channels = {group.sells_on for group in groups if group.sells_on is not None}
    floors = floors_of(connection, positions, channels)
    before = lock_balances(connection, positions)
    known = None if ids_are_new else known_movements(connection, [entry.entry_id for entry in entries])
    posting = Posting(before, known, floors)
    posted = posting.take_all(groups)
    posted.balances.update(posting.after)
    if posting.accepted:
        changed = {(entry.node_id, entry.sku_id) for entry, _ in posting.accepted}
        change_rows(
            connection,
            {position: _counts(posting.before[position]) for position in changed},
            {position: _counts(posting.after[position]) for position in changed},
            posting.lowest_floor,
        )
        _add_entries(connection, posting.accepted)
    return posted


def lock_balances(connection: Connection, positions: Sequence[Position]) -> dict[Position, Balance]:
    """Lock rows in (node, SKU) order and read them.

    A caller who locks before he posts must give every position that he will post to: a row that is locked
    later may stand earlier in the order.
    """
    return {
        position: Balance(
            available=available,
            reserved=reserved,
            committed=committed,
            unavailable=unavailable,
            version=version,
        )
        for position, (available, reserved, committed, unavailable, version) in lock_rows(
            connection, positions
        ).items()
    }


def _add_entries(connection: Connection, accepted: Sequence[tuple[Entry, Balance]]) -> None:
    e = stock_entry.c
    entries, balances = [entry for entry, _ in accepted], [after for _, after in accepted]
    rows: dict[Column[Any], Sequence[object]] = {
        e[name]: list(map(read, entries)) for name, read in _COPIED.items()
    }
    rows[e.stock_version] = [after.version for after in balances]
    for name in STATES:
        rows[e[f"{name}_after"]] = list(map(attrgetter(name), balances))
    add_entries(connection, rows)


def _counts(balance: Balance) -> Counts:
    return (balance.available, balance.reserved, balance.committed, balance.unavailable, balance.version)
