"""The work that decisions give to nodes: fulfillment orders and their parcels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.fulfillment_orders import FulfillmentOrder
from fulfillment.domain.parcels import Parcel
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    parcel,
    parcel_line,
)


@dataclass(frozen=True, slots=True)
class NodeWork:
    """A fulfillment order as it is decided, with its parcels."""

    fulfillment_order: FulfillmentOrder
    decision_id: str
    parcels: Sequence[Parcel]


def add_work(connection: Connection, work: Sequence[NodeWork], recorded_at: datetime) -> None:
    """Add fulfillment orders, their parcels and the lines of both."""
    given = [each.fulfillment_order for each in work]
    f, line = fulfillment_order.c, fulfillment_order_line.c
    insert_rows(
        connection,
        fulfillment_order,
        {
            f.fulfillment_order_id: [each.fulfillment_order_id for each in given],
            f.order_id: [each.order_id for each in given],
            f.node_id: [each.node_id for each in given],
            f.decision_id: [each.decision_id for each in work],
            f.method: [each.method.value for each in given],
            f.state: [each.state.value for each in given],
            f.release_at: [each.release_at for each in given],
            f.recorded_at: [recorded_at] * len(given),
            f.version: [1] * len(given),
        },
    )
    lines = [(each, its) for each in given for its in each.lines]
    insert_rows(
        connection,
        fulfillment_order_line,
        {
            line.fulfillment_order_id: [each.fulfillment_order_id for each, _ in lines],
            line.order_id: [each.order_id for each, _ in lines],
            line.line_no: [its.line_no for _, its in lines],
            line.sku_id: [its.sku_id for _, its in lines],
            line.qty: [its.qty for _, its in lines],
            line.picked: [0] * len(lines),
        },
    )
    nodes = {each.fulfillment_order_id: each.node_id for each in given}
    _add_parcels(connection, [each for one in work for each in one.parcels], nodes, recorded_at)


def _add_parcels(
    connection: Connection, parcels: Sequence[Parcel], nodes: Mapping[str, str], recorded_at: datetime
) -> None:
    p, line = parcel.c, parcel_line.c
    insert_rows(
        connection,
        parcel,
        {
            p.parcel_id: [each.parcel_id for each in parcels],
            p.fulfillment_order_id: [each.fulfillment_order_id for each in parcels],
            p.node_id: [nodes[each.fulfillment_order_id] for each in parcels],
            p.carrier: [each.carrier for each in parcels],
            p.service: [each.service for each in parcels],
            p.state: [each.state.value for each in parcels],
            p.recorded_at: [recorded_at] * len(parcels),
            p.version: [1] * len(parcels),
        },
    )
    lines = [(each, its) for each in parcels for its in each.lines]
    insert_rows(
        connection,
        parcel_line,
        {
            line.parcel_id: [each.parcel_id for each, _ in lines],
            line.fulfillment_order_id: [each.fulfillment_order_id for each, _ in lines],
            line.line_no: [its.line_no for _, its in lines],
            line.qty: [its.qty for _, its in lines],
        },
    )
