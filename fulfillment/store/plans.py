"""Plans, the prices that prove them, and the decision on each order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from fulfillment.store.rowset import insert_rows, rows_of
from fulfillment.store.schema.planning import decision, plan, plan_capacity_price, plan_stock_price
from fulfillment.store.transaction import racing_for_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHead:
    """What a plan says about itself.

    Attributes
    ----------
    lower_bound_cents : int or None
        None when nothing was proved.
    manifest : mapping
        Inputs, versions, seed and timings, as a JSON document.
    stock_prices : sequence of (node_id, sku_id, micros)
    capacity_prices : sequence of (node_id, slot, micros)
    """

    plan_id: str
    policy_digest: str
    total_cents: int
    lower_bound_cents: int | None = None
    manifest: Mapping[str, object]
    stock_prices: Sequence[tuple[str, str, int]] = ()
    capacity_prices: Sequence[tuple[str, str, int]] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one order."""

    decision_id: str
    order_id: str
    units_left: int


def add_plan(connection: Connection, head: PlanHead, recorded_at: datetime) -> bool:
    """Add a plan that is about to be committed; return False when it is there already."""
    if connection.execute(select(plan.c.state).where(plan.c.plan_id == head.plan_id)).first() is not None:
        return False
    p, s, c = plan.c, plan_stock_price.c, plan_capacity_price.c
    with racing_for_keys():
        insert_rows(
            connection,
            plan,
            {
                p.plan_id: [head.plan_id],
                p.state: ["committing"],
                p.policy_digest: [head.policy_digest],
                p.total_cents: [head.total_cents],
                p.lower_bound_cents: [head.lower_bound_cents],
                p.manifest: [dict(head.manifest)],
                p.recorded_at: [recorded_at],
            },
        )
    insert_rows(
        connection,
        plan_stock_price,
        {
            s.plan_id: [head.plan_id] * len(head.stock_prices),
            s.node_id: [node_id for node_id, _, _ in head.stock_prices],
            s.sku_id: [sku_id for _, sku_id, _ in head.stock_prices],
            s.price_micros: [micros for _, _, micros in head.stock_prices],
        },
    )
    insert_rows(
        connection,
        plan_capacity_price,
        {
            c.plan_id: [head.plan_id] * len(head.capacity_prices),
            c.node_id: [node_id for node_id, _, _ in head.capacity_prices],
            c.slot: [slot for _, slot, _ in head.capacity_prices],
            c.price_micros: [micros for _, _, micros in head.capacity_prices],
        },
    )
    return True


def finish_plan(connection: Connection, plan_id: str) -> None:
    """Mark a plan whose every group was committed."""
    connection.execute(update(plan).where(plan.c.plan_id == plan_id).values(state="committed"))


def decided_by(connection: Connection, plan_id: str, order_ids: Iterable[str]) -> set[str]:
    """Tell which orders a plan has decided already."""
    d = decision.c
    given = rows_of(connection, {d.order_id: list(order_ids)})
    rows = connection.execute(
        select(d.order_id)
        .join_from(given, decision, d.order_id == given.c.order_id)
        .where(d.plan_id == plan_id)
    )
    return set(rows.scalars())


def add_decisions(
    connection: Connection,
    decisions: Sequence[Decision],
    plan_id: str,
    policy_digest: str,
    decided_at: datetime,
) -> None:
    """Add the decisions of a plan."""
    d = decision.c
    insert_rows(
        connection,
        decision,
        {
            d.decision_id: [each.decision_id for each in decisions],
            d.order_id: [each.order_id for each in decisions],
            d.plan_id: [plan_id] * len(decisions),
            d.policy_digest: [policy_digest] * len(decisions),
            d.units_left: [each.units_left for each in decisions],
            d.decided_at: [decided_at] * len(decisions),
        },
    )
