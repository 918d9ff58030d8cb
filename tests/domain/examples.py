"""Small valid things for the domain's tests to start from."""

from datetime import UTC, datetime

from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.orders import Order
from fulfillment.domain.stock import Border, Entry, EntryReason, Place, StockState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entry(
    qty: int,
    reason: EntryReason = EntryReason.RECEIVE,
    source: Place = Border.SUPPLIER,
    target: Place = StockState.AVAILABLE,
    **changes: object,
) -> Entry:
    values: dict[str, object] = {
        "entry_id": "e1",
        "node_id": "S1",
        "sku_id": "V",
        "source": source,
        "target": target,
        "qty": qty,
        "reason": reason,
        "reference": "test",
        "actor": "tester",
        "occurred_at": NOON,
        "recorded_at": NOON,
    }
    return Entry(**{**values, **changes})


def order(**changes: object) -> Order:
    values: dict[str, object] = {
        "order_id": "O1",
        "channel": "web",
        "method": Method.SHIPPING,
        "lines": (Line(1, "V", 2),),
        "placed_at": NOON,
        "customer_id": "C1",
        "postal_code": "10001",
    }
    return Order(**{**values, **changes})
