"""Write and read what decisions depend on, a few rows at a time, as the service is told it.

`fulfillment/store/network.py` loads whole tables. Both keep versions: a change is a new row.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from fulfillment.domain.errors import NotFound
from fulfillment.domain.network import Calendar
from fulfillment.store.changes import Changed, note_change
from fulfillment.store.network import RATE_COLUMNS, current_rate_version, read_rates
from fulfillment.store.rowset import insert_rows, rows_of
from fulfillment.store.schema.catalogue import kit, kit_component, sku
from fulfillment.store.schema.network import calendar, calendar_closed_date, capacity, node
from fulfillment.store.schema.planning import policy
from fulfillment.store.transaction import racing_for_keys
from fulfillment.store.versions import add_versions, current_page, current_row, current_rows, given_columns


def put_rows(connection: Connection, table: Table, items: Sequence[object], recorded_at: datetime) -> int:
    """Add a version of each item, whose attributes are named as the table's columns; return how many."""
    rows = {column: [getattr(each, column.name) for each in items] for column in given_columns(table)}
    return add_versions(connection, table, rows, recorded_at)


def require_nodes(connection: Connection, node_ids: Sequence[str]) -> None:
    """Refuse nodes that nobody has told the ledger about.

    Raises
    ------
    NotFound
        Naming the first.
    """
    _require(connection, node, node.c.node_id, "node", node_ids)


def require_skus(connection: Connection, sku_ids: Sequence[str]) -> None:
    """Refuse SKUs that nobody has told the ledger about.

    Raises
    ------
    NotFound
        Naming the first.
    """
    _require(connection, sku, sku.c.sku_id, "sku", sku_ids)


def put_calendar(connection: Connection, told: Calendar, recorded_at: datetime) -> None:
    """Add a version of a node's calendar when it differs from the current one."""
    found = read_calendar(connection, told.node_id)
    if found is not None and (found["opening_hours"], found["closed_on"]) == (
        told.opening_hours,
        dict(told.closed_on),
    ):
        return
    version = 1 if found is None else found["version"] + 1
    c, d = calendar.c, calendar_closed_date.c
    days = sorted(told.closed_on)
    with racing_for_keys():
        insert_rows(
            connection,
            calendar,
            {
                c.node_id: [told.node_id],
                c.version: [version],
                c.opening_hours: [told.opening_hours],
                c.recorded_at: [recorded_at],
            },
        )
    insert_rows(
        connection,
        calendar_closed_date,
        {
            d.node_id: [told.node_id] * len(days),
            d.version: [version] * len(days),
            d.closed_on: days,
            d.reason: [told.closed_on[day] for day in days],
        },
    )
    note_change(connection, Changed.REFERENCE)


def read_calendar(connection: Connection, node_id: str) -> dict[str, Any] | None:
    """Read a node's calendar, its ``closed_on`` as reasons by day; None when it never had one."""
    found = current_row(connection, calendar, [node_id])
    return None if found is None else {**found, "closed_on": _closed_on(connection, found)}


def calendar_page(connection: Connection, after: Sequence[object] | None, limit: int) -> list[dict[str, Any]]:
    """Read the calendars that follow `after`, as `read_calendar` does."""
    found = current_page(connection, calendar, after, limit)
    return [{**each, "closed_on": _closed_on(connection, each)} for each in found]


def _closed_on(connection: Connection, found: Mapping[str, Any]) -> dict[date, str]:
    d = calendar_closed_date.c
    days = select(d.closed_on, d.reason).where(d.node_id == found["node_id"], d.version == found["version"])
    return {day: reason for day, reason in connection.execute(days.order_by(d.closed_on))}


def read_capacities(connection: Connection, node_id: str) -> list[dict[str, Any]]:
    """Read a node's capacities by slot and unit."""
    c = capacity.c
    rows = current_rows(capacity, c.slot, c.unit, c.qty, c.version).where(c.node_id == node_id)
    names = ("slot", "unit", "qty", "version")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(rows.order_by(c.slot, c.unit))]


