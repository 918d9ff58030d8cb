"""Decide, under the locks of one call, which groups of entries apply. `stock.py` reads and writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fulfillment.domain.errors import (
    Conflict,
    FulfillmentError,
    InsufficientStock,
    InvalidRequest,
    NotFound,
    Shortfall,
)
from fulfillment.domain.stock import Balance, Entry, StockState, apply

Position = tuple[str, str]
"""A node_id and a sku_id."""

Movement = tuple[str, str, str, str, int, str]
"""What makes two entries with one id the same: node, SKU, source, target, qty, reason."""


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """Entries that are posted together or not at all.

    Attributes
    ----------
    group_id : str
        What the caller finds the outcome by: an order, a line of a delivery note. One that stands twice is
        reported twice.
    sells_on : str or None
        The channel that sells what the entries take from ``available``: they then leave the safety stock and
        the channel's own buffer alone. None for work inside the house, which may take the last unit.
    """

    group_id: str
    entries: tuple[Entry, ...]
    sells_on: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of each group.

    Attributes
    ----------
    applied, duplicates : list of str
        Group ids; a duplicate had been posted before, and nothing happened.
    refused : dict
        The reason by group id; nothing of such a group was written.
    balances : dict
        Every position that the groups name and that has a row, as this transaction leaves it; true for
        others once it is committed.
    """

    applied: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    refused: dict[str, FulfillmentError] = field(default_factory=dict)
    balances: dict[Position, Balance] = field(default_factory=dict)


class Posting:
    """The locked rows of one call and what its groups have changed on them so far.

    Parameters
    ----------
    before : mapping
        Balance of every row the call may touch, read under its lock.
    known : mapping or None
        Movement of every entry of the call that is in the ledger already, by entry id. None when each id was
        made for this call: then no entry is looked for.
    floors : mapping
        Units to leave alone, by channel and position; absent is 0.
    """

    def __init__(
        self,
        before: Mapping[Position, Balance],
        known: Mapping[str, Movement] | None,
        floors: Mapping[str, Mapping[Position, int]],
    ) -> None:
        self.before = before
        self.after = dict(before)
        self.accepted: list[tuple[Entry, Balance]] = []
        self.lowest_floor: dict[Position, int] = {}
        """Of the entries that lower a position's available units: the least they must leave."""
        self._known = None if known is None else dict(known)
        self._floors = floors

    def take_all(self, groups: Iterable[EntryGroup]) -> Posted:
        """Take the groups in their order; a refused one changes nothing and does not fail the others."""
        posted = Posted()
        for group in groups:
            try:
                applied = self._take(group)
            except (Conflict, NotFound, InvalidRequest) as refusal:
                posted.refused[group.group_id] = refusal
            else:
                (posted.applied if applied else posted.duplicates).append(group.group_id)
        return posted

    def _take(self, group: EntryGroup) -> bool:
        if self._was_posted(group):
            return False
        balances: dict[Position, Balance] = {}
        accepted: list[tuple[Entry, Balance]] = []
        floors: list[tuple[Position, int]] = []
        shortfalls: list[Shortfall] = []
        for entry in group.entries:
            position = (entry.node_id, entry.sku_id)
            balance = balances.get(position) or self._row(position)
            if entry.source is StockState.AVAILABLE:
                floor = self._floor(group, position)
                if balance.available - floor < entry.qty:
                    there = max(0, balance.available - floor)
                    shortfalls.append(Shortfall(*position, entry.qty, there))
                    continue
                floors.append((position, floor))
            balances[position] = apply(balance, entry)
            accepted.append((entry, balances[position]))
        if shortfalls:
            raise InsufficientStock(shortfalls)
        self.after.update(balances)
        self.accepted.extend(accepted)
        if self._known is not None:
            self._known.update((entry.entry_id, movement_of(entry)) for entry in group.entries)
        for position, floor in floors:
            self.lowest_floor[position] = min(floor, self.lowest_floor.get(position, floor))
        return True

    def _was_posted(self, group: EntryGroup) -> bool:
        posted = self._known
        if posted is None:
            return False
        known = [entry for entry in group.entries if entry.entry_id in posted]
        for entry in known:
            if posted[entry.entry_id] != movement_of(entry):
                raise Conflict(
                    f"entry {entry.entry_id} was posted with another content", entry_id=entry.entry_id
                )
        if known and len(known) < len(group.entries):
            # It would be posted half: the caller composed its ids wrongly.
            raise Conflict(
                f"entry {known[0].entry_id} was posted in another group", entry_id=known[0].entry_id
            )
        return bool(known)

    def _row(self, position: Position) -> Balance:
        balance = self.after.get(position)
        if balance is None:
            node_id, sku_id = position
            raise NotFound(f"{sku_id} has no stock row at {node_id}", kind="stock", id=f"{node_id}/{sku_id}")
        return balance

    def _floor(self, group: EntryGroup, position: Position) -> int:
        return 0 if group.sells_on is None else self._floors[group.sells_on].get(position, 0)


def movement_of(entry: Entry) -> Movement:
    """Return what an entry moves, apart from when and by whom."""
    return (entry.node_id, entry.sku_id, str(entry.source), str(entry.target), entry.qty, str(entry.reason))
