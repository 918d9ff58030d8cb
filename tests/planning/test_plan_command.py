"""`fulfillment plan`, as a person and as a program sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fulfillment.cli import progress
from fulfillment.cli.app import app
from fulfillment.cli.exits import ExitCode
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.write import write_scenario
from tests.planning.pinned import PinnedJudge, read_rows

FILES = [
    "allocations.csv",
    "allocations.parquet",
    "capacity_prices.parquet",
    "certificate.json",
    "nodes.parquet",
    "orders.parquet",
    "parcels.parquet",
    "report.html",
    "run.json",
    "stock_prices.parquet",
    "unfilled.csv",
]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    params = GeneratorParams(
        orders=90, stores=8, warehouses=1, vendors=1, skus=30, postal_codes=40, scarcity=0.5
    )
    write_scenario(generate(params, seed=11), folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_plan_is_written_and_told_in_a_few_lines(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    said = run(scenario, "--out", out)
    assert said.exit_code == ExitCode.DONE
    assert names(out) == FILES
    assert "90 orders, " in said.stdout
    assert "first-come would cost" in said.stdout
    assert f"written to {out}" in said.stdout


def test_what_a_policy_charges_is_told_apart_from_the_pinned_cost(scenario: Path, tmp_path: Path) -> None:
    policy, out = tmp_path / "policy.toml", tmp_path / "plan"
    policy.write_text(
        "version = 2\n[vendors_last]\ncents_per_parcel = 1\n[lateness]\ncents_per_day = 10\nmax_days = 3\n"
    )
    said = run(scenario, "--out", out, "--policy", policy)
    assert said.exit_code == ExitCode.DONE
    document = json.loads((out / "run.json").read_text())
    parts = document["policy_parts_cents"]
    assert parts["lateness"] > 0
    assert document["counts"]["parcels_late"] > 0
    assert sum(parts.values()) == pytest.approx(document["policy_cents"])
    told = f"+ lateness {parts['lateness'] / 100:,.2f}"
    assert "to the policy it costs" in said.stdout
    assert told in said.stdout
    assert f"{document['counts']['parcels_late']} parcels arrive after their promise" in said.stdout
    certificate = json.loads((out / "certificate.json").read_text())
    assert certificate["lower_bound_cents"] is certificate["gap"] is None
    assert certificate["policy_parts_cents"] == parts
    assert certificate["no_pinned_bound"] in said.stdout


def test_the_plan_is_what_the_pinned_rules_say_and_run_json_agrees(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    assert run(scenario, "--out", out).exit_code == ExitCode.DONE
    verdict = PinnedJudge(read_scenario(scenario)).judge(read_rows(out / "allocations.csv"))
    assert verdict.violations == []
    document = json.loads((out / "run.json").read_text())
    assert document["total_cents"] == round(float(verdict.total), 2)
    assert document["transport_cents"] == round(float(verdict.transport), 2)
    assert document["handling_cents"] == round(float(verdict.handling), 2)
    assert document["unfilled_cents"] == round(float(verdict.unfilled), 2)
    lacking = sum(int(row["qty"]) for row in read_rows(out / "unfilled.csv"))
    sent = sum(int(row["qty"]) for row in read_rows(out / "allocations.csv"))
    assert lacking == document["counts"]["units_unfilled"] > 0
    assert sent + lacking == document["counts"]["units"]
    assert set(document["inputs_sha256"]) == set(names(scenario))


def test_json_is_one_document_and_all_else_goes_to_stderr(scenario: Path, tmp_path: Path) -> None:
    said = run(scenario, "--out", tmp_path / "plan", "--json")
    assert said.exit_code == ExitCode.DONE
    document = json.loads(said.stdout)
    assert document == json.loads((tmp_path / "plan" / "run.json").read_text())
    assert "written to" in said.stderr


def test_the_same_seed_writes_the_same_bytes_with_any_number_of_threads(
    scenario: Path, tmp_path: Path
) -> None:
    assert run(scenario, "--out", tmp_path / "a", "--seed", 5).exit_code == ExitCode.DONE
    assert run(scenario, "--out", tmp_path / "b", "--seed", 5, "--threads", 1).exit_code == ExitCode.DONE
    for name in ("allocations.csv", "allocations.parquet", "unfilled.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_time_limit_stops_with_a_plan_that_says_it_may_not_repeat(scenario: Path, tmp_path: Path) -> None:
    said = run(scenario, "--out", tmp_path / "plan", "--time-limit", 0)
    assert said.exit_code == ExitCode.DONE
    assert "stopped early (time limit)" in said.stdout
    document = json.loads((tmp_path / "plan" / "run.json").read_text())
    assert (document["stop_reason"], document["repeatable"]) == ("time limit", False)
    assert document["total_cents"] > 0
    assert "stopped early" not in run(scenario, "--out", tmp_path / "plan", "--time-limit", 1e9).stdout


def test_a_policy_is_followed_and_kept_in_the_manifest(scenario: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'version = 4\nname = "no stores"\n[excluded_node_kinds]\nSHIPPING = ["store"]\n', encoding="utf-8"
    )
    assert run(scenario, "--out", tmp_path / "plan", "--policy", policy).exit_code == ExitCode.DONE
    document = json.loads((tmp_path / "plan" / "run.json").read_text())
    assert (document["policy"]["name"], document["policy"]["version"]) == ("no stores", 4)
    day = read_scenario(scenario)
    kind = dict(zip(day.nodes.node_id, day.nodes.kind, strict=True))
    method = dict(zip(day.orders.order_id, day.orders.method, strict=True))
    shipped = [
        kind[row["node_id"]]
        for row in read_rows(tmp_path / "plan" / "allocations.csv")
        if method[row["order_id"]] == "SHIPPING"
    ]
    assert shipped
    assert "store" not in shipped


def refused(scenario: object, out: Path, *options: object) -> str:
    """Plan must refuse before it writes; returns what it says, as people see it."""
    said = run(scenario, "--out", out, *options)
    assert said.exit_code == ExitCode.BAD_INPUT
    assert not out.exists()
    return said.stderr


@pytest.fixture
def broken(scenario: Path, tmp_path: Path) -> Path:
    """The same day with a negative price."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in scenario.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    header, first, *rest = (folder / "skus.csv").read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index("price_cents")] = "-5"
    (folder / "skus.csv").write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    return folder


