"""`fulfillment plan --method`: any rule through everything that follows a plan."""

import json
from pathlib import Path

import pytest

from fulfillment.cli.exits import ExitCode
from tests.cli.ledgers import assert_sound, run, write_day


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_day(tmp_path_factory.mktemp("day"))


@pytest.mark.parametrize("method", ["nearest", "fewest-parcels"])
def test_a_plan_by_a_rule_is_written_and_verified(method: str, day: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    said = run("plan", day, "--out", out, "--method", method)
    assert said.exit_code == ExitCode.DONE, said.output
    document = json.loads((out / "run.json").read_text())
    assert (document["method"], document["repeatable"], len(document["trace"])) == (method, True, 1)
    assert document["total_cents"] >= document["lower_bound_policy_cents"] > 0
    assert run("verify", day, out).exit_code == ExitCode.DONE


def test_the_optimiser_is_the_method_unless_another_is_named(day: Path, tmp_path: Path) -> None:
    done = run("plan", day, "--out", tmp_path / "plan", "--time-limit", 0, "--json")
    assert json.loads(done.stdout)["method"] == "optimal"


def test_a_ledger_is_planned_by_a_rule(day: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    assert run("import", day, "--db", ledger).exit_code == ExitCode.DONE
    done = run("plan", "--db", ledger, "--method", "rules", "--json")
    assert done.exit_code == ExitCode.DONE, done.output
    document = json.loads(done.stdout)
    assert document["method"] == "rules"
    assert document["commit"]["orders_refused"] == 0
    assert assert_sound(ledger) > 0


def test_an_unknown_method_lists_those_there_are(day: Path, tmp_path: Path) -> None:
    said = run("plan", day, "--out", tmp_path / "plan", "--method", "best")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert "there is no method 'best'; the methods are\n  optimal " in said.stderr
    assert "\n  nearest " in said.stderr
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("limit", ["--time-limit", "--gap"])
def test_a_rule_takes_no_limit(limit: str, day: Path, tmp_path: Path) -> None:
    said = run("plan", day, "--out", tmp_path / "plan", "--method", "nearest", limit, 5)
    assert said.exit_code == ExitCode.BAD_INPUT
    assert f"leave {limit} out" in said.stderr


def test_a_plan_near_enough_ends_the_search_and_repeats(day: Path, tmp_path: Path) -> None:
    whole, near, again = (
        json.loads(run("plan", day, "--out", tmp_path / name, "--json", *options).stdout)
        for name, options in (("whole", ()), ("near", ("--gap", 10)), ("again", ("--gap", 10)))
    )
    assert (near["stop_reason"], near["repeatable"]) == ("gap reached", True)
    assert near["gap"] <= 0.1
    assert near["passes"] < whole["passes"]
    assert near["total_cents"] == again["total_cents"]


def test_of_a_gap_and_a_time_limit_the_first_to_be_reached_counts(day: Path, tmp_path: Path) -> None:
    done = run("plan", day, "--out", tmp_path / "plan", "--gap", 0, "--time-limit", 0, "--json")
    document = json.loads(done.stdout)
    assert (document["stop_reason"], document["repeatable"]) == ("time limit", False)