def put_kit(
    connection: Connection, kit_sku_id: str, components: Mapping[str, int], recorded_at: datetime
) -> None:
    """Add a version of a recipe when it differs from the current one; one without components ends the kit."""
    found = read_kit(connection, kit_sku_id)
    if (found or {"components": {}})["components"] == dict(components):
        return
    version = 1 if found is None else found["version"] + 1
    k, c = kit.c, kit_component.c
    with racing_for_keys():
        insert_rows(
            connection,
            kit,
            {k.kit_sku_id: [kit_sku_id], k.version: [version], k.recorded_at: [recorded_at]},
        )
    insert_rows(
        connection,
        kit_component,
        {
            c.kit_sku_id: [kit_sku_id] * len(components),
            c.version: [version] * len(components),
            c.sku_id: sorted(components),
            c.qty: [components[sku_id] for sku_id in sorted(components)],
        },
    )
    note_change(connection, Changed.REFERENCE)


def read_kit(connection: Connection, kit_sku_id: str) -> dict[str, Any] | None:
    """Read a recipe, its ``components`` as units by SKU; None when the SKU never was a kit."""
    found = current_row(connection, kit, [kit_sku_id])
    return None if found is None else {**found, "components": _components(connection, found)}


def kit_page(connection: Connection, after: Sequence[object] | None, limit: int) -> list[dict[str, Any]]:
    """Read the recipes that follow `after`, as `read_kit` does."""
    found = current_page(connection, kit, after, limit)
    return [{**each, "components": _components(connection, each)} for each in found]


def kits_made_of(connection: Connection, sku_id: str) -> list[str]:
    """List the SKUs whose current recipe has `sku_id` in it."""
    c = kit_component.c
    newest = select(kit.c.kit_sku_id, func.max(kit.c.version).label("version")).group_by(kit.c.kit_sku_id)
    current = newest.subquery("current")
    is_current = (c.kit_sku_id == current.c.kit_sku_id) & (c.version == current.c.version)
    rows = select(c.kit_sku_id).join_from(current, kit_component, is_current).where(c.sku_id == sku_id)
    return list(connection.scalars(rows.order_by(c.kit_sku_id)))


def _components(connection: Connection, found: Mapping[str, Any]) -> dict[str, int]:
    c = kit_component.c
    rows = select(c.sku_id, c.qty).where(c.kit_sku_id == found["kit_sku_id"], c.version == found["version"])
    return {sku_id: qty for sku_id, qty in connection.execute(rows.order_by(c.sku_id))}


def read_price_list(connection: Connection) -> dict[str, Any]:
    """Read the current price list: its version, 0 when there is none, and its steps by name."""
    version = current_rate_version(connection)
    steps = [dict(zip(RATE_COLUMNS, step, strict=True)) for step in read_rates(connection, version)]
    return {"version": version, "steps": steps}


def put_policy(
    connection: Connection, digest: str, body_toml: str, actor: str, recorded_at: datetime
) -> None:
    """Add a version of the policy when it differs from the current one."""
    found = read_policy(connection)
    if found is not None and found["digest"] == digest:
        return
    p = policy.c
    with racing_for_keys():
        insert_rows(
            connection,
            policy,
            {
                p.version: [1 if found is None else found["version"] + 1],
                p.digest: [digest],
                p.body_toml: [body_toml],
                p.actor: [actor],
                p.recorded_at: [recorded_at],
            },
        )
    note_change(connection, Changed.REFERENCE)


def read_policy(connection: Connection) -> dict[str, Any] | None:
    """Read the current policy, None when none was ever put."""
    names = ("version", "digest", "body_toml", "actor", "recorded_at")
    newest = select(*(policy.c[name] for name in names)).order_by(policy.c.version.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return None if row is None else dict(zip(names, row, strict=True))


def _require(connection: Connection, table: Table, key: Column[str], kind: str, ids: Sequence[str]) -> None:
    given = rows_of(connection, {key: sorted(set(ids))})
    missing = connection.scalars(
        select(given.c[key.name])
        .join_from(given, table, key == given.c[key.name], isouter=True)
        .where(key.is_(None))
        .order_by(given.c[key.name])
        .limit(1)
    ).one_or_none()
    if missing is not None:
        raise NotFound(f"there is no {kind} {missing}", kind=kind, id=missing)
