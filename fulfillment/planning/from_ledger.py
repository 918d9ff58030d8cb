"""Read the orders that wait in the ledger, and what can serve them, as a scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.kinds import Method
from fulfillment.domain.policy import DECIDED_METHODS
from fulfillment.scenario.tables import (
    NO_INDEX,
    UNLIMITED_PARCELS,
    Ints,
    Nodes,
    OrderLines,
    Orders,
    PostalCodes,
    Rates,
    Scenario,
    Skus,
    Stock,
    Times,
)
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
from fulfillment.store.ledger import ledger_position
from fulfillment.store.planning_reads import read_day
from fulfillment.store.transaction import read_snapshot

Index = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """What a plan decides about, as it stood at one moment of the ledger.

    Attributes
    ----------
    position : int
        Of the last stock entry that was seen.
    left_out : list of str
        Waiting orders that no plan can serve: to a place that the ledger does not know, sold at a till, or
        for a kit, whose components no plan can commit there yet.
    """

    scenario: Scenario
    position: int
    read_at: datetime
    left_out: list[str]


def read_ledger(engine: Engine, clock: Clock) -> LedgerDay:
    """Read all waiting orders and what can serve them, at one moment."""
    now = clock.now()

    def read(connection: Connection) -> tuple[RetailDay, int]:
        return read_day(connection, now), ledger_position(connection)

    day, position = read_snapshot(engine, read)
    scenario, left_out = to_scenario(day)
    return LedgerDay(scenario, position, now, left_out)


def to_scenario(day: RetailDay) -> tuple[Scenario, list[str]]:
    """Turn the ledger's columns into a scenario; also name the orders that no plan can serve."""
    node, sku = _index(day.nodes.node_id), _index(day.skus.sku_id)
    place = _index(day.postal_codes.postal_code)
    serves = _can_be_served(day, place)
    orders = _orders(day.orders, serves, node, place)
    scenario = Scenario(
        nodes=nodes_of(day.nodes),
        skus=skus_of(day.skus),
        stock=_stock(day.stock, node, sku),
        orders=orders,
        order_lines=_order_lines(day.order_lines, _index(orders.order_id), sku),
        postal_codes=postal_codes_of(day.postal_codes),
        rates=rates_of(day.rates),
    )
    left_out = [order_id for order_id, kept in zip(day.orders.order_id, serves, strict=True) if not kept]
    return scenario, left_out


def _can_be_served(day: RetailDay, place: Index) -> list[bool]:
    lines, orders = day.order_lines, day.orders
    for_kits = {
        order_id
        for order_id, sku_id in zip(lines.order_id, lines.sku_id, strict=True)
        if sku_id in day.kit_sku_ids
    }
    return [
        method in DECIDED_METHODS
        and (postal_code in place or method == Method.PICK_UP)
        and order_id not in for_kits
        for order_id, method, postal_code in zip(
            orders.order_id, orders.method, orders.postal_code, strict=True
        )
    ]


def nodes_of(nodes: NodeColumns) -> Nodes:
    """Turn the ledger's nodes into a scenario's."""
    unlimited = [UNLIMITED_PARCELS if qty is None else qty for qty in nodes.capacity_parcels]
    return Nodes(
        node_id=list(nodes.node_id),
        kind=list(nodes.kind),
        name=list(nodes.name),
        lat=np.array(nodes.lat, np.float64),
        lon=np.array(nodes.lon, np.float64),
        timezone=list(nodes.timezone),
        opening_hours=list(nodes.opening_hours),
        ships=np.array(nodes.ships, np.bool_),
        pickup=np.array(nodes.pickup, np.bool_),
        same_day_radius_km=np.array(nodes.same_day_radius_km, np.float64),
        cutoff_local=list(nodes.cutoff_local),
        processing_minutes=_ints(nodes.processing_minutes),
        handling_micros_per_unit=_ints(nodes.handling_micros_per_unit),
        handling_micros_per_parcel=_ints(nodes.handling_micros_per_parcel),
        capacity_parcels=_ints(unlimited),
        commission_pct=np.array(nodes.commission_bp, np.float64) / 100,
    )


def skus_of(skus: SkuColumns) -> Skus:
    """Turn the ledger's products into a scenario's."""
    return Skus(
        sku_id=list(skus.sku_id),
        gtin=list(skus.gtin),
        name=list(skus.name),
        price_micros=_ints(skus.price_micros),
        weight_g=_ints(skus.weight_g),
    )


def _stock(stock: StockColumns, node: Index, sku: Index) -> Stock:
    return Stock(
        node=_ints([node[node_id] for node_id in stock.node_id]),
        sku=_ints([sku[sku_id] for sku_id in stock.sku_id]),
        available=_ints(stock.available),
        safety_stock=_ints(stock.safety_stock),
        incoming=_ints(stock.incoming),
        incoming_on=["" if on is None else on.isoformat() for on in stock.incoming_on],
    )


def _orders(orders: OrderColumns, kept: Sequence[bool], node: Index, place: Index) -> Orders:
    keep = np.flatnonzero(np.array(kept, np.bool_)).tolist()

    def some(column: Sequence[str]) -> list[str]:
        return [column[k] for k in keep]

    postal = [orders.postal_code[k] for k in keep]
    pickup = [orders.pickup_node_id[k] for k in keep]
    return Orders(
        order_id=some(orders.order_id),
        placed_at=_times([orders.placed_at[k] for k in keep]),
        channel=some(orders.channel),
        postal=_ints([NO_INDEX if code is None else place.get(code, NO_INDEX) for code in postal]),
        method=some(orders.method),
        service=some(orders.service),
        pickup_node=_ints([NO_INDEX if node_id is None else node[node_id] for node_id in pickup]),
        promise_by=_times([orders.promise_by[k] for k in keep]),
        priority=_ints([orders.priority[k] for k in keep]),
        customer_id=some(orders.customer_id),
    )


def _order_lines(lines: OrderLineColumns, order: Index, sku: Index) -> OrderLines:
    keep = [k for k, order_id in enumerate(lines.order_id) if order_id in order]
    return OrderLines(
        order=_ints([order[lines.order_id[k]] for k in keep]),
        line_no=_ints([lines.line_no[k] for k in keep]),
        sku=_ints([sku[lines.sku_id[k]] for k in keep]),
        qty=_ints([lines.qty[k] for k in keep]),
    )


def postal_codes_of(codes: PostalCodeColumns) -> PostalCodes:
    """Turn the ledger's places into a scenario's."""
    return PostalCodes(
        postal_code=list(codes.postal_code),
        lat=np.array(codes.lat, np.float64),
        lon=np.array(codes.lon, np.float64),
        population=_ints(codes.population),
    )


def rates_of(rates: RateColumns) -> Rates:
    """Turn the ledger's price lists into a scenario's."""
    return Rates(
        carrier=list(rates.carrier),
        service=list(rates.service),
        method=list(rates.method),
        zone=_ints(rates.zone),
        max_km=np.array(rates.max_km, np.float64),
        max_weight_g=_ints(rates.max_weight_g),
        cost_micros=_ints(rates.cost_micros),
        transit_days=_ints(rates.transit_days),
    )


def _index(names: Sequence[str]) -> dict[str, int]:
    return {name: k for k, name in enumerate(names)}


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, np.int64)


def _times(moments: Sequence[datetime | None]) -> Times:
    """Drop the zone, which is UTC; None becomes NaT."""
    naive = [None if moment is None else moment.replace(tzinfo=None) for moment in moments]
    return np.array(naive, "datetime64[us]")
