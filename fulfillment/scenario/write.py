"""Write a scenario as a folder that `read_scenario` reads back equal."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fulfillment.scenario.folder import READERS
from fulfillment.scenario.layout import COLUMNS
from fulfillment.scenario.tables import (
    METHODS,
    MICROS_PER_CENT,
    NO_INDEX,
    UNLIMITED_PARCELS,
    Floats,
    Ints,
    Scenario,
    Times,
)


def write_scenario(scenario: Scenario, folder: Path) -> None:
    """Write every table: what people look at as CSV, the long tables as Parquet.

    Each file is put in place whole, so that a reader never meets half of one.

    Parameters
    ----------
    scenario : Scenario
        What to write.
    folder : Path
        Made if it is not there. Files of the same names are replaced, others are left alone, but for kits
        and alternatives of another day, which would be read with this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder, "nodes", _node_columns(scenario))
    _write_csv(folder, "skus", _sku_columns(scenario))
    _write_csv(folder, "postal_codes", _postal_code_columns(scenario))
    _write_csv(folder, "rates", _rate_columns(scenario))
    _write_parquet(folder, "stock", _stock_columns(scenario))
    _write_parquet(folder, "orders", _order_columns(scenario))
    _write_parquet(folder, "order_lines", _order_line_columns(scenario))
    if len(scenario.kits):
        _write_csv(folder, "kits", _kit_columns(scenario))
    else:
        _remove(folder, "kits")
    if len(scenario.alternatives):
        _write_parquet(folder, "alternatives", _alternative_columns(scenario))
    else:
        _remove(folder, "alternatives")


def _node_columns(scenario: Scenario) -> list[Sequence[str]]:
    nodes = scenario.nodes
    capacities = nodes.capacity_parcels.tolist()
    return [
        nodes.node_id,
        nodes.kind,
        nodes.name,
        _decimals(nodes.lat),
        _decimals(nodes.lon),
        nodes.timezone,
        nodes.opening_hours,
        [str(ships) for ships in nodes.ships.tolist()],
        [str(pickup) for pickup in nodes.pickup.tolist()],
        _decimals(nodes.same_day_radius_km),
        nodes.cutoff_local,
        _decimals(nodes.processing_minutes / 60),
        _cents(nodes.handling_micros_per_unit),
        _cents(nodes.handling_micros_per_parcel),
        ["" if capacity == UNLIMITED_PARCELS else str(capacity) for capacity in capacities],
        _decimals(nodes.commission_pct),
    ]


def _sku_columns(scenario: Scenario) -> list[Sequence[str]]:
    skus = scenario.skus
    return [skus.sku_id, skus.gtin, skus.name, _cents(skus.price_micros), _wholes(skus.weight_g)]


def _postal_code_columns(scenario: Scenario) -> list[Sequence[str]]:
    codes = scenario.postal_codes
    return [codes.postal_code, _decimals(codes.lat), _decimals(codes.lon), _wholes(codes.population)]


def _rate_columns(scenario: Scenario) -> list[Sequence[str]]:
    rates = scenario.rates
    return [
        rates.carrier,
        rates.service,
        rates.method,
        _wholes(rates.zone),
        _decimals(rates.max_km),
        _wholes(rates.max_weight_g),
        _cents(rates.cost_micros),
        _wholes(rates.transit_days),
    ]


def _stock_columns(scenario: Scenario) -> list[pa.Array]:
    stock = scenario.stock
    return [
        _names_at(scenario.nodes.node_id, stock.node),
        _names_at(scenario.skus.sku_id, stock.sku),
        pa.array(stock.available),
        pa.array(stock.safety_stock),
        pa.array(stock.incoming),
        _texts(stock.incoming_on),
    ]


def _order_columns(scenario: Scenario) -> list[pa.Array]:
    orders = scenario.orders
    return [
        _texts(orders.order_id),
        _times(orders.placed_at),
        _texts(orders.channel),
        _names_at(scenario.postal_codes.postal_code, orders.postal),
        _texts(orders.method),
        _texts(orders.service),
        _names_at(scenario.nodes.node_id, orders.pickup_node),
        _times(orders.promise_by),
        pa.array(orders.priority),
        _texts(orders.customer_id),
    ]


def _order_line_columns(scenario: Scenario) -> list[pa.Array]:
    lines = scenario.order_lines
    return [
        _names_at(scenario.orders.order_id, lines.order),
        pa.array(lines.line_no),
        _names_at(scenario.skus.sku_id, lines.sku),
        pa.array(lines.qty),
    ]


def _kit_columns(scenario: Scenario) -> list[Sequence[str]]:
    kits, sku_id = scenario.kits, scenario.skus.sku_id
    return [
        [sku_id[at] for at in kits.kit.tolist()],
        [sku_id[at] for at in kits.component.tolist()],
        _wholes(kits.qty),
    ]


def _alternative_columns(scenario: Scenario) -> list[pa.Array]:
    alternatives = scenario.alternatives
    return [
        _names_at(scenario.orders.order_id, alternatives.order),
        pa.array(alternatives.number),
        _names_at(METHODS, alternatives.method),
        _names_at(scenario.nodes.node_id, alternatives.pickup_node),
    ]


def _write_csv(folder: Path, table: str, columns: list[Sequence[str]]) -> None:
    text = io.StringIO()
    # The csv module leaves a lone carriage return unquoted, and a reader would take it for a line end.
    has_return = any("\r" in cell for column in columns for cell in column)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS[table])
    writer.writerows(zip(*columns, strict=True))
    _replace(folder / f"{table}.csv", text.getvalue().encode())


def _write_parquet(folder: Path, table: str, columns: list[pa.Array]) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table(columns, names=COLUMNS[table]), content, compression="zstd")
    _replace(folder / f"{table}.parquet", content.getvalue())


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _remove(folder: Path, table: str) -> None:
    for ending in READERS:
        (folder / f"{table}.{ending}").unlink(missing_ok=True)


def _decimals(numbers: Floats) -> list[str]:
    """Write the shortest text that reads back as the same float, whole numbers without a point."""
    return [str(int(number)) if number.is_integer() else repr(number) for number in numbers.tolist()]


def _wholes(numbers: Ints) -> list[str]:
    return [str(number) for number in numbers.tolist()]


def _cents(micros: Ints) -> list[str]:
    """Write money exactly: whole cents as such, others with up to four decimals."""
    return [_cents_of(amount) for amount in micros.tolist()]


def _cents_of(micros: int) -> str:
    whole, rest = divmod(micros, MICROS_PER_CENT)
    return f"{whole}.{rest:04}".rstrip("0") if rest else str(whole)


def _names_at(names: Sequence[str], positions: Ints) -> pa.Array:
    """Write references by name, null where there is none."""
    at = pa.array(np.where(positions == NO_INDEX, 0, positions), mask=positions == NO_INDEX)
    return pa.array(names, pa.string()).take(at)


def _texts(words: Iterable[str]) -> pa.Array:
    return pa.array([word or None for word in words], pa.string())


def _times(times: Times) -> pa.Array:
    return pa.array(times.astype("datetime64[us]"), pa.timestamp("us", "UTC"))
