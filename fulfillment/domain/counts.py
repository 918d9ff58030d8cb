"""A node's own count of a SKU: compared with what the books said at that moment, never written over them.

A count takes time to arrive, and units move meanwhile. So it is compared with the balance *at the moment of
counting*, and what it lacks or has too much is booked on the balance of now. What moved since is neither
counted twice nor lost, and the same count again finds no difference.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fulfillment.domain.checks import require_units
from fulfillment.domain.stock import Balance, Border, Entry, EntryReason, Place, StockState
from fulfillment.domain.till import DRAW_ORDER


@dataclass(frozen=True, slots=True)
class CountedSku:
    """What was counted of one SKU.

    Attributes
    ----------
    qty : int
        Units fit for sale, whoever was promised them: available, reserved and committed ones.
    unavailable : int or None
        Units set aside, damaged or in quality control; None when those were not counted.
    """

    sku_id: str
    qty: int
    unavailable: int | None = None

    def __post_init__(self) -> None:
        require_units("qty", self.qty)
        if self.unavailable is not None:
            require_units("unavailable", self.unavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Counting of one SKU at one node.

    Attributes
    ----------
    count_id : str
        Of the whole sheet; unique a node.
    counted_at, recorded_at : datetime
        UTC.
    """

    count_id: str
    node_id: str
    counted: CountedSku
    actor: str
    counted_at: datetime
    recorded_at: datetime

    def entry_id(self, number: int) -> str:
        """Name its entries; the same count again collides with its first one."""
        parts = (self.count_id, self.node_id, self.counted.sku_id)
        return f"count/{'/'.join(quote(part, safe='') for part in parts)}/{number}"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a count changes.

    Attributes
    ----------
    entries : tuple of Entry
        To post on the balance of now, in order.
    difference : int
        Units fit for sale that were counted, less those in the books at that moment.
    unexplained : int
        Units that lack although the books of now have no more to take them from: something left the node
        since that the books do not know, or the count is wrong.
    """

    entries: tuple[Entry, ...]
    difference: int
    unexplained: int


def adjust(count: Count, now: Balance, fit_for_sale: int, unavailable: int) -> Adjustment:
    """Compare a count with the books.

    Units that lack are taken from what is available, then from what holds reserve, then from what orders were
    promised, as at the till.

    Parameters
    ----------
    now : Balance
        The balance that the entries will be posted to, locked.
    fit_for_sale, unavailable : int
        Units in the books at the moment of counting.
    """
    difference = count.counted.qty - fit_for_sale
    moves: list[tuple[Place, Place, int]] = []
    lacking = max(0, -difference)
    if difference > 0:
        moves.append((Border.LOSS, StockState.AVAILABLE, difference))
    for state in DRAW_ORDER:
        if taken := min(lacking, now.units(state)):
            moves.append((state, Border.LOSS, taken))
            lacking -= taken
    if count.counted.unavailable is not None:
        change = count.counted.unavailable - unavailable
        if change > 0:
            moves.append((Border.LOSS, StockState.UNAVAILABLE, change))
        elif taken := min(-change, now.unavailable):
            moves.append((StockState.UNAVAILABLE, Border.LOSS, taken))
    entries = tuple(_entry(count, number, *move) for number, move in enumerate(moves, start=1))
    return Adjustment(entries, difference, lacking)


def _entry(count: Count, number: int, source: Place, target: Place, qty: int) -> Entry:
    return Entry(
        entry_id=count.entry_id(number),
        node_id=count.node_id,
        sku_id=count.counted.sku_id,
        source=source,
        target=target,
        qty=qty,
        reason=EntryReason.COUNT,
        reference=count.count_id,
        actor=count.actor,
        # It says how things stood then: counted once more, they are no different.
        occurred_at=count.counted_at,
        recorded_at=count.recorded_at,
    )
