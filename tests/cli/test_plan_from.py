"""`fulfillment plan --from`: the next window starts where the last one ended."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fulfillment.cli.exits import ExitCode
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.write import write_scenario
from tests.cli.ledgers import run

PARAMS = GeneratorParams(orders=90, stores=8, warehouses=1, vendors=1, skus=30, postal_codes=40, scarcity=0.5)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A day and its plan."""
    folder = tmp_path_factory.mktemp("window")
    write_scenario(generate(PARAMS, seed=11), folder / "day")
    assert run("plan", folder / "day", "--out", folder / "plan").exit_code == ExitCode.DONE
    return folder / "day", folder / "plan"


def document(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def test_a_plan_starts_from_itself_and_is_no_worse(planned: tuple[Path, Path], tmp_path: Path) -> None:
    day, before = planned
    said = run("plan", day, "--out", tmp_path / "plan", "--from", before)
    assert said.exit_code == ExitCode.DONE, said.output
    assert "started from an earlier plan" in said.stdout
    assert "passed over 0 orders and 0 prices" in said.stdout
    old, new = document(before), document(tmp_path / "plan")
    assert old["started_from"] is None
    assert new["policy_cents"] <= old["policy_cents"]
    assert new["lower_bound_policy_cents"] >= old["lower_bound_policy_cents"]
    assert new["trace"][0]["lower_bound_policy_cents"] >= old["lower_bound_policy_cents"] - 1
    hashes = new["started_from"]["files_sha256"]
    assert sorted(hashes) == ["allocations.parquet", "capacity_prices.parquet", "stock_prices.parquet"]
    assert str(before) not in (tmp_path / "plan" / "run.json").read_text()
    assert run("verify", day, tmp_path / "plan").exit_code == ExitCode.DONE


def test_another_day_starts_from_what_it_knows(planned: tuple[Path, Path], tmp_path: Path) -> None:
    _, before = planned
    write_scenario(generate(PARAMS, seed=12), tmp_path / "other")
    plan = tmp_path / "earlier"
    shutil.copytree(before, plan)
    orders = pq.read_table(plan / "allocations.parquet")
    gone = pa.array([f"gone-{name}" for name in orders["order_id"].to_pylist()])
    pq.write_table(orders.set_column(0, "order_id", gone), plan / "allocations.parquet")
    said = run("plan", tmp_path / "other", "--out", tmp_path / "plan", "--from", plan)
    assert said.exit_code == ExitCode.DONE, said.output
    found = document(tmp_path / "plan")["started_from"]
    assert (found["orders_found"], found["orders_passed_over"]) == (0, len(set(gone.to_pylist())))
    assert run("verify", tmp_path / "other", tmp_path / "plan").exit_code == ExitCode.DONE


def _negative(folder: Path) -> None:
    path = folder / "stock_prices.parquet"
    prices = pq.read_table(path)
    cents = [-1.0, *prices["price_cents"].to_pylist()[1:]]
    pq.write_table(prices.set_column(2, "price_cents", pa.array(cents)), path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "can't be read as the table of an earlier plan"),
        (lambda folder: (folder / "stock_prices.parquet").unlink(), "stock_prices.parquet can't be read"),
        (lambda folder: (folder / "allocations.parquet").write_bytes(b"x" * 99), "allocations.parquet"),
        (
            lambda folder: shutil.copy(folder / "nodes.parquet", folder / "allocations.parquet"),
            "allocations.parquet is no table of a plan",
        ),
        (_negative, "stock_prices.parquet, row 1, price_cents"),
    ],
)
def test_what_is_no_plan_is_told_before_any_work(
    spoil: Callable[[Path], object], message: str, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    day, before = planned
    shutil.copytree(before, tmp_path / "spoilt")
    spoil(tmp_path / "spoilt")
    said = run("plan", day, "--out", tmp_path / "plan", "--from", tmp_path / "spoilt")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert message in said.stderr
    assert "name a folder that `fulfillment plan` wrote" in said.stderr
    assert not (tmp_path / "plan").exists()


def test_a_rule_starts_from_nothing(planned: tuple[Path, Path], tmp_path: Path) -> None:
    day, before = planned
    said = run("plan", day, "--out", tmp_path / "plan", "--from", before, "--method", "nearest")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert "leave --from out" in said.stderr


def test_a_ledger_is_planned_from_an_earlier_plan(planned: tuple[Path, Path], tmp_path: Path) -> None:
    day, before = planned
    ledger = tmp_path / "ledger.db"
    assert run("import", day, "--db", ledger).exit_code == ExitCode.DONE
    done = run("plan", "--db", ledger, "--from", before, "--json")
    assert done.exit_code == ExitCode.DONE, done.output
    found = json.loads(done.stdout)
    assert found["started_from"]["orders_found"] > 0
    assert found["commit"]["orders_refused"] == 0
