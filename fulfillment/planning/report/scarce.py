"""What scarce things are worth, what could not be had, and which orders cost most."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.report.charts import Bar, bars

SHOWN = 12  # rows of a list of the dearest

Row = Mapping[str, Any]


def dearest_nodes(nodes: pa.Table) -> tuple[Row, ...]:
    """List the nodes where one more parcel is worth most."""
    priced = nodes.filter(pc.greater(nodes["capacity_price_cents"], 0))
    return _with_lengths(_top(priced, "capacity_price_cents"), "capacity_price_cents")


def dearest_skus(facts: PlanFacts) -> tuple[Row, ...]:
    """List the SKUs of which one more unit is worth most: how much at most, and at how many nodes."""
    by_sku = facts.stock_prices.group_by("sku_id").aggregate([("price_cents", "max"), ([], "count_all")])
    missing = Counter[str]()
    for sku_id, qty in zip(
        facts.unfilled["sku_id"].to_pylist(), facts.unfilled["qty"].to_pylist(), strict=True
    ):
        missing[sku_id] += qty
    rows = _with_lengths(_top(by_sku, "price_cents_max", "sku_id"), "price_cents_max")
    return tuple({**row, "units_unfilled": missing[row["sku_id"]]} for row in rows)


def dearest_orders(orders: pa.Table) -> tuple[Row, ...]:
    """List the orders that cost most."""
    return _with_lengths(_top(orders, "total_cents", "order_id"), "total_cents")


def unfilled_by_reason(unfilled: pa.Table) -> tuple[Bar, ...]:
    """Count the units that stay unfilled, by their reason in words, the most first."""
    units = Counter[str]()
    for reason, qty in zip(unfilled["in_words"].to_pylist(), unfilled["qty"].to_pylist(), strict=True):
        units[reason] += qty
    ranked = units.most_common()
    return bars([reason for reason, _ in ranked], [qty for _, qty in ranked])


def _top(table: pa.Table, column: str, name: str = "node_id") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        table.sort_by([(column, "descending"), (name, "ascending")]).slice(0, SHOWN).to_pylist()
    )
    return rows


def _with_lengths(rows: list[dict[str, Any]], column: str) -> tuple[Row, ...]:
    lengths = [bar.length for bar in bars([""] * len(rows), [row[column] for row in rows])]
    return tuple({**row, "length": length} for row, length in zip(rows, lengths, strict=True))
