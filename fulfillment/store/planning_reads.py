"""Read what a plan decides about: orders that wait, and what they can be served from, at one moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from fulfillment.domain.transitions import OrderState, ParcelState
from fulfillment.store.buffers import read_buffers
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
from fulfillment.store.holds import expired_units
from fulfillment.store.network import current_rate_version, read_rates
from fulfillment.store.schema.catalogue import kit, kit_component, sku_version
from fulfillment.store.schema.network import EVERY_DAY, calendar, capacity, node_version, postal_code
from fulfillment.store.schema.orders import order_line, orders, parcel
from fulfillment.store.schema.stock import stock
from fulfillment.store.versions import current_rows

WAITING = (OrderState.OPEN.value, OrderState.BACK_ORDERED.value)
USES_CAPACITY = (ParcelState.PLANNED.value, ParcelState.PACKED.value)


def read_day(connection: Connection, now: datetime) -> RetailDay:
    """Read everything that a plan needs. Call it within `read_snapshot`: it takes several statements.

    An order stands with the units that no node covers yet. A position's ``available`` counts what holds that
    have expired by `now` still reserve; its ``incoming`` is left 0, since supply binds no plan. A node's
    capacity is what the parcels that it has not sent yet leave of it.
    """
    return RetailDay(
        nodes=_nodes(connection),
        skus=_skus(connection),
        postal_codes=_postal_codes(connection),
        rates=_rates(connection),
        stock=_stock(connection, now),
        orders=_orders(connection),
        order_lines=_order_lines(connection),
        kit_sku_ids=_kits(connection),
    )


def _nodes(connection: Connection) -> NodeColumns:
    n = node_version.c
    hours = current_rows(calendar, calendar.c.node_id, calendar.c.opening_hours).subquery("hours")
    limits = (
        current_rows(capacity, capacity.c.node_id, capacity.c.qty)
        .where(capacity.c.slot == EVERY_DAY, capacity.c.unit == "parcels")
        .subquery("limits")
    )
    waiting = (
        select(parcel.c.node_id, func.count().label("parcels"))
        .where(parcel.c.state.in_(USES_CAPACITY))
        .group_by(parcel.c.node_id)
        .subquery("waiting")
    )
    # A node that is over its limit already has nothing left, rather than less than nothing.
    used = func.coalesce(waiting.c.parcels, 0)
    rows = (
        current_rows(
            node_version,
            n.node_id,
            n.kind,
            n.name,
            n.lat,
            n.lon,
            n.timezone,
            func.coalesce(hours.c.opening_hours, ""),
            n.ships,
            n.pickup,
            n.same_day_radius_km,
            n.cutoff_local,
            n.processing_minutes,
            n.handling_micros_per_unit,
            n.handling_micros_per_parcel,
            n.commission_bp,
            case((limits.c.qty < used, 0), else_=limits.c.qty - used),
        )
        .outerjoin(hours, hours.c.node_id == n.node_id)
        .outerjoin(limits, limits.c.node_id == n.node_id)
        .outerjoin(waiting, waiting.c.node_id == n.node_id)
        .order_by(n.node_id)
    )
    return NodeColumns(*_columns(connection, rows))


def _skus(connection: Connection) -> SkuColumns:
    s = sku_version.c
    rows = current_rows(sku_version, s.sku_id, s.gtin, s.name, s.price_micros, s.weight_g)
    return SkuColumns(*_columns(connection, rows.order_by(s.sku_id)))


def _kits(connection: Connection) -> frozenset[str]:
    """Name the SKUs that are kits now: whose current recipe has components."""
    current = current_rows(kit, kit.c.kit_sku_id, kit.c.version).subquery("current")
    is_current = and_(
        kit_component.c.kit_sku_id == current.c.kit_sku_id, kit_component.c.version == current.c.version
    )
    rows = select(kit_component.c.kit_sku_id).join_from(current, kit_component, is_current)
    return frozenset(connection.scalars(rows.distinct()))


def _postal_codes(connection: Connection) -> PostalCodeColumns:
    p = postal_code.c
    rows = current_rows(postal_code, p.postal_code, p.lat, p.lon, p.population)
    return PostalCodeColumns(*_columns(connection, rows.order_by(p.postal_code)))


def _rates(connection: Connection) -> RateColumns:
    steps: list[tuple[Any, ...]] = read_rates(connection, current_rate_version(connection))
    return RateColumns(*_transposed(steps, len(RateColumns.__dataclass_fields__)))


def _stock(connection: Connection, now: datetime) -> StockColumns:
    expired = expired_units(connection, now)
    safety = read_buffers(connection, channels=())
    rows = connection.execute(
        select(stock.c.node_id, stock.c.sku_id, stock.c.available).order_by(stock.c.node_id, stock.c.sku_id)
    ).all()
    positions = [(row.node_id, row.sku_id) for row in rows]
    return StockColumns(
        node_id=[node_id for node_id, _ in positions],
        sku_id=[sku_id for _, sku_id in positions],
        available=[
            row.available + expired.get(position, 0) for row, position in zip(rows, positions, strict=True)
        ],
        safety_stock=[safety.safety_stock(*position) for position in positions],
        incoming=[0] * len(rows),
        incoming_on=[None] * len(rows),
    )


def _orders(connection: Connection) -> OrderColumns:
    o = orders.c
    rows = (
        select(
            o.order_id,
            o.placed_at,
            o.channel,
            o.postal_code,
            o.method,
            o.service,
            o.pickup_node_id,
            o.promise_by,
            o.priority,
            o.customer_id,
        )
        .where(o.state.in_(WAITING))
        .order_by(o.placed_at, o.order_id)
    )
    return OrderColumns(*_columns(connection, rows))


def _order_lines(connection: Connection) -> OrderLineColumns:
    line = order_line.c
    rows = (
        select(line.order_id, line.line_no, line.sku_id, line.qty - line.allocated)
        .join_from(orders, order_line, orders.c.order_id == line.order_id)
        .where(orders.c.state.in_(WAITING), line.allocated < line.qty)
        .order_by(orders.c.placed_at, line.order_id, line.line_no)
    )
    return OrderLineColumns(*_columns(connection, rows))


def _columns(connection: Connection, rows: Select[*tuple[Any, ...]]) -> list[list[Any]]:
    return _transposed(connection.execute(rows).all(), len(rows.selected_columns))


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
