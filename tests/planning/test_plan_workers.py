"""`fulfillment plan` with processes or a cluster in place of threads."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fulfillment.cli.app import app
from fulfillment.cli.exits import ExitCode
from fulfillment.planning import cluster
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.write import write_scenario
from solver import processes
from tests.solver.workforces import BreakingThreads

DAY = GeneratorParams(orders=60, stores=6, warehouses=2, vendors=1, skus=20, postal_codes=30, scarcity=0.5)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenario") / "day"
    write_scenario(generate(DAY, seed=4), folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def test_two_worker_processes_write_the_same_bytes_as_threads(scenario: Path, tmp_path: Path) -> None:
    assert run(scenario, "--out", tmp_path / "a", "--threads", 1).exit_code == ExitCode.DONE
    assert run(scenario, "--out", tmp_path / "b", "--workers", 2).exit_code == ExitCode.DONE
    for name in ("allocations.parquet", "unfilled.csv", "stock_prices.parquet", "capacity_prices.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--threads", 2, "--workers", 2), "--threads and --workers exclude each other"),
        (("--workers", 2, "--cluster", "tcp://127.0.0.1:9"), "--workers and --cluster exclude each other"),
        (("--method", "nearest", "--workers", 2), "leave --workers out"),
        (("--method", "nearest", "--cluster", "tcp://127.0.0.1:9"), "leave --cluster out"),
        (("--cluster", "tcp://127.0.0.1:9"), "no dask scheduler answers at tcp://127.0.0.1:9"),
        (("--workers", 0), "--workers"),
        (("--workers", 9_999), "--workers"),
    ],
)
def test_workers_that_cannot_be_are_refused_before_any_work(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], said: str
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    out = tmp_path / "plan"
    refused = run(scenario, "--out", out, *options)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert said in refused.stderr
    assert not out.exists()


def test_a_plan_whose_workers_were_lost_for_good_is_written_and_says_so(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        processes, "LocalProcesses", lambda workers: BreakingThreads(workers, breaks=lambda ask: ask > 30)
    )
    lost = run(scenario, "--out", tmp_path / "plan", "--workers", 2, "--json")
    assert lost.exit_code == ExitCode.UNPROVED
    document = json.loads(lost.stdout)
    assert document["stop_reason"].startswith("workers lost: shard ")
    assert document["repeatable"] is False
    certificate = json.loads((tmp_path / "plan" / "certificate.json").read_text())
    assert 0 < certificate["lower_bound_cents"] <= certificate["total_cents"]
