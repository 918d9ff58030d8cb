"""When a decision means that an order is not placed, and what its customer is told then."""

from fulfillment.domain.errors import FulfillmentError, InsufficientStock, NotFound, Shortfall
from fulfillment.domain.lines import units_by_sku
from fulfillment.domain.placing import Decision, OnShort, OrderRequest, WhyUnfilled


def refusal_of(request: OrderRequest, decision: Decision) -> FulfillmentError | None:
    """Tell why the order is refused; None where it is placed, with all of its units or some.

    A SKU that nobody knows refuses the order whatever its `on_short` says: no stock will ever come for it.
    """
    for each in decision.unfilled:
        if each.reason is WhyUnfilled.UNKNOWN_SKU:
            return NotFound(
                f"there is no SKU {each.sku_id}", kind="sku", id=each.sku_id, line_no=each.line_no
            )
    if not decision.unfilled or request.on_short is OnShort.BACKORDER:
        return None
    if request.on_short is OnShort.PARTIAL and decision.parcels:
        return None
    return InsufficientStock(_shortfalls(request, decision))


def _shortfalls(request: OrderRequest, decision: Decision) -> list[Shortfall]:
    """Add up what lacks by SKU; the first reason of a SKU stands for all of its lines."""
    missing: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for each in decision.unfilled:
        missing[each.sku_id] = missing.get(each.sku_id, 0) + each.qty
        reasons.setdefault(each.sku_id, each.reason.value)
    requested = units_by_sku(request.lines)
    return [
        Shortfall("", sku_id, requested[sku_id], requested[sku_id] - qty, reasons[sku_id])
        for sku_id, qty in missing.items()
    ]
