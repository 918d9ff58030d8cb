"""Say a scenario in the ledger's words."""

from datetime import UTC, date, datetime

import numpy as np

from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.tables import NO_INDEX, UNLIMITED_PARCELS, Orders, Scenario, Times
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


def retail_day(scenario: Scenario) -> RetailDay:
    """Turn a scenario into the columns that the ledger loads.

    Raises
    ------
    InvalidRequest
        When it has kits or alternatives, of which the ledger's orders know nothing yet.
    """
    _refuse_unknown(scenario)
    lines, order_id = scenario.order_lines, scenario.orders.order_id
    return RetailDay(
        nodes=_nodes(scenario),
        skus=SkuColumns(
            sku_id=scenario.skus.sku_id,
            gtin=scenario.skus.gtin,
            name=scenario.skus.name,
            price_micros=scenario.skus.price_micros.tolist(),
            weight_g=scenario.skus.weight_g.tolist(),
        ),
        postal_codes=PostalCodeColumns(
            postal_code=scenario.postal_codes.postal_code,
            lat=scenario.postal_codes.lat.tolist(),
            lon=scenario.postal_codes.lon.tolist(),
            population=scenario.postal_codes.population.tolist(),
        ),
        rates=_rates(scenario),
        stock=_stock(scenario),
        orders=_orders(scenario, scenario.orders),
        order_lines=OrderLineColumns(
            order_id=[order_id[k] for k in lines.order.tolist()],
            line_no=lines.line_no.tolist(),
            sku_id=[scenario.skus.sku_id[k] for k in lines.sku.tolist()],
            qty=lines.qty.tolist(),
        ),
    )


def _refuse_unknown(scenario: Scenario) -> None:
    kits, flexible = np.unique(scenario.kits.kit), np.unique(scenario.alternatives.order)
    if len(kits) or len(flexible):
        raise InvalidRequest(
            f"the ledger takes no kits (here {len(kits):,}) and no alternatives "
            f"(here of {len(flexible):,} orders) yet, and would lose them",
            remedy="plan the folder with `fulfillment plan DIR`, or take kits, alternatives and the orders "
            "that need them out of it",
            kits=len(kits),
            flexible_orders=len(flexible),
        )


def _nodes(scenario: Scenario) -> NodeColumns:
    nodes = scenario.nodes
    capacities = nodes.capacity_parcels.tolist()
    return NodeColumns(
        node_id=nodes.node_id,
        kind=nodes.kind,
        name=nodes.name,
        lat=nodes.lat.tolist(),
        lon=nodes.lon.tolist(),
        timezone=nodes.timezone,
        opening_hours=nodes.opening_hours,
        ships=nodes.ships.tolist(),
        pickup=nodes.pickup.tolist(),
        same_day_radius_km=nodes.same_day_radius_km.tolist(),
        cutoff_local=nodes.cutoff_local,
        processing_minutes=nodes.processing_minutes.tolist(),
        handling_micros_per_unit=nodes.handling_micros_per_unit.tolist(),
        handling_micros_per_parcel=nodes.handling_micros_per_parcel.tolist(),
        commission_bp=np.rint(nodes.commission_pct * 100).astype(np.int64).tolist(),
        capacity_parcels=[None if qty == UNLIMITED_PARCELS else qty for qty in capacities],
    )


def _rates(scenario: Scenario) -> RateColumns:
    rates = scenario.rates
    return RateColumns(
        carrier=rates.carrier,
        service=rates.service,
        method=rates.method,
        zone=rates.zone.tolist(),
        max_km=rates.max_km.tolist(),
        max_weight_g=rates.max_weight_g.tolist(),
        cost_micros=rates.cost_micros.tolist(),
        transit_days=rates.transit_days.tolist(),
    )


def _stock(scenario: Scenario) -> StockColumns:
    stock = scenario.stock
    return StockColumns(
        node_id=[scenario.nodes.node_id[k] for k in stock.node.tolist()],
        sku_id=[scenario.skus.sku_id[k] for k in stock.sku.tolist()],
        available=stock.available.tolist(),
        safety_stock=stock.safety_stock.tolist(),
        incoming=stock.incoming.tolist(),
        incoming_on=[date.fromisoformat(on) if on else None for on in stock.incoming_on],
    )


def _orders(scenario: Scenario, orders: Orders) -> OrderColumns:
    codes, node_id = scenario.postal_codes.postal_code, scenario.nodes.node_id
    return OrderColumns(
        order_id=orders.order_id,
        placed_at=[_utc(moment) for moment in _moments(orders.placed_at)],
        channel=orders.channel,
        postal_code=[None if k == NO_INDEX else codes[k] for k in orders.postal.tolist()],
        method=orders.method,
        service=orders.service,
        pickup_node_id=[None if k == NO_INDEX else node_id[k] for k in orders.pickup_node.tolist()],
        promise_by=[None if moment is None else _utc(moment) for moment in _moments(orders.promise_by)],
        priority=orders.priority.tolist(),
        customer_id=orders.customer_id,
    )


def _moments(times: Times) -> list[datetime | None]:
    """Naive datetimes; None for NaT."""
    moments: list[datetime | None] = times.astype("datetime64[us]").tolist()
    return moments


def _utc(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("every order has a moment at which it was placed")
    return moment.replace(tzinfo=UTC)
