"""What kits are made of: now, and on the day on which something was promised."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, func, select

from fulfillment.domain.lines import Line
from fulfillment.store.rowset import execute_over, rows_of
from fulfillment.store.schema.catalogue import kit, kit_component

Recipes = Mapping[str, Sequence[tuple[datetime, Mapping[str, int]]]]
"""The recipes of each kit with the moments they were recorded, the latest first; no components: no kit."""

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def recipes_with(connection: Connection, sku_ids: Sequence[str]) -> Recipes:
    """Read every recipe of the kits that any of `sku_ids` was ever part of."""
    c = kit_component.c
    given = rows_of(connection, {c.sku_id: sku_ids})
    touched = select(c.kit_sku_id).join_from(given, kit_component, c.sku_id == given.c.sku_id)
    return _recipes(connection, kit.c.kit_sku_id.in_(touched))


def all_recipes(connection: Connection) -> Recipes:
    """Read every recipe that any kit ever had."""
    return _recipes(connection, kit.c.version >= 1)


def recipes_of(connection: Connection, sku_ids: Sequence[str]) -> Recipes:
    """Read every recipe that any of `sku_ids` ever had."""
    return _by_kit(execute_over(connection, _among, {kit.c.kit_sku_id: sku_ids}))


def recipes_known_at(connection: Connection) -> datetime:
    """Tell the moment as of which the recipes stand that are there now: whatever is put later is newer."""
    newest = connection.execute(select(func.max(kit.c.recorded_at))).scalar_one()
    return newest or _BEFORE_ALL


def kits_among(connection: Connection, sku_ids: Sequence[str]) -> dict[str, Mapping[str, int]]:
    """Return the components of those of `sku_ids` that are kits now."""
    recipes = recipes_of(connection, sku_ids)
    current = {kit_id: versions[0][1] for kit_id, versions in recipes.items()}
    return {kit_id: units for kit_id, units in current.items() if units}


def units_of(sku_id: str, at: datetime, recipes: Recipes) -> Mapping[str, int]:
    """Return the units of each SKU in one product: a kit's components on that day, or itself."""
    for recorded_at, units in recipes.get(sku_id, ()):
        if recorded_at <= at:
            return units or {sku_id: 1}
    return {sku_id: 1}


def units_of_lines(lines: Iterable[Line], at: datetime, recipes: Recipes) -> dict[str, int]:
    """Add up the units of each SKU in some lines, kits by their components on that day."""
    units: dict[str, int] = {}
    for line in lines:
        for sku_id, each in units_of(line.sku_id, at, recipes).items():
            units[sku_id] = units.get(sku_id, 0) + each * line.qty
    return units


def _among(given: FromClause) -> Select[*tuple[Any, ...]]:
    return _wanted(kit.c.kit_sku_id.in_(select(given.c.kit_sku_id)))


def _recipes(connection: Connection, is_wanted: ColumnElement[bool]) -> Recipes:
    return _by_kit(connection.execute(_wanted(is_wanted)))


def _wanted(is_wanted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    c = kit_component.c
    is_of_kit = and_(c.kit_sku_id == kit.c.kit_sku_id, c.version == kit.c.version)
    return (
        select(kit.c.kit_sku_id, kit.c.version, kit.c.recorded_at, c.sku_id, c.qty)
        .join_from(kit, kit_component, is_of_kit, isouter=True)
        .where(is_wanted)
        .order_by(kit.c.kit_sku_id, kit.c.version.desc())
    )


def _by_kit(rows: Iterable[Row[*tuple[Any, ...]]]) -> Recipes:
    recipes: dict[str, dict[int, tuple[datetime, dict[str, int]]]] = {}
    for kit_id, version, recorded_at, sku_id, qty in rows:
        _, units = recipes.setdefault(kit_id, {}).setdefault(version, (recorded_at, {}))
        if sku_id is not None:
            units[sku_id] = qty
    return {kit_id: list(versions.values()) for kit_id, versions in recipes.items()}
