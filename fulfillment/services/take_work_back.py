"""Take work back from nodes: what a cancelled order, or an order that is decided anew, no longer needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fulfillment.domain.placing import Position
from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.domain.transitions import FULFILLMENT_ORDERS, PARCELS, FulfillmentOrderState, Verb
from fulfillment.store.order_work import WorkInHand


def cancellable(work: Sequence[WorkInHand]) -> list[WorkInHand]:
    """Return the fulfillment orders that are to be cancelled: all that claim units.

    Raises
    ------
    MoveRefused
        When one of them has left the house, or reached its customer.
    """
    left = [each for each in work if each.state not in _VOID]
    for each in left:
        FULFILLMENT_ORDERS.move(each.state, Verb.CANCEL, each.fulfillment_order_id)
    return left


def parcels_to_cancel(work: Sequence[WorkInHand]) -> list[str]:
    """List their parcels that have not ended."""
    return sorted(
        parcel_id
        for each in work
        for parcel_id, state in each.parcels.items()
        if Verb.CANCEL in PARCELS.allowed(state)
    )


def uncommit_entries(
    units: Mapping[Position, int], *, order_id: str, cause: str, actor: str, now: datetime
) -> list[Entry]:
    """Give committed units back; `cause` makes the ids unique."""
    return [
        Entry(
            entry_id=f"{cause}/{number}",
            node_id=node_id,
            sku_id=sku_id,
            source=StockState.COMMITTED,
            target=StockState.AVAILABLE,
            qty=qty,
            reason=EntryReason.UNCOMMIT,
            reference=order_id,
            actor=actor,
            occurred_at=now,
            recorded_at=now,
        )
        for number, ((node_id, sku_id), qty) in enumerate(sorted(units.items()))
    ]


_VOID = (FulfillmentOrderState.CANCELLED, FulfillmentOrderState.REJECTED)
"""What was cancelled or routed elsewhere claims nothing any more; what nobody collected still does."""
