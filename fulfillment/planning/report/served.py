"""How orders are served: by method, by kind of node, by service, in how many parcels, from how far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.report.charts import Bar, bars

KM_EDGES = (0, 10, 50, 100, 250, 500, 1000, 2500)
PARCELS_SHOWN = 4  # and one bar for the orders in more

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """Rows for tables and bars for charts."""

    by_method: tuple[Row, ...]
    by_kind: tuple[Row, ...]
    by_service: tuple[Row, ...]
    parcels_of_orders: tuple[Bar, ...]
    distances: tuple[Bar, ...]

    @classmethod
    def of(cls, facts: PlanFacts) -> Self:
        """Sum a plan up."""
        return cls(
            by_method=_by_method(facts.orders),
            by_kind=_by_kind(facts),
            by_service=_by_service(facts.parcels),
            parcels_of_orders=parcels_of_orders(facts.orders["parcels"].to_numpy()),
            distances=distances(facts.parcels["km"].to_numpy()),
        )


def _by_method(orders: pa.Table) -> tuple[Row, ...]:
    orders = orders.append_column("split", pc.greater(orders["parcels"], 1).cast(pa.int64()))
    orders = orders.append_column("served", pc.greater(orders["parcels"], 0).cast(pa.int64()))
    summed = ("units", "units_unfilled", "parcels", "km", "total_cents", "split", "served")
    rows = _summed(orders, ["method"], summed)
    return tuple(
        {
            **row,
            "split_share": row["split"] / max(1, row["served"]),
            "parcels_per_order": row["parcels"] / max(1, row["served"]),
            "km_per_parcel": row["km"] / max(1, row["parcels"]),
            "cents_per_order": row["total_cents"] / max(1, row["rows"]),
        }
        for row in rows
    )


def _by_kind(facts: PlanFacts) -> tuple[Row, ...]:
    kind = dict(zip(facts.nodes["node_id"].to_pylist(), facts.nodes["kind"].to_pylist(), strict=True))
    of_parcel = pa.array([kind[node_id] for node_id in facts.parcels["node_id"].to_pylist()], pa.string())
    parcels = facts.parcels.append_column("kind", of_parcel)
    nodes = facts.nodes.append_column("used", pc.greater(facts.nodes["parcels"], 0).cast(pa.int64()))
    of_kind = {row["kind"]: row for row in _summed(nodes, ["kind"], ("used",))}
    rows = _summed(parcels, ["kind"], ("units", "km", "transport_cents", "handling_cents"))
    total = max(1, len(facts.parcels))
    return tuple(
        {
            **row,
            "nodes": of_kind[row["kind"]]["rows"],
            "used": of_kind[row["kind"]]["used"],
            "share": row["rows"] / total,
            "km_per_parcel": row["km"] / row["rows"],
            "cents_per_parcel": (row["transport_cents"] + row["handling_cents"]) / row["rows"],
        }
        for row in rows
    )


def _by_service(parcels: pa.Table) -> tuple[Row, ...]:
    total = max(1, len(parcels))
    return tuple(
        {
            **row,
            "share": row["rows"] / total,
            "km_per_parcel": row["km"] / row["rows"],
            "cents_per_parcel": row["transport_cents"] / row["rows"],
        }
        for row in _summed(parcels, ["method", "carrier", "service"], ("km", "transport_cents"))
    )


def _summed(table: pa.Table, by: list[str], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Sum columns by group, the group with most rows first; ``rows`` counts them."""
    aggregates = [([], "count_all"), *((name, "sum") for name in columns)]
    rows = table.group_by(by).aggregate(aggregates).to_pylist()
    named = [
        {**{name: row[name] for name in by}, "rows": row["count_all"]}
        | {name: row[f"{name}_sum"] for name in columns}
        for row in rows
    ]
    return sorted(named, key=lambda row: (-row["rows"], *(row[name] for name in by)))


def parcels_of_orders(parcels: np.ndarray) -> tuple[Bar, ...]:
    """Count the orders in no parcel, in one, in two, … and in more."""
    counts = np.bincount(np.minimum(parcels, PARCELS_SHOWN + 1), minlength=PARCELS_SHOWN + 2)
    labels = ["none", *(str(k) for k in range(1, PARCELS_SHOWN + 1)), "more"]
    return bars(labels, counts.tolist())


def distances(km: np.ndarray) -> tuple[Bar, ...]:
    """Count the parcels by how far they travel; those that are collected where they lie travel nothing."""
    at = np.searchsorted(KM_EDGES, km, side="left")
    counts = np.bincount(at, minlength=len(KM_EDGES) + 1)
    labels = [*(f"{edge:,}" for edge in KM_EDGES), "more"]
    return bars(labels, counts.tolist())
