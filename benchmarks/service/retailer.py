"""The retailer that is served: made up, imported by the command that users have, and told to the client."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, fields, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import Bools, Scenario, Stock
from fulfillment.scenario.write import write_scenario

CLI = [sys.executable, "-c", "from fulfillment.cli import main; main()"]

SIZES: dict[str, GeneratorParams] = {
    # Warehouses carry everything, a store a hundred products; shelves last for minutes of orders.
    "1565": GeneratorParams(
        orders=1_000, stores=1_500, warehouses=45, vendors=20, skus=2_000, postal_codes=5_000,
        store_range=0.05, store_depth=40.0, scarcity=0.0, tight_nodes=0.0,
    ),
    "300": GeneratorParams(
        orders=500, stores=280, warehouses=15, vendors=5, skus=500, postal_codes=1_000,
        store_range=0.1, store_depth=60.0, scarcity=0.0, tight_nodes=0.0,
    ),
    "20": GeneratorParams(
        orders=50, stores=15, warehouses=4, vendors=1, skus=40, postal_codes=50,
        store_range=0.5, store_depth=90.0, scarcity=0.0, tight_nodes=0.0,
    ),
}  # fmt: skip
HOT_UNITS = 10_000_000
"""Of the hot SKU, all at one node: every order wants the same row."""

CAPACITY_PARCELS = 5_000_000
POSITIONS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the client must know to ask for things that exist."""

    sku_ids: list[str]
    postal_codes: list[str]
    positions: list[tuple[str, str]]
    hot_sku_id: str
    hot_node_id: str

    def write(self, path: Path) -> Path:
        """Write them for another process."""
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> "Facts":
        """Read what `write` wrote."""
        facts = json.loads(path.read_text())
        return cls(**facts | {"positions": [tuple(position) for position in facts["positions"]]})


def make_retailer(size: str, seed: int, folder: Path) -> Facts:
    """Write a retailer's folder."""
    scenario, facts = make_up(size, seed)
    write_scenario(scenario, folder)
    return facts


def make_up(size: str, seed: int) -> tuple[Scenario, Facts]:
    """Make a retailer up: one SKU stands at one node alone, and nodes have room for millions of parcels."""
    made = generate(SIZES[size], seed)
    hot = _hot_position(made)
    stock = made.stock
    kept = (stock.sku != stock.sku[hot]) | (np.arange(len(stock)) == hot)
    available = stock.available.copy()
    available[hot] = HOT_UNITS
    columns = {f.name: getattr(stock, f.name) for f in fields(stock)} | {"available": available}
    scenario = replace(
        made,
        # Not unlimited: the guard of a capacity is part of the work.
        nodes=replace(made.nodes, capacity_parcels=np.full(len(made.nodes), CAPACITY_PARCELS)),
        stock=Stock(**{name: _only(column, kept) for name, column in columns.items()}),
    )
    nodes, skus = scenario.nodes.node_id, scenario.skus.sku_id
    with_units = np.flatnonzero(scenario.stock.available > 0)
    node, sku = scenario.stock.node[with_units], scenario.stock.sku[with_units]
    facts = Facts(
        sku_ids=[skus[each] for each in np.unique(sku) if each != stock.sku[hot]],
        postal_codes=list(scenario.postal_codes.postal_code),
        positions=[(nodes[n], skus[s]) for n, s in zip(node, sku, strict=True)][:POSITIONS_MAX],
        hot_sku_id=skus[stock.sku[hot]],
        hot_node_id=nodes[stock.node[hot]],
    )
    return scenario, facts


def _hot_position(scenario: Scenario) -> int:
    """Find the first position of a node that ships, with units on it."""
    stock = scenario.stock
    return int(np.flatnonzero((stock.available > 0) & scenario.nodes.ships[stock.node])[0])


def _only(column: Any, kept: Bools) -> Any:
    return column[kept] if isinstance(column, np.ndarray) else list(compress(column, kept))


def import_retailer(folder: Path, url: str) -> dict[str, object]:
    """Run `fulfillment import`; return what it says."""
    done = subprocess.run(
        [*CLI, "import", str(folder), "--db", url, "--json"], stdout=subprocess.PIPE, text=True, check=True
    )
    said: dict[str, object] = json.loads(done.stdout)
    return said
