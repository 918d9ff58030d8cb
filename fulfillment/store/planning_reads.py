"""Read what a plan decides about: orders that wait, and what they can be served from, at one moment."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from fulfillment.domain.transitions import OrderState, ParcelState
from fulfillment.store.buffers import read_buffers
from fulfillment.store.columns import (
    NodeColumns,
    OrderColumns,
    OrderLineColumns,
    RetailDay,
    StockColumns,
)
from fulfillment.store.holds import expired_units
from fulfillment.store.network_reads import (
    columns_of,
    read_kits,
    read_nodes,
    read_postal_codes,
    read_price_lists,
    read_skus,
)
from fulfillment.store.orders import UNITS_WAITING
from fulfillment.store.schema.orders import order_line, orders, parcel
from fulfillment.store.schema.stock import stock

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
        skus=read_skus(connection),
        postal_codes=read_postal_codes(connection),
        rates=read_price_lists(connection),
        stock=_stock(connection, now),
        orders=_orders(connection),
        order_lines=_order_lines(connection),
        kit_sku_ids=frozenset(read_kits(connection).kit_sku_id),
    )


def _nodes(connection: Connection) -> NodeColumns:
    nodes = read_nodes(connection)
    waiting = (
        select(parcel.c.node_id, func.count())
        .where(parcel.c.state.in_(USES_CAPACITY))
        .group_by(parcel.c.node_id)
    )
    used = {node_id: parcels for node_id, parcels in connection.execute(waiting)}
    # A node that is over its limit already has nothing left, rather than less than nothing.
    left = [
        None if limit is None else max(0, limit - used.get(node_id, 0))
        for node_id, limit in zip(nodes.node_id, nodes.capacity_parcels, strict=True)
    ]
    return replace(nodes, capacity_parcels=left)


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
    return OrderColumns(*columns_of(connection, rows))


def _order_lines(connection: Connection) -> OrderLineColumns:
    line = order_line.c
    rows = (
        select(line.order_id, line.line_no, line.sku_id, UNITS_WAITING)
        .join_from(orders, order_line, orders.c.order_id == line.order_id)
        .where(orders.c.state.in_(WAITING), UNITS_WAITING > 0)
        .order_by(orders.c.placed_at, line.order_id, line.line_no)
    )
    return OrderLineColumns(*columns_of(connection, rows))
