"""What a run leaves behind about itself: inputs, versions, seed, policy, timings and totals."""

import platform
import resource
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from fulfillment import __version__
from fulfillment.planning.cost import to_cents
from fulfillment.planning.file_hashes import hash_files
from fulfillment.planning.from_ledger import LedgerDay
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.planning.rules import methods_of_alternatives
from fulfillment.scenario.tables import MICROS_PER_CENT, NO_INDEX


def files_read(paths: list[Path]) -> dict[str, object]:
    """Name the files of a scenario that was planned, with their hashes."""
    return {"inputs_sha256": hash_files(paths)}


def ledger_read(read: LedgerDay) -> dict[str, object]:
    """Name the moment of the ledger that was planned."""
    return {"inputs_ledger": {"position": read.position, "read_at": read.read_at.isoformat()}}


def run_document(
    day: PlannedDay, inputs: Mapping[str, object], seconds: Mapping[str, float]
) -> dict[str, object]:
    """Describe a run; the document of run.json.

    inputs : what was planned, from `files_read` or `ledger_read`.   seconds : by phase, beside `day`'s.
    """
    result = day.result
    return {
        **day.cost.in_cents(),
        "policy_cents": to_cents(result.cost),
        "first_come_policy_cents": to_cents(result.first_come_cost),
        "policy_parts_cents": day.policy_cost.in_cents(),
        "lower_bound_policy_cents": result.lower_bound // MICROS_PER_CENT,
        "gap": round(result.gap, 6),
        "method": day.method,
        "status": result.status,
        "stop_reason": result.stop_reason,
        "repeatable": result.repeatable,
        "seed": day.seed,
        "policy": {
            "name": day.policy.name,
            "version": day.policy.version,
            "digest": day.policy.digest,
            "toml": day.policy.to_toml(),
        },
        **inputs,
        "started_from": None if day.started_from is None else day.started_from.document(),
        "versions": {
            "fulfillment": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numba", "numpy", "pyarrow", "scipy")},
        },
        "counts": counts(day),
        "passes": result.passes,
        "seconds": {phase: round(value, 3) for phase, value in {**seconds, **day.seconds}.items()},
        "peak_memory_mib": peak_memory_mib(),
        "trace": [
            {
                "seconds": round(point.seconds, 3),
                "policy_cents": to_cents(point.cost),
                "lower_bound_policy_cents": point.lower_bound // MICROS_PER_CENT,
            }
            for point in result.trace
        ],
    }


def counts(day: PlannedDay) -> dict[str, object]:
    """Count orders, units and parcels, and units by method."""
    scenario, allocations = day.scenario, day.allocations
    parcels_of_order = np.bincount(day.result.plan.parcel_order, minlength=len(scenario.orders))
    methods = np.array(allocations.methods(scenario), dtype=object)
    alternatives = scenario.alternatives
    known = {*scenario.orders.method, *methods_of_alternatives(scenario)}
    short_orders = np.unique(scenario.order_lines.order[day.unfilled.line])
    return {
        "orders": len(scenario.orders),
        "orders_filled": len(scenario.orders) - len(short_orders),
        "orders_split": int((parcels_of_order > 1).sum()),
        "orders_with_alternatives": len(np.unique(alternatives.order)),
        "orders_served_by_alternative": len(
            np.unique(allocations.order[allocations.alternative != NO_INDEX])
        ),
        "lines": len(scenario.order_lines),
        "units": int(scenario.order_lines.qty.sum()),
        "units_unfilled": int(day.unfilled.qty.sum()),
        "units_by_method": {
            str(method): int(allocations.qty[methods == method].sum()) for method in sorted(known)
        },
        "units_unfilled_by_reason": units_by_reason(day),
        "parcels": len(day.result.plan.parcel_order),
        "parcels_late": day.parcels_late,
        "nodes": len(scenario.nodes),
    }


def units_by_reason(day: PlannedDay) -> dict[str, int]:
    """Count the units left unfilled for each reason."""
    units: dict[str, int] = {}
    for reason, qty in zip(day.unfilled.reason, day.unfilled.qty.tolist(), strict=True):
        units[reason] = units.get(reason, 0) + qty
    return dict(sorted(units.items()))


def peak_memory_mib() -> int:
    """Most memory this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (1 << 20 if sys.platform == "darwin" else 1 << 10))
