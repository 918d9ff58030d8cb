"""A sale at the till: the unit in the customer's hand is sold, whatever the books say.

The sale draws on what is available, then on what holds reserve, then on what orders were promised. Whoever
lost a unit is found by the sources of the entries, told, and routed anew.
"""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.checks import require_units
from fulfillment.domain.stock import Balance, Border, Entry, EntryReason, Place, StockState

DRAW_ORDER = (StockState.AVAILABLE, StockState.RESERVED, StockState.COMMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSale:
    """Units of one SKU carried out of one node.

    Attributes
    ----------
    sale_id : str
        Unique a receipt line; entry ids are made from it.
    reference : str
        The receipt.
    actor : str
        The till.
    occurred_at, recorded_at : datetime
        UTC.
    """

    sale_id: str
    node_id: str
    sku_id: str
    qty: int
    reference: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime

    def __post_init__(self) -> None:
        require_units("qty", self.qty, at_least=1)


def sale_entries(balance: Balance, sale: TillSale) -> list[Entry]:
    """List the entries to post for a sale, in order; applied to `balance` they always succeed.

    Units beyond these three states are *found* first: they were there, or they could not have been sold.
    Units set aside as unavailable are not drawn on: a damaged unit is seldom what a customer carries out.

    Parameters
    ----------
    balance : Balance
        The balance that the entries will be posted to, locked or guarded by its version.
    sale : TillSale
        What was sold.

    Returns
    -------
    list of Entry
        At most one `found` entry, then one `sell` entry a state drawn on. Ids are numbered, not named after
        the state: a repeated sale that meets another balance must still collide with its first entry.
    """
    found = max(0, sale.qty - sum(balance.units(state) for state in DRAW_ORDER))
    moves: list[tuple[EntryReason, Place, Place, int]] = []
    if found:
        moves.append((EntryReason.FOUND, Border.LOSS, StockState.AVAILABLE, found))
    left = sale.qty
    for state in DRAW_ORDER:
        there = balance.units(state) + (found if state is StockState.AVAILABLE else 0)
        if taken := min(left, there):
            moves.append((EntryReason.SELL, state, Border.CUSTOMER, taken))
            left -= taken
    return [
        Entry(
            entry_id=f"{sale.sale_id}:{number}",
            node_id=sale.node_id,
            sku_id=sale.sku_id,
            source=source,
            target=target,
            qty=qty,
            reason=reason,
            reference=sale.reference,
            actor=sale.actor,
            occurred_at=sale.occurred_at,
            recorded_at=sale.recorded_at,
        )
        for number, (reason, source, target, qty) in enumerate(moves, start=1)
    ]
