"""The folder of an earlier plan, as the start of a new one.

Rows are found again by their ids. What the new day does not know is passed over and counted: an order that
is gone, a price of a position that is gone, and all claims of an order that took something from a position
that is gone, as it has to be planned anew.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.file_hashes import hash_files
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from solver.start import Start

Int64s = npt.NDArray[np.int64]
UNKNOWN = -1
PRICE_CENTS_MAX = 1e9  # of a unit or a parcel; more is no price, and micros of it would not be exact
COLUMNS = {
    "allocations": {
        "order_id": pa.string(),
        "sku_id": pa.string(),
        "node_id": pa.string(),
        "parcel_id": pa.string(),
        "qty": pa.int64(),
    },
    "stock_prices": {"node_id": pa.string(), "sku_id": pa.string(), "price_cents": pa.float64()},
    "capacity_prices": {"node_id": pa.string(), "price_cents": pa.float64()},
}
REMEDY = "name a folder that `fulfillment plan` wrote"


@dataclass(frozen=True, slots=True)
class EarlierPlan:
    """What a plan's folder says of its prices and of who took what."""

    allocations: pa.Table
    stock_prices: pa.Table
    capacity_prices: pa.Table
    files_sha256: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> "EarlierPlan":
        """Read the tables of a plan's folder.

        Raises
        ------
        InvalidRequest
            When it is no plan, or a file there says what none could.
        """
        paths = {name: folder / f"{name}.parquet" for name in COLUMNS}
        tables = {name: _read(path, COLUMNS[name]) for name, path in paths.items()}
        for name in ("stock_prices", "capacity_prices"):
            cents = tables[name]["price_cents"].to_numpy()
            _require_all(paths[name], "price_cents", (cents >= 0) & (cents <= PRICE_CENTS_MAX))
        _require_all(paths["allocations"], "qty", tables["allocations"]["qty"].to_numpy() >= 1)
        return cls(**tables, files_sha256=hash_files(list(paths.values())))


@dataclass(frozen=True, slots=True)
class StartedFrom:
    """Which plan a plan started from, and how much of it there still is."""

    files_sha256: dict[str, str]
    orders_found: int  # that claim what they took before
    orders_passed_over: int
    prices_passed_over: int

    def document(self) -> dict[str, object]:
        """Say it in run.json."""
        return {name: getattr(self, name) for name in self.__slots__}


def start_from(earlier: EarlierPlan, scenario: Scenario, built: BuiltProblem) -> tuple[Start, StartedFrom]:
    """Find an earlier plan's prices and claims again in a new problem."""
    problem, items = built.problem, built.items
    sku_at, node_at = _index(scenario.skus.sku_id), _index(scenario.nodes.node_id)
    item_of_pos = np.repeat(np.arange(problem.n_skus), np.diff(problem.sku_ptr))
    keys = item_of_pos * problem.n_nodes + problem.pos_node

    def positions(table: pa.Table) -> Int64s:
        sku, node = _find(table["sku_id"], sku_at), _find(table["node_id"], node_at)
        if not len(items.of_sku) or not len(keys):
            return np.full(len(sku), UNKNOWN)
        key = items.of_sku[sku] * problem.n_nodes + node
        pos = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        return np.where((sku != UNKNOWN) & (node != UNKNOWN) & (keys[pos] == key), pos, UNKNOWN)

    row = positions(earlier.stock_prices)
    row = np.where(row < problem.n_stock, row, UNKNOWN)
    node = _find(earlier.capacity_prices["node_id"], node_at)
    stock = _prices(earlier.stock_prices, row, problem.n_stock)
    capacity = _prices(earlier.capacity_prices, node, problem.n_nodes)

    rank = np.empty(problem.n_orders, np.int64)
    rank[built.order] = np.arange(problem.n_orders)
    order_at = {name: int(rank[k]) for k, name in enumerate(scenario.orders.order_id)}
    order, pos = _find(earlier.allocations["order_id"], order_at), positions(earlier.allocations)
    lost = np.unique(order[pos == UNKNOWN])
    held = np.flatnonzero((order != UNKNOWN) & ~np.isin(order, lost))
    qty = earlier.allocations["qty"].to_numpy()[held].astype(np.int64)
    claims = _claims(built, order[held], pos[held], qty)
    names = np.array(earlier.allocations["parcel_id"].to_pylist(), dtype=object)[held]
    parcels = {
        (name, int(problem.pos_node[p])): int(o)
        for name, o, p in zip(names, order[held], pos[held], strict=True)
    }
    use = np.array([(o, problem.n_stock + n, 1) for (_, n), o in parcels.items()], np.int64).reshape(-1, 3)
    claims = np.concatenate((claims, use))
    found = len(np.unique(order[held]))
    all_orders = len(set(earlier.allocations["order_id"].to_pylist()))
    return (
        Start(stock, capacity, *(np.ascontiguousarray(column) for column in claims.T)),
        StartedFrom(
            files_sha256=earlier.files_sha256,
            orders_found=found,
            orders_passed_over=all_orders - found,
            prices_passed_over=int((row == UNKNOWN).sum() + (node == UNKNOWN).sum()),
        ),
    )


def _claims(built: BuiltProblem, order: Int64s, pos: Int64s, qty: Int64s) -> Int64s:
    """Write units of positions as units of stock rows: those of a kit as its components'; int64[c, 3]."""
    problem = built.problem
    plain = pos < problem.n_stock
    whole = np.column_stack((order, pos, qty))[plain]
    parts = [
        (o, problem.recipe_pos[r], q * problem.recipe_qty[r])
        for o, i, q in zip(order[~plain], pos[~plain] - problem.n_stock, qty[~plain], strict=True)
        for r in range(problem.recipe_ptr[i], problem.recipe_ptr[i + 1])
    ]
    return np.concatenate((whole, np.array(parts, np.int64).reshape(-1, 3)))


def _prices(table: pa.Table, row: Int64s, n_rows: int) -> Int64s:
    prices = np.zeros(n_rows, np.int64)
    known = row != UNKNOWN
    micros = np.rint(table["price_cents"].to_numpy() * MICROS_PER_CENT).astype(np.int64)
    prices[row[known]] = micros[known]
    return prices


def _index(names: list[str]) -> dict[str, int]:
    return {name: k for k, name in enumerate(names)}


def _find(names: pa.ChunkedArray, at: dict[str, int]) -> Int64s:
    return np.array([at.get(name, UNKNOWN) for name in names.to_pylist()], np.int64)


def _read(path: Path, columns: dict[str, pa.DataType]) -> pa.Table:
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InvalidRequest(
            f"{path} can't be read as the table of an earlier plan: {reason}", remedy=REMEDY, path=str(path)
        ) from error
    try:
        table = table.select(list(columns)).cast(pa.schema(columns))
    except (KeyError, pa.ArrowException) as error:
        raise InvalidRequest(
            f"{path} is no table of a plan: {str(error).splitlines()[0]}", remedy=REMEDY, path=str(path)
        ) from error
    for name in columns:
        _require_all(path, name, np.asarray(table[name].is_valid()))
    return table


def _require_all(path: Path, column: str, is_good: npt.NDArray[np.bool_]) -> None:
    bad = np.flatnonzero(~is_good)
    if len(bad):
        raise InvalidRequest(
            f"{path}, row {bad[0] + 1}, {column}: no plan could say this",
            remedy=REMEDY,
            path=str(path),
            key=column,
        )
