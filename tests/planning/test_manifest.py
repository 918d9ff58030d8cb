"""What a run says about itself."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from fulfillment import __version__
from fulfillment.domain.policy import Policy
from fulfillment.planning.manifest import counts, hash_files, run_document, units_by_reason
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.scenario.folder import table_files
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.layout import COLUMNS
from solver.stop import MaxSeconds
from tests.planning.days import day, node, order
from tests.scenario.small import small_tables, write_tables
from tests.solver.plans import QUICK


@pytest.fixture(scope="module")
def planned() -> PlannedDay:
    """Two orders filled whole, one in two parcels; one short by two units; one without stock."""
    scenario = day(
        {"L1": node(), "L2": node(kind="store")},
        {("L1", "V"): 3, ("L1", "Z"): 1, ("L2", "W"): 1, ("L2", "X"): 1},
        {
            "whole": order(("W", 1)),
            "split": order(("Z", 1), ("X", 1)),
            "short": order(("V", 3), ("V", 2)),
            "none": order(("Y", 4), method="PICK_UP", pickup="L2"),
        },
    )
    return plan_day(scenario, Policy.default(), seed=3, params=QUICK)


def test_orders_units_and_parcels_are_counted(planned: PlannedDay) -> None:
    assert counts(planned) == {
        "orders": 4,
        "orders_filled": 2,
        "orders_split": 1,
        "orders_with_alternatives": 0,
        "orders_served_by_alternative": 0,
        "lines": 6,
        "units": 12,
        "units_unfilled": 6,
        "units_by_method": {"PICK_UP": 0, "SHIPPING": 6},
        "units_unfilled_by_reason": {"no_stock": 4, "sold_out": 2},
        "parcels": 4,
        "parcels_late": 0,
        "nodes": 2,
    }
    assert units_by_reason(planned) == {"no_stock": 4, "sold_out": 2}


def test_a_run_names_inputs_versions_seed_policy_timings_and_totals(planned: PlannedDay) -> None:
    document = run_document(planned, {"inputs_sha256": {"nodes.csv": "abc"}}, {"read": 0.12345})
    assert json.loads(json.dumps(document)) == document
    assert document["total_cents"] == 4 * 600 + 6 * 6000
    assert document["transport_cents"] == 4 * 600
    assert document["handling_cents"] == 0
    assert document["unfilled_cents"] == 6 * 6000
    assert document["policy_cents"] == document["total_cents"]
    assert document["policy_parts_cents"] == {
        "transport": 4 * 600,
        "handling": 0,
        "unfilled": 6 * 6000,
        "lateness": 0,
        "last_units": 0,
        "balance": 0,
        "vendors_last": 0,
    }
    assert document["lower_bound_policy_cents"] <= document["policy_cents"]
    assert document["first_come_policy_cents"] >= document["policy_cents"]
    assert 0 <= document["gap"] < 1
    assert document["seed"] == 3
    assert document["repeatable"] is True
    assert document["inputs_sha256"] == {"nodes.csv": "abc"}
    assert set(document["seconds"]) == {"read", "build", "solve", "check"}
    assert document["seconds"]["read"] == 0.123
    assert document["versions"]["fulfillment"] == __version__
    assert {"python", "numba", "numpy", "pyarrow", "scipy"} <= set(document["versions"])
    assert document["peak_memory_mib"] > 10
    policy = document["policy"]
    assert Policy.from_toml(policy["toml"]) == Policy.default()
    assert policy["digest"] == Policy.default().digest
    assert document["counts"] == counts(planned)


def test_a_run_stopped_by_the_clock_says_so() -> None:
    scarce = generate(GeneratorParams(orders=150, stores=6, skus=30, postal_codes=30, scarcity=0.9), seed=2)
    stopped = plan_day(scarce, Policy.default(), stop=MaxSeconds(0.0), params=QUICK)
    document = run_document(stopped, {}, {})
    assert (document["status"], document["stop_reason"], document["repeatable"]) == (
        "stopped",
        "time limit",
        False,
    )


def test_totals_are_the_sum_of_their_parts_to_the_cent() -> None:
    """Commissions of generated vendors make fractions of a cent; each total is rounded once."""
    scenario = generate(GeneratorParams(orders=80, stores=6, skus=30, postal_codes=30), seed=2)
    document = run_document(plan_day(scenario, Policy.default(), params=QUICK), {}, {})
    parts = sum(document[f"{part}_cents"] for part in ("transport", "handling", "unfilled"))
    assert document["total_cents"] == pytest.approx(parts, abs=0.015)
    assert document["counts"]["units"] == int(scenario.order_lines.qty.sum())
    trace = document["trace"]
    assert trace[-1]["policy_cents"] >= document["policy_cents"]
    assert all(np.diff([point["policy_cents"] for point in trace]) <= 0)
    assert all(np.diff([point["lower_bound_policy_cents"] for point in trace]) >= 0)


def test_every_table_of_a_folder_is_named_also_those_it_may_lack(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "notes.csv").write_text("mine")
    assert hash_files(table_files(folder)).keys() == {f"{table}.csv" for table in COLUMNS}


def test_files_are_hashed_by_content(tmp_path: Path) -> None:
    """A file longer than a block too."""
    small, large = tmp_path / "b.csv", tmp_path / "a.parquet"
    small.write_bytes(b"node_id\n")
    large.write_bytes(bytes(range(256)) * 8192 + b"end")
    assert hash_files([small, large]) == {
        "a.parquet": hashlib.sha256(large.read_bytes()).hexdigest(),
        "b.csv": hashlib.sha256(b"node_id\n").hexdigest(),
    }
    assert list(hash_files([small, large])) == ["a.parquet", "b.csv"]
