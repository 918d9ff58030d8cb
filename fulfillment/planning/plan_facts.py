"""What a plan's folder holds, in memory: what every report is made from.

A plan that was just made and a folder from last week give the same facts, so a report can be made again at
any time, and two plans can be compared wherever they come from.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning.certificate import capacity_prices_table, certificate, stock_prices_table
from fulfillment.planning.parcels import Parcels
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.planning.plan_tables import (
    NODES_LEFT,
    allocations_table,
    nodes_table,
    orders_table,
    parcels_table,
    unfilled_table,
)

PARQUET_TABLES = ("allocations", "parcels", "orders", "nodes", "stock_prices", "capacity_prices")
DOCUMENTS = ("run", "certificate")
FACT_FILES = frozenset(
    {
        *(f"{name}.parquet" for name in PARQUET_TABLES),
        *(f"{name}.json" for name in DOCUMENTS),
        "allocations.csv",
        "unfilled.csv",
    }
)
# As they were written: an id of digits alone is still a text.
_UNFILLED_TYPES = {
    **dict.fromkeys(("order_id", "sku_id", "reason", "in_words"), pa.string()),
    **dict.fromkeys(("line_no", "qty", *NODES_LEFT), pa.int64()),
}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The files of a plan's folder, each under its own name."""

    run: Mapping[str, Any]
    certificate: Mapping[str, Any]
    allocations: pa.Table
    parcels: pa.Table
    orders: pa.Table
    nodes: pa.Table
    unfilled: pa.Table
    stock_prices: pa.Table
    capacity_prices: pa.Table

    @classmethod
    def of(cls, day: PlannedDay, run: Mapping[str, Any]) -> Self:
        """Gather what there is to tell of a planned day; `run` is the document of run.json."""
        parcels = Parcels.of(day)
        return cls(
            run=run,
            certificate=certificate(day),
            allocations=allocations_table(day),
            parcels=parcels_table(day, parcels),
            orders=orders_table(day, parcels),
            nodes=nodes_table(day, parcels),
            unfilled=unfilled_table(day),
            stock_prices=stock_prices_table(day),
            capacity_prices=capacity_prices_table(day),
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a plan's folder.

        Raises
        ------
        InvalidRequest
            When a file is not there or can't be read.
        """
        documents = {name: _read(folder / f"{name}.json", _read_document) for name in DOCUMENTS}
        tables = {name: _read(folder / f"{name}.parquet", pq.read_table) for name in PARQUET_TABLES}
        return cls(**documents, **tables, unfilled=_read(folder / "unfilled.csv", _read_unfilled))

    def write(self, folder: Path) -> None:
        """Write the files into a folder that is there."""
        for name in PARQUET_TABLES:
            pq.write_table(getattr(self, name), folder / f"{name}.parquet")
        pa_csv.write_csv(self.allocations, folder / "allocations.csv")
        with (folder / "unfilled.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.unfilled.column_names)
            writer.writerows(zip(*self.unfilled.to_pydict().values(), strict=True))
        for name in DOCUMENTS:
            (folder / f"{name}.json").write_text(document_text(getattr(self, name)), encoding="utf-8")


def document_text(document: Mapping[str, object]) -> str:
    """Write out one JSON document of a plan's folder."""
    return json.dumps(document, indent=2) + "\n"


def _read(path: Path, reader: Any) -> Any:
    try:
        return reader(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        found = "is not there" if isinstance(error, FileNotFoundError) else f"can't be read: {error}"
        raise InvalidRequest(
            f"{path} {found}",
            remedy="name a folder that `fulfillment plan` wrote; plan the day again if it is an old one",
            path=str(path),
        ) from error


def _read_document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_unfilled(path: Path) -> pa.Table:
    return pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(column_types=_UNFILLED_TYPES))
