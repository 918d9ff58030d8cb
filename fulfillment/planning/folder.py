"""The folder of a plan: written whole or not at all."""

import csv
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning.certificate import write_certificate
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.scenario.tables import NO_INDEX

PLAN_FILES = frozenset(
    {
        "allocations.parquet",
        "allocations.csv",
        "unfilled.csv",
        "certificate.json",
        "stock_prices.parquet",
        "capacity_prices.parquet",
        "run.json",
        ".run.json.part",  # of a manifest that was being replaced when its writer was killed
    }
)
UNFILLED_COLUMNS = (
    "order_id",
    "line_no",
    "sku_id",
    "qty",
    "reason",
    "in_words",
    "nodes_with_stock",
    "nodes_in_reach",
    "nodes_in_time",
    "nodes_with_units_left",
    "nodes_with_capacity_left",
)


def require_writable(folder: Path) -> None:
    """Refuse a place for a plan before any work is done; leaves nothing behind.

    Raises
    ------
    InvalidRequest
        When it holds anything but a plan, which would be lost when the plan is replaced, or can't be made.
    """
    folder = folder.resolve()
    try:
        _refuse_what_is_no_plan(folder)
        above = next(path for path in folder.parents if path.exists())
        # Asking for permission is not enough: a file system may be read-only, full or no place for folders.
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=above):
            pass
    except OSError as error:
        raise InvalidRequest(
            f"{folder} can't be made: {_reason(error)}",
            remedy="name a folder that you may write",
            path=str(folder),
        ) from error


def write_plan(day: PlannedDay, run: Mapping[str, object], folder: Path) -> None:
    """Write all files of a plan; an earlier one there is replaced in one step.

    Raises
    ------
    InvalidRequest
        When the disk is full or the place can't be written; what was there before is there still.
    """
    folder = folder.resolve()  # "." has no name to rename
    try:
        _write_aside_then_rename(day, run, folder)
    except OSError as error:
        raise InvalidRequest(
            f"the plan can't be written to {folder}: {_reason(error)}",
            remedy="nothing was written; make room there, or name another folder",
            path=str(folder),
        ) from error


def replace_run(run: Mapping[str, object], folder: Path) -> None:
    """Replace the manifest of a plan that is written already, whole, when there is more to tell.

    Raises
    ------
    InvalidRequest
        When it can't be written; the earlier manifest stands.
    """
    part = folder / ".run.json.part"
    try:
        _write_run(run, part)
        part.replace(folder / "run.json")
    except OSError as error:
        raise InvalidRequest(
            f"{folder / 'run.json'} can't be replaced: {_reason(error)}",
            remedy="what was said until here is done; only this file does not tell of it",
            path=str(folder),
        ) from error


def allocations_table(day: PlannedDay) -> pa.Table:
    """Tabulate a plan: one row a (parcel, line).

    Where the scenario has alternatives, a last column tells which one the order takes, null for its own way.
    """
    scenario, allocations = day.scenario, day.allocations
    lists = day.built.tariffs.lists
    order_id = pa.array(scenario.orders.order_id, pa.string())
    sku_id, node_id = (
        pa.array(scenario.skus.sku_id, pa.string()),
        pa.array(scenario.nodes.node_id, pa.string()),
    )
    carrier = pa.array([entry.carrier for entry in lists], pa.string())
    service = pa.array([entry.service for entry in lists], pa.string())
    table = pa.table(
        {
            "order_id": order_id.take(pa.array(allocations.order)),
            "line_no": pa.array(scenario.order_lines.line_no[allocations.line]),
            "sku_id": sku_id.take(pa.array(scenario.order_lines.sku[allocations.line])),
            "node_id": node_id.take(pa.array(allocations.node)),
            "parcel_id": pa.array(allocations.parcel_ids(scenario), pa.string()),
            "carrier": carrier.take(pa.array(allocations.price_list)),
            "service": service.take(pa.array(allocations.price_list)),
            "qty": pa.array(allocations.qty),
        }
    )
    if not len(scenario.alternatives):
        return table
    is_own = allocations.alternative == NO_INDEX
    number = np.append(scenario.alternatives.number, 0)[allocations.alternative]
    return table.append_column("alternative", pa.array(number, mask=is_own))


def _refuse_what_is_no_plan(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is a file", remedy="name a folder for the plan", path=str(folder))
    found = {path.name for path in folder.iterdir()}
    if found - PLAN_FILES or (found and "run.json" not in found):
        raise InvalidRequest(
            f"{folder} holds files that are not a plan, such as {min(found - PLAN_FILES or found)}",
            remedy="name an empty or a new folder",
            path=str(folder),
        )


def _reason(error: OSError) -> str:
    return error.strerror or str(error)  # pyarrow's have no strerror


def _write_aside_then_rename(day: PlannedDay, run: Mapping[str, object], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        table = allocations_table(day)
        pq.write_table(table, staging / "allocations.parquet")
        pa_csv.write_csv(table, staging / "allocations.csv")
        _write_unfilled(day, staging / "unfilled.csv")
        write_certificate(day, staging)
        _write_run(run, staging / "run.json")
        _put_in_place(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_unfilled(day: PlannedDay, path: Path) -> None:
    lines, unfilled = day.scenario.order_lines, day.unfilled
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(UNFILLED_COLUMNS)
        for k, line in enumerate(unfilled.line):
            reason = unfilled.reason[k]
            writer.writerow(
                [
                    day.scenario.orders.order_id[lines.order[line]],
                    int(lines.line_no[line]),
                    day.scenario.skus.sku_id[lines.sku[line]],
                    int(unfilled.qty[k]),
                    str(reason),
                    reason.in_words,
                    *unfilled.nodes_left[k].tolist(),
                ]
            )


def _write_run(run: Mapping[str, object], path: Path) -> None:
    path.write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def _put_in_place(staging: Path, folder: Path) -> None:
    """Rename `staging` to `folder`; what was there before is moved aside first and then removed."""
    if not folder.exists():
        staging.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    earlier = aside / folder.name
    try:
        folder.rename(earlier)
        staging.rename(folder)
    except OSError:
        if earlier.exists():
            earlier.rename(folder)
        aside.rmdir()
        raise
    shutil.rmtree(aside)
