"""`fulfillment verify`, as a person and as a program sees it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fulfillment.cli.app import app
from fulfillment.cli.exits import ExitCode
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.write import write_scenario
from tests.verify.folders import change_certificate, claims, read_rows, write_allocations


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    params = GeneratorParams(orders=60, stores=6, warehouses=1, vendors=1, skus=20, postal_codes=30)
    write_scenario(generate(params, seed=3), folder)
    return folder


@pytest.fixture(scope="module")
def planned(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned") / "plan"
    done = CliRunner().invoke(app, ["plan", str(scenario), "--out", str(folder)])
    assert done.exit_code == ExitCode.DONE
    return folder


@pytest.fixture
def plan(planned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned, tmp_path / "plan"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def test_it_says_in_words_what_it_proved(scenario: Path, plan: Path) -> None:
    said = run(scenario, plan)
    assert said.exit_code == ExitCode.DONE
    told = [line for line in said.stdout.splitlines() if line.startswith("proved: ")]
    total, bound = claims(plan)["total_cents"], claims(plan)["lower_bound_cents"]
    assert told[:3] == [
        "proved: the plan is feasible: stock, capacity, reach, time and carriage allow it",
        f"proved: it costs {total:,.2f} cents",
        f"proved: no plan can cost less than {bound:,} cents",
    ]
    assert told[3].startswith("proved: so no plan saves more than ")
    assert "not " not in said.stdout


def test_json_is_one_document(scenario: Path, plan: Path) -> None:
    said = run(scenario, plan, "--json")
    assert said.exit_code == ExitCode.DONE
    document = json.loads(said.stdout)
    assert document["ok"] is True
    assert document["violations"] == document["unchecked"] == []
    assert len(document["proved"]) == 4
    for key in ("total_cents", "lower_bound_cents"):
        assert document[key] == claims(plan)[key]
    assert document["gap"] == pytest.approx(claims(plan)["gap"], abs=1e-9)


def test_what_is_not_proved_is_named_and_ends_with_1(scenario: Path, plan: Path) -> None:
    rows = read_rows(plan, "allocations")
    write_allocations(plan, [rows[0] | {"qty": 10_000}, *rows[1:]])
    change_certificate(plan, lower_bound_cents=10**9)
    said = run(scenario, plan)
    assert said.exit_code == ExitCode.UNPROVED
    unproved = [line for line in said.stdout.splitlines() if line.startswith("not proved: ")]
    assert any("more units than the line asks for: 1 (" in line for line in unproved)
    assert any("lower_bound_cents is more than the prices prove" in line for line in unproved)
    document = json.loads(run(scenario, plan, "--json").stdout)
    assert document["ok"] is False
    assert {each["rule"] for each in document["violations"]} >= {"more units than the line asks for"}


def test_unusable_input_ends_with_2(scenario: Path, plan: Path, tmp_path: Path) -> None:
    (plan / "stock_prices.parquet").unlink()
    said = run(scenario, plan, "--json")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert f"{plan} has no stock_prices.parquet" in json.loads(said.stdout)["error"]["message"]
    assert run(tmp_path / "nowhere", plan).exit_code == ExitCode.BAD_INPUT
    assert run(scenario, tmp_path / "nowhere").exit_code == ExitCode.BAD_INPUT
