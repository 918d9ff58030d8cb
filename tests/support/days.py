"""A retailer's day small enough to check by hand, and plans over it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from fulfillment.clock import ManualClock
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.commit_plan import CommitContext
from fulfillment.services.node_work import Allocation
from fulfillment.store.columns import (
    NodeColumns,
    OrderColumns,
    OrderLineColumns,
    PostalCodeColumns,
    RateColumns,
    RetailDay,
    SkuColumns,
    StockColumns,
)
from fulfillment.store.plans import PlanHead
from fulfillment.store.posting import Position

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Lines = Sequence[tuple[str, int]]
"""SKU and qty of lines 1, 2, …"""


def a_day(
    stock: Mapping[Position, int],
    orders: Mapping[str, Lines],
    *,
    safety: Mapping[Position, int] | None = None,
    incoming: Mapping[Position, tuple[int, date]] | None = None,
    capacity: int | None = None,
    price_micros: int = 12_345_678,
) -> RetailDay:
    """Units by position, and lines by order. Everything is shipped from stores to one postal code."""
    nodes = sorted({node_id for node_id, _ in stock})
    skus = sorted({s for _, s in stock} | {s for lines in orders.values() for s, _ in lines})
    safety, incoming = safety or {}, incoming or {}
    count = len(nodes)
    lines = [(o, n, s, q) for o, its in orders.items() for n, (s, q) in enumerate(its, start=1)]
    due = [incoming.get(position, (0, None)) for position in stock]
    ids = list(orders)
    return RetailDay(
        nodes=NodeColumns(
            node_id=nodes,
            kind=["store"] * count,
            name=nodes,
            lat=[40.1 + index / 7 for index in range(count)],
            lon=[-73.9] * count,
            timezone=["America/New_York"] * count,
            opening_hours=["Mo-Su 09:00-21:00"] * count,
            ships=[True] * count,
            pickup=[True] * count,
            same_day_radius_km=[12.5] * count,
            cutoff_local=["17:00"] * count,
            processing_minutes=[240] * count,
            handling_micros_per_unit=[605_000] * count,
            handling_micros_per_parcel=[900_000] * count,
            commission_bp=[825] * count,
            capacity_parcels=[capacity] * count,
        ),
        skus=SkuColumns(
            sku_id=skus,
            gtin=["09520000000004"] * len(skus),
            name=skus,
            price_micros=[price_micros] * len(skus),
            weight_g=[250] * len(skus),
        ),
        postal_codes=PostalCodeColumns(["10001"], [40.75], [-73.99], [21_000]),
        rates=RateColumns(
            carrier=["usps", "usps"],
            service=["ground", "ground"],
            method=["SHIPPING", "SHIPPING"],
            zone=[1, 1],
            max_km=[80.5, 80.5],
            max_weight_g=[454, 907],
            cost_micros=[6_200_000, 6_400_000],
            transit_days=[1, 1],
        ),
        stock=StockColumns(
            node_id=[node_id for node_id, _ in stock],
            sku_id=[sku_id for _, sku_id in stock],
            available=list(stock.values()),
            safety_stock=[safety.get(position, 0) for position in stock],
            incoming=[qty for qty, _ in due],
            incoming_on=[on for _, on in due],
        ),
        orders=OrderColumns(
            order_id=ids,
            placed_at=[NOON + timedelta(seconds=index) for index in range(len(ids))],
            channel=["web"] * len(ids),
            postal_code=["10001"] * len(ids),
            method=["SHIPPING"] * len(ids),
            service=["standard"] * len(ids),
            pickup_node_id=[None] * len(ids),
            promise_by=[NOON + timedelta(days=3)] * len(ids),
            priority=[3] * len(ids),
            customer_id=["C1"] * len(ids),
        ),
        order_lines=OrderLineColumns(
            order_id=[order_id for order_id, _, _, _ in lines],
            line_no=[line_no for _, line_no, _, _ in lines],
            sku_id=[sku_id for _, _, sku_id, _ in lines],
            qty=[qty for _, _, _, qty in lines],
        ),
    )


def a_context(
    plan_id: str,
    *,
    stock_prices: Sequence[tuple[str, str, int]] = (),
    capacity_prices: Sequence[tuple[str, str, int]] = (),
) -> CommitContext:
    """Commit at noon under this plan id, with a window of ten minutes."""
    clock = ManualClock(NOON)
    return CommitContext(
        head=PlanHead(
            plan_id=plan_id,
            policy_digest="policy",
            total_cents=1_000,
            lower_bound_cents=900,
            manifest={"seed": 1},
            stock_prices=stock_prices,
            capacity_prices=capacity_prices,
        ),
        release_window=timedelta(minutes=10),
        actor="planner",
        clock=clock,
        ids=TimeOrderedIds(clock),
    )


def allocate(order_id: str, node_id: str, *lines: tuple[int, str, int]) -> list[Allocation]:
    """One parcel from a node; lines are (line_no, sku_id, qty)."""
    parcel = f"{order_id}-{node_id}"
    return [
        Allocation(order_id, line_no, sku_id, node_id, parcel, "usps", "ground", qty)
        for line_no, sku_id, qty in lines
    ]


def plan_first_come(day: RetailDay) -> list[Allocation]:
    """A small planner: each line from whatever positions have units left, in their order."""
    s = day.stock
    left = {
        (node_id, sku_id): max(0, available - safety)
        for node_id, sku_id, available, safety in zip(
            s.node_id, s.sku_id, s.available, s.safety_stock, strict=True
        )
    }
    plan: list[Allocation] = []
    lines = day.order_lines
    for order_id, line_no, sku_id, qty in zip(
        lines.order_id, lines.line_no, lines.sku_id, lines.qty, strict=True
    ):
        wanted = qty
        for node_id, its_sku in left:
            take = min(wanted, left[node_id, its_sku]) if its_sku == sku_id else 0
            if take:
                left[node_id, sku_id] -= take
                wanted -= take
                plan.extend(allocate(order_id, node_id, (line_no, sku_id, take)))
    return plan
