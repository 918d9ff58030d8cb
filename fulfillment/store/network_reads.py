"""Read the network and the catalogue as they are now: the current version of every row."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from fulfillment.store.columns import KitColumns, NodeColumns, PostalCodeColumns, RateColumns, SkuColumns
from fulfillment.store.network import current_rate_version, read_rates
from fulfillment.store.schema.catalogue import kit, kit_component, sku_version
from fulfillment.store.schema.network import (
    EVERY_DAY,
    calendar,
    calendar_closed_date,
    capacity,
    node_version,
    postal_code,
)
from fulfillment.store.schema.planning import policy
from fulfillment.store.versions import current_rows


def read_nodes(connection: Connection) -> NodeColumns:
    """Read the nodes; their capacity is what they can send on any day, whatever they have to send already."""
    n = node_version.c
    hours = current_rows(calendar, calendar.c.node_id, calendar.c.opening_hours).subquery("hours")
    limits = (
        current_rows(capacity, capacity.c.node_id, capacity.c.qty)
        .where(capacity.c.slot == EVERY_DAY, capacity.c.unit == "parcels")
        .subquery("limits")
    )
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
            limits.c.qty,
        )
        .outerjoin(hours, hours.c.node_id == n.node_id)
        .outerjoin(limits, limits.c.node_id == n.node_id)
        .order_by(n.node_id)
    )
    return NodeColumns(*columns_of(connection, rows))


def read_skus(connection: Connection) -> SkuColumns:
    """Read the products."""
    s = sku_version.c
    rows = current_rows(sku_version, s.sku_id, s.gtin, s.name, s.price_micros, s.weight_g)
    return SkuColumns(*columns_of(connection, rows.order_by(s.sku_id)))


def read_kits(connection: Connection) -> KitColumns:
    """Read the components of every SKU that is a kit now, sorted by kit."""
    current = current_rows(kit, kit.c.kit_sku_id, kit.c.version).subquery("current")
    c = kit_component.c
    is_current = and_(c.kit_sku_id == current.c.kit_sku_id, c.version == current.c.version)
    rows = (
        select(c.kit_sku_id, c.sku_id, c.qty)
        .join_from(current, kit_component, is_current)
        .order_by(c.kit_sku_id, c.sku_id)
    )
    return KitColumns(*columns_of(connection, rows))


def read_postal_codes(connection: Connection) -> PostalCodeColumns:
    """Read the places to deliver to."""
    p = postal_code.c
    rows = current_rows(postal_code, p.postal_code, p.lat, p.lon, p.population)
    return PostalCodeColumns(*columns_of(connection, rows.order_by(p.postal_code)))


def read_price_lists(connection: Connection) -> RateColumns:
    """Read the steps of the current price lists."""
    steps: list[tuple[Any, ...]] = read_rates(connection, current_rate_version(connection))
    return RateColumns(*_transposed(steps, len(RateColumns.__dataclass_fields__)))


def read_closed_dates(connection: Connection) -> dict[str, frozenset[date]]:
    """Read the local days on which nodes send nothing, by node_id of those that have any."""
    current = current_rows(calendar, calendar.c.node_id, calendar.c.version).subquery("current")
    c = calendar_closed_date.c
    is_current = and_(c.node_id == current.c.node_id, c.version == current.c.version)
    rows = connection.execute(
        select(c.node_id, c.closed_on).join_from(current, calendar_closed_date, is_current)
    )
    closed: dict[str, set[date]] = {}
    for node_id, closed_on in rows:
        closed.setdefault(node_id, set()).add(closed_on)
    return {node_id: frozenset(days) for node_id, days in closed.items()}


def read_policy_toml(connection: Connection) -> str | None:
    """Read the current policy's text; None where none was ever put."""
    newest = select(policy.c.body_toml).order_by(policy.c.version.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none()


def columns_of(connection: Connection, rows: Select[*tuple[Any, ...]]) -> list[list[Any]]:
    """Run a query and return its columns."""
    return _transposed(connection.execute(rows).all(), len(rows.selected_columns))


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
