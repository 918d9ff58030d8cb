"""Read what the running decision keeps of stock: balances, expiring holds, prices of the last plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from fulfillment.domain.transitions import HoldState
from fulfillment.store.network_reads import columns_of
from fulfillment.store.posting import Position
from fulfillment.store.rowset import rows_of
from fulfillment.store.schema.orders import hold, hold_line
from fulfillment.store.schema.planning import plan, plan_capacity_price, plan_stock_price
from fulfillment.store.schema.stock import stock, supply


@dataclass(frozen=True, slots=True)
class BalanceColumns:
    """What is available at every position, and the version of the balance that says so."""

    node_id: Sequence[str]
    sku_id: Sequence[str]
    available: Sequence[int]
    version: Sequence[int]


@dataclass(frozen=True, slots=True)
class PlanPrices:
    """What a plan says that stock and capacity are worth, in micros."""

    plan_id: str
    stock: dict[Position, int]
    nodes: dict[str, int]


def read_balances(connection: Connection) -> BalanceColumns:
    """Read every position."""
    s = stock.c
    return BalanceColumns(*columns_of(connection, select(s.node_id, s.sku_id, s.available, s.version)))


def read_expiring(connection: Connection, until: datetime) -> list[tuple[str, str, datetime, int]]:
    """Read node, SKU, moment and units of what active holds reserve that expire by `until`."""
    line = hold_line.c
    rows = connection.execute(
        select(line.node_id, line.sku_id, hold.c.expires_at, line.qty)
        .join_from(hold, hold_line, hold.c.hold_id == line.hold_id)
        .where(hold.c.state == HoldState.ACTIVE.value, hold.c.expires_at <= until)
    )
    return [(node_id, sku_id, expires_at, qty) for node_id, sku_id, expires_at, qty in rows]


def read_expired_of(
    connection: Connection, sku_ids: Collection[str], now: datetime
) -> list[tuple[str, str, datetime, int]]:
    """Read the same of some SKUs, of holds that have expired by `now`."""
    line = hold_line.c
    given = rows_of(connection, {line.sku_id: sorted(sku_ids)})
    rows = connection.execute(
        select(line.node_id, line.sku_id, hold.c.expires_at, line.qty)
        .select_from(given)
        .join(hold_line, line.sku_id == given.c.sku_id)
        .join(hold, hold.c.hold_id == line.hold_id)
        .where(hold.c.state == HoldState.ACTIVE.value, hold.c.expires_at <= now)
    )
    return [(node_id, sku_id, expires_at, qty) for node_id, sku_id, expires_at, qty in rows]


def read_due(connection: Connection, sku_ids: Collection[str], by: date) -> dict[Position, int]:
    """Add up the supply of some SKUs that is due by a day and not yet promised."""
    s = supply.c
    given = rows_of(connection, {s.sku_id: sorted(sku_ids)})
    rows = connection.execute(
        select(s.node_id, s.sku_id, func.sum(s.qty - s.promised))
        .join_from(given, supply, s.sku_id == given.c.sku_id)
        .where(s.state == "due", s.due_on <= by)
        .group_by(s.node_id, s.sku_id)
    )
    return {(node_id, sku_id): int(qty) for node_id, sku_id, qty in rows}


def newest_plan(connection: Connection) -> str | None:
    """Name the plan that was committed last; None where none was."""
    committed = select(plan.c.plan_id).where(plan.c.state == "committed")
    newest = committed.order_by(plan.c.recorded_at.desc(), plan.c.plan_id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none()


def read_prices(connection: Connection, plan_id: str) -> PlanPrices:
    """Read the prices of a plan; where capacity has slots, a node's highest price counts."""
    s, c = plan_stock_price.c, plan_capacity_price.c
    stock_rows = connection.execute(
        select(s.node_id, s.sku_id, s.price_micros).where(s.plan_id == plan_id, s.price_micros > 0)
    )
    of_stock = {(node_id, sku_id): micros for node_id, sku_id, micros in stock_rows}
    of_nodes: dict[str, int] = {}
    for node_id, micros in connection.execute(
        select(c.node_id, c.price_micros).where(c.plan_id == plan_id, c.price_micros > 0)
    ):
        of_nodes[node_id] = max(micros, of_nodes.get(node_id, 0))
    return PlanPrices(plan_id, of_stock, of_nodes)
