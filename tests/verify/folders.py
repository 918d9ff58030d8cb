"""Plans' folders written by hand, so that they can be wrong in any way."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fulfillment.verify import Verdict, verify_plan

Row = dict[str, object]
ALLOCATIONS = pa.schema(
    [
        ("order_id", pa.string()),
        ("line_no", pa.int64()),
        ("sku_id", pa.string()),
        ("node_id", pa.string()),
        ("parcel_id", pa.string()),
        ("carrier", pa.string()),
        ("service", pa.string()),
        ("qty", pa.float64()),
    ]
)
ALTERNATIVE = pa.field("alternative", pa.float64())
STOCK_PRICES = pa.schema([("node_id", pa.string()), ("sku_id", pa.string()), ("price_cents", pa.float64())])
CAPACITY_PRICES = pa.schema([("node_id", pa.string()), ("price_cents", pa.float64())])


def write_allocations(folder: Path, rows: Sequence[Row]) -> None:
    schema = ALLOCATIONS.append(ALTERNATIVE) if any("alternative" in row for row in rows) else ALLOCATIONS
    pq.write_table(pa.Table.from_pylist(list(rows), schema), folder / "allocations.parquet")


def write_prices(folder: Path, stock: Sequence[Row], capacity: Sequence[Row]) -> None:
    pq.write_table(pa.Table.from_pylist(list(stock), STOCK_PRICES), folder / "stock_prices.parquet")
    pq.write_table(pa.Table.from_pylist(list(capacity), CAPACITY_PRICES), folder / "capacity_prices.parquet")


def read_rows(folder: Path, table: str) -> list[Row]:
    rows: list[Row] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def write_certificate(folder: Path, total_cents: float, lower_bound_cents: int) -> None:
    document = {
        "total_cents": total_cents,
        "lower_bound_cents": lower_bound_cents,
        "gap": (total_cents - lower_bound_cents) / total_cents,
        "formula_version": 1,
        "policy": {"name": "default", "version": 1, "digest": "", "has_pinned_meaning": True},
        "policy_total_cents": total_cents,
        "policy_lower_bound_cents": lower_bound_cents,
        "policy_gap": 0,
    }
    (folder / "certificate.json").write_text(json.dumps(document))


def change_certificate(folder: Path, **claims: object) -> None:
    path = folder / "certificate.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | claims))


def claims(folder: Path) -> Mapping[str, object]:
    document: Mapping[str, object] = json.loads((folder / "certificate.json").read_text())
    return document


def broken_rules(scenario: Path, plan: Path) -> set[str]:
    return rules(verify_plan(scenario, plan))


def rules(verdict: Verdict) -> set[str]:
    return {violation.rule for violation in verdict.violations}