def test_a_scenario_with_problems_is_refused_before_anything_is_written(broken: Path, tmp_path: Path) -> None:
    assert "price_cents" in refused(broken, tmp_path / "plan")
    said = run(broken, "--out", tmp_path / "plan", "--json")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert json.loads(said.stdout)["error"]["code"]
    assert names(tmp_path) == ["broken"]


def test_other_bad_input_is_refused_before_anything_is_written(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    nowhere = tmp_path / "nowhere"
    assert refused(nowhere, out) == (
        f"error: {nowhere} cannot be used: the folder is not there. Name a scenario's folder; "
        "`fulfillment validate` lists every problem\n"
    )
    assert "can't be read" in refused(scenario, out, "--policy", tmp_path / "none.toml")
    policy = tmp_path / "policy.toml"
    policy.write_text("version = 1\nspeed = 9\n", encoding="utf-8")
    assert f"{policy}: speed = 9" in refused(scenario, out, "--policy", policy)
    refused(scenario, out, "--seed", -1)
    refused(scenario, out, "--time-limit", -1)
    refused(scenario, out, "--threads", 0)
    refused(scenario, out, "--threads", 9999)


def test_a_folder_that_is_no_plan_is_left_alone(scenario: Path) -> None:
    before = {path.name: path.read_bytes() for path in scenario.iterdir()}
    said = run(scenario, "--out", scenario)
    assert said.exit_code == ExitCode.BAD_INPUT
    assert "not a plan" in said.stderr
    assert {path.name: path.read_bytes() for path in scenario.iterdir()} == before


def test_an_interrupt_in_the_search_writes_the_plan_reached(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real signal, sent when the third pass reports."""
    passes: list[str] = []

    def advance(self: object, by: int = 1, note: str = "") -> None:
        passes.append(note)
        if len(passes) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress._Lines, "advance", advance)
    said = run(scenario, "--out", tmp_path / "plan", "--json")
    assert said.exit_code == ExitCode.INTERRUPTED
    document = json.loads(said.stdout)
    assert (document["stop_reason"], document["repeatable"], document["passes"]) == ("interrupted", False, 3)
    assert names(tmp_path / "plan") == FILES
    judged = PinnedJudge(read_scenario(scenario)).judge(read_rows(tmp_path / "plan" / "allocations.csv"))
    assert judged.violations == []
    assert round(float(judged.total), 2) == document["total_cents"]


def test_ctrl_c_leaves_with_130_and_a_whole_plan_or_none(scenario: Path, tmp_path: Path) -> None:
    """The command as a process of its own, interrupted while it works, wherever it is by then."""
    out = tmp_path / "plan"
    command = [sys.executable, "-c", "from fulfillment.cli import main; main()", "plan", str(scenario)]
    process = subprocess.Popen(
        [*command, "--out", str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.startswith("read and validate"):
                process.send_signal(signal.SIGINT)
                break
        process.stdout.read()
    assert process.wait(timeout=120) == ExitCode.INTERRUPTED
    assert not out.exists() or names(out) == FILES
    assert set(names(tmp_path)) <= {"plan"}
