"""Read one order with all that belongs to it, as plain documents."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
    parcel,
    parcel_line,
)

Document = dict[str, Any]
_OF_ORDER = ("order_id", "state", "review", "version", "placed_at", "channel", "method", "service",
             "postal_code", "pickup_node_id", "promise_by", "priority", "customer_id",
             "on_short")  # fmt: skip


def read_order(connection: Connection, order_id: str) -> Document | None:
    """Read an order, its lines and its fulfillment orders, by id and line number; None when it is unknown."""
    heads = _documents(
        connection, select(*(orders.c[name] for name in _OF_ORDER)).where(orders.c.order_id == order_id)
    )
    if not heads:
        return None
    line = order_line.c
    lines = _documents(
        connection,
        select(line.line_no, line.sku_id, line.qty, line.allocated, line.cancelled)
        .where(line.order_id == order_id)
        .order_by(line.line_no),
    )
    return {
        **heads[0],
        "lines": lines,
        "fulfillment_orders": _work(connection, order_id),
    }


def read_timeline(connection: Connection, order_id: str, limit: int) -> list[Document]:
    """Read what was told of an order, oldest first."""
    o = outbox.c
    rows = connection.execute(
        select(o.occurred_at, o.type, o.data)
        .where(o.subject == order_id)
        .order_by(o.occurred_at, o.position)
        .limit(limit)
    )
    return [{"at": at, "type": its_type, "data": data} for at, its_type, data in rows]


def _work(connection: Connection, order_id: str) -> list[Document]:
    f, p = fulfillment_order.c, parcel.c
    fl, pl = fulfillment_order_line.c, parcel_line.c
    heads = _documents(
        connection,
        select(f.fulfillment_order_id, f.node_id, f.method, f.state, f.release_at)
        .where(f.order_id == order_id)
        .order_by(f.recorded_at, f.fulfillment_order_id),
    )
    if not heads:
        return []
    mine = [each["fulfillment_order_id"] for each in heads]
    lines = _documents(
        connection,
        select(fl.fulfillment_order_id, fl.line_no, fl.sku_id, fl.qty)
        .where(fl.fulfillment_order_id.in_(mine))
        .order_by(fl.line_no),
    )
    parcels = _documents(
        connection,
        select(p.fulfillment_order_id, p.parcel_id, p.carrier, p.service, p.departs_at, p.arrives_at)
        .where(p.fulfillment_order_id.in_(mine))
        .order_by(p.parcel_id),
    )
    inside = _documents(
        connection,
        select(pl.parcel_id, pl.line_no, fl.sku_id, pl.qty)
        .join(
            fulfillment_order_line,
            (fl.fulfillment_order_id == pl.fulfillment_order_id) & (fl.line_no == pl.line_no),
        )
        .where(pl.fulfillment_order_id.in_(mine))
        .order_by(pl.line_no),
    )
    for its in parcels:
        its["lines"] = _of(inside, "parcel_id", its["parcel_id"])
    for each in heads:
        owner = each["fulfillment_order_id"]
        each["lines"] = _of(lines, "fulfillment_order_id", owner)
        each["parcels"] = _of(parcels, "fulfillment_order_id", owner)
    return heads


def _documents(connection: Connection, rows: Select[*tuple[Any, ...]]) -> list[Document]:
    # SQLAlchemy's names of columns are more than text, which not every writer of JSON takes.
    return [{str(name): value for name, value in row.items()} for row in connection.execute(rows).mappings()]


def _of(documents: Sequence[Document], key: str, owner: str) -> list[Document]:
    """Take what belongs to `owner`, and leave out the key that says so."""
    return [
        {name: value for name, value in each.items() if name != key}
        for each in documents
        if each[key] == owner
    ]
