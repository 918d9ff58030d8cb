"""`fulfillment compare`: plans of one day side by side; plans of different days are refused."""

import json
from pathlib import Path

import pytest

from fulfillment.cli.exits import ExitCode
from fulfillment.planning.plan_facts import PlanFacts
from solver.baselines import BASELINES
from tests.cli.ledgers import run, write_day
from tests.planning.test_report import Page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days, and plans of the first by two rules."""
    folder = tmp_path_factory.mktemp("plans")
    write_day(folder / "day")
    write_day(folder / "other", seed=8)
    for method in ("first-come", "nearest"):
        done = run("plan", folder / "day", "--out", folder / method, "--method", method)
        assert done.exit_code == ExitCode.DONE, done.output
    return folder


def test_plans_are_set_side_by_side(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    done = run("compare", folder / "first-come", folder / "nearest", "--out", page, "--json")
    assert done.exit_code == ExitCode.DONE, done.output
    document = json.loads(done.stdout)
    runs = {name: json.loads((folder / name / "run.json").read_text()) for name in ("first-come", "nearest")}
    assert document["first"] == "first-come"
    for name, plan in document["plans"].items():
        assert plan["total_cents"] == runs[name]["total_cents"]
        assert plan["units_unfilled"] == runs[name]["counts"]["units_unfilled"]
    (difference,) = document["differences"]
    assert difference["name"] == "nearest"
    more = runs["nearest"]["total_cents"] - runs["first-come"]["total_cents"]
    assert difference["lost_cents"] - difference["saved_cents"] == pytest.approx(more, abs=0.01)
    costs = [change["cents"] for change in difference["losers"]]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 0
    html = page.read_text(encoding="utf-8")
    assert "script" not in Page(html).tags
    assert difference["losers"][0]["order_id"] in html
    assert "nearest serves" in done.stderr


def test_the_orders_named_are_those_that_are_served_otherwise(folder: Path) -> None:
    document = json.loads(run("compare", folder / "nearest", folder / "first-come", "--json").stdout)
    (difference,) = document["differences"]
    shipped = {}
    for name in ("nearest", "first-come"):
        shipped[name] = {}
        for row in PlanFacts.read(folder / name).allocations.to_pylist():
            entry = tuple(
                row[key] for key in ("line_no", "node_id", "parcel_id", "carrier", "service", "qty")
            )
            shipped[name].setdefault(row["order_id"], set()).add(entry)
    orders = {row["order_id"] for row in PlanFacts.read(folder / "nearest").orders.to_pylist()}
    before, after = shipped["nearest"], shipped["first-come"]
    surely = {
        each
        for each in orders
        if {e[:2] for e in before.get(each, ())} != {e[:2] for e in after.get(each, ())}
    }
    assert len(surely) <= difference["changed"] <= sum(before.get(each) != after.get(each) for each in orders)
    assert difference["cheaper"] + difference["dearer"] <= difference["changed"]


def test_a_plan_beside_itself_changes_nothing(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    for path in (folder / "nearest").iterdir():
        (again / path.name).write_bytes(path.read_bytes())
    page = tmp_path / "page.html"
    document = json.loads(run("compare", folder / "nearest", again, "--json", "--out", page).stdout)
    assert document["differences"][0]["changed"] == 0
    assert "Every order is served in the same way" in page.read_text(encoding="utf-8")


def test_plans_of_different_days_are_refused(folder: Path, tmp_path: Path) -> None:
    done = run("plan", folder / "other", "--out", tmp_path / "plan", "--method", "nearest")
    assert done.exit_code == ExitCode.DONE
    said = run("compare", folder / "nearest", tmp_path / "plan", "--out", tmp_path / "page.html")
    assert said.exit_code == ExitCode.BAD_INPUT
    assert "nearest and plan are plans of different days: nodes.csv" in said.stderr
    assert not (tmp_path / "page.html").exists()


def test_methods_are_run_and_compared(folder: Path, tmp_path: Path) -> None:
    done = run(
        "compare",
        folder / "day",
        "--methods",
        "all",
        "--time-limit",
        1,
        "--keep",
        tmp_path / "kept",
        "--json",
    )
    assert done.exit_code == ExitCode.DONE, done.output
    document = json.loads(done.stdout)
    names = ["optimal", *BASELINES]
    assert list(document["plans"]) == names
    assert (
        document["plans"]["nearest"]["total_cents"]
        == json.loads((folder / "nearest" / "run.json").read_text())["total_cents"]
    )
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == sorted(names)
    assert all((tmp_path / "kept" / name / "report.html").exists() for name in names)
    closest = document["closest_bound_cents"]
    assert closest == max(plan["bound_cents"] for plan in document["plans"].values())
    assert all(closest <= plan["total_cents"] for plan in document["plans"].values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["first-come"], "one folder is nothing to compare"),
        (["first-come", "first-come"], "a plan is named twice"),
        (["first-come", "nearest", "--methods", "all"], "--methods plans the day of one folder"),
        (["day", "--methods", "magic"], "there is no method 'magic'"),
        (["day", "--methods", "nearest,nearest"], "names one twice"),
        (["first-come", "nowhere"], "run.json is not there"),
        (["first-come", "nearest", "--out", "nowhere/page.html"], "can't be a page"),
    ],
)
def test_what_cannot_be_compared_is_refused(folder: Path, options: list[str], said: str) -> None:
    named = [
        option if option.startswith("--") or "," in option or option in ("all", "magic") else folder / option
        for option in options
    ]
    done = run("compare", *named)
    assert done.exit_code == ExitCode.BAD_INPUT, done.output
    assert said in done.stderr
