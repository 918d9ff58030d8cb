"""`fulfillment plan --db`: waiting orders planned and committed; rivals, crashes and repetitions."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from fulfillment.cli import plan_ledger, progress
from fulfillment.cli.exits import ExitCode
from fulfillment.domain.stock import EntryReason
from fulfillment.scenario.read import read_scenario
from fulfillment.services import commit_plan as commit_plan_module
from fulfillment.store.engine import open_engine
from fulfillment.store.entries import balances
from fulfillment.store.schema.catalogue import kit, kit_component
from fulfillment.store.schema.orders import order_line, orders
from tests.cli.ledgers import TINY, assert_sound, connect, run, states, write_day
from tests.planning.pinned import PinnedJudge, read_rows
from tests.support.databases import KINDS, ledger_database
from tests.support.ledgers import A, C, a_group, an_entry, post_all

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A ledger without a row."""
    with ledger_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def loaded(empty: str, day: Path) -> str:
    """A ledger with a day whose orders all wait."""
    assert run("import", day, "--db", empty).exit_code == ExitCode.DONE
    return empty


def plan(database: str, *options: object) -> dict[str, object]:
    """Plan in no time, expect success, and return the document."""
    done = run("plan", "--db", database, "--json", "--time-limit", 0, *options)
    assert done.exit_code == ExitCode.DONE, done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_waiting_orders_are_planned_and_committed(loaded: str, day: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    done = run("plan", "--db", loaded, "--out", out)
    assert done.exit_code == ExitCode.DONE
    assert "committed to the ledger: " in done.stdout
    assert f"written to {out}" in done.stdout
    sent = read_rows(out / "allocations.csv")
    assert assert_sound(loaded) == sum(int(row["qty"]) for row in sent) > 0
    document = json.loads((out / "run.json").read_text())
    commit = document["commit"]
    decided = commit["orders_allocated"] + commit["orders_back_ordered"]
    assert decided == len({row["order_id"] for row in sent})
    assert (commit["orders_refused"], commit["orders_passed_over"]) == (0, 0)
    assert states(loaded) == {
        "allocated": commit["orders_allocated"],
        "back_ordered": commit["orders_back_ordered"],
        "open": TINY.orders - decided,
    }
    assert document["inputs_ledger"]["position"] > 0
    verdict = PinnedJudge(read_scenario(day)).judge(sent)
    assert verdict.violations == []
    assert document["total_cents"] == round(float(verdict.total), 2)


def test_the_ledger_and_the_folder_of_one_day_are_the_same_problem(
    loaded: str, day: Path, tmp_path: Path
) -> None:
    """Each proves a bound for the other; nodes stand in another order, so ties may fall otherwise."""
    of_folder = json.loads(run("plan", day, "--out", tmp_path / "plan", "--json").stdout)
    of_ledger = json.loads(run("plan", "--db", loaded, "--json").stdout)
    assert of_ledger["counts"]["units"] == of_folder["counts"]["units"]
    assert of_ledger["counts"]["nodes"] == of_folder["counts"]["nodes"]
    assert of_ledger["lower_bound_policy_cents"] <= of_folder["policy_cents"]
    assert of_folder["lower_bound_policy_cents"] <= of_ledger["policy_cents"]


def test_planning_again_commits_nothing_more(loaded: str, tmp_path: Path) -> None:
    plan(loaded)
    before, committed = states(loaded), assert_sound(loaded)
    again = run("plan", "--db", loaded, "--out", tmp_path / "plan", "--time-limit", 0)
    assert again.exit_code == ExitCode.DONE
    assert "nothing to commit" in again.stdout
    assert (states(loaded), assert_sound(loaded)) == (before, committed)
    assert json.loads((tmp_path / "plan" / "run.json").read_text())["commit"] is None
    assert read_rows(tmp_path / "plan" / "allocations.csv") == []


def test_a_ledger_without_waiting_orders_is_no_error(empty: str, tmp_path: Path) -> None:
    done = run("plan", "--db", empty, "--out", tmp_path / "plan")
    assert done.exit_code == ExitCode.DONE
    assert "no order waits: there is nothing to plan" in done.stdout
    document = json.loads((tmp_path / "plan" / "run.json").read_text())
    assert (document["total_cents"], document["counts"]["orders"], document["commit"]) == (0, 0, None)
    assert read_rows(tmp_path / "plan" / "allocations.csv") == []
    assert read_rows(tmp_path / "plan" / "unfilled.csv") == []


def test_what_somebody_else_took_meanwhile_is_refused_and_stays_open(
    loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rival empties every position between the search and the commit."""
    search = plan_ledger.plan_with_progress

    def and_then_a_rival_buys(*given: object) -> object:
        found = search(*given)  # type: ignore[arg-type]
        stock, engine = found.scenario.stock, open_engine(loaded)
        for node, sku, available in zip(stock.node, stock.sku, stock.available.tolist(), strict=True):
            if available:
                position = (found.scenario.nodes.node_id[node], found.scenario.skus.sku_id[sku])
                post_all(engine, a_group(an_entry(position, available, EntryReason.COMMIT, A, C)))
        engine.dispose()
        return found

    monkeypatch.setattr(plan_ledger, "plan_with_progress", and_then_a_rival_buys)
    done = run("plan", "--db", loaded, "--json", "--time-limit", 0)
    assert done.exit_code == ExitCode.DONE
    commit = json.loads(done.stdout)["commit"]
    assert commit["orders_refused"] > 0
    assert commit["refusals_by_code"] == {"insufficient_stock": commit["orders_refused"]}
    assert 0 < len(commit["refused"]) <= plan_ledger.REFUSALS_NAMED_MAX
    assert "not enough stock" in done.stderr
    assert (commit["orders_allocated"], commit["orders_back_ordered"]) == (0, 0)
    assert states(loaded) == {"open": TINY.orders}


def test_what_somebody_else_decided_meanwhile_is_passed_over(
    loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rival plans and commits the same orders between the search and the commit."""
    search = plan_ledger.plan_with_progress

    def and_then_a_rival_plans(*given: object) -> object:
        found = search(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(plan_ledger, "plan_with_progress", search)
        plan(loaded)
        return found

    monkeypatch.setattr(plan_ledger, "plan_with_progress", and_then_a_rival_plans)
    done = run("plan", "--db", loaded, "--json", "--time-limit", 0)
    assert done.exit_code == ExitCode.DONE
    commit = json.loads(done.stdout)["commit"]
    assert commit["orders_passed_over"] > 0
    assert commit["orders_allocated"] == 0
    assert "decided by somebody else meanwhile" in done.stderr
    assert_sound(loaded)


def test_orders_to_a_place_that_the_ledger_does_not_know_are_left_out_and_named(loaded: str) -> None:
    engine = open_engine(loaded)
    with engine.begin() as connection:
        lost = connection.scalars(
            update(orders)
            .where(orders.c.method == "SHIPPING")
            .values(postal_code="nowhere")
            .returning(orders.c.order_id)
        ).all()
    engine.dispose()
    done = run("plan", "--db", loaded, "--json", "--time-limit", 0)
    assert done.exit_code == ExitCode.DONE
    document = json.loads(done.stdout)
    assert sorted(document["orders_left_out"]) == sorted(lost)
    assert document["counts"]["orders"] == TINY.orders - len(lost)
    assert "left out" in done.stderr
    assert_sound(loaded)


def test_orders_for_a_kit_are_left_out_and_named_while_its_recipe_stands(loaded: str) -> None:
    """The ledger has a kit's recipe and its components' stock, and no plan can commit these for it yet."""
    engine = open_engine(loaded)
    with engine.begin() as connection:
        kit_id, component, no_kit = connection.scalars(select(order_line.c.sku_id).distinct().limit(3)).all()
        recorded_at = datetime(2026, 11, 20, tzinfo=UTC)
        for sku_id, version in ((kit_id, 1), (no_kit, 1), (no_kit, 2)):  # whose second version has no recipe
            connection.execute(
                insert(kit).values(kit_sku_id=sku_id, version=version, recorded_at=recorded_at)
            )
        for sku_id in (kit_id, no_kit):
            connection.execute(
                insert(kit_component).values(kit_sku_id=sku_id, version=1, sku_id=component, qty=2)
            )
        of_kits = connection.scalars(
            select(order_line.c.order_id).where(order_line.c.sku_id == kit_id).distinct()
        ).all()
    engine.dispose()
    document = json.loads(run("plan", "--db", loaded, "--json", "--time-limit", 0).stdout)
    assert sorted(document["orders_left_out"]) == sorted(of_kits)
    assert document["counts"]["orders"] == TINY.orders - len(of_kits)
    assert_sound(loaded)


def test_a_policy_is_followed_and_kept_with_the_plan(loaded: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('version = 4\nname = "no stores"\n[excluded_node_kinds]\nSHIPPING = ["store"]\n')
    document = plan(loaded, "--policy", policy)
    assert document["policy"]["name"] == "no stores"  # type: ignore[index]
    assert_sound(loaded)


def test_an_interrupted_search_commits_nothing(loaded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: object, by: int = 1, note: str = "") -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress._Lines, "advance", interrupt)
    stopped = run("plan", "--db", loaded)
    assert stopped.exit_code == ExitCode.INTERRUPTED
    assert "interrupted: nothing was committed" in stopped.stdout
    assert states(loaded) == {"open": TINY.orders}


def test_an_interrupted_commit_keeps_what_it_committed(loaded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_plan_module, "ORDERS_PER_TRANSACTION", 8)
    advance, notes = progress._Lines.advance, []

    def interrupt_the_commit(self: progress._Lines, by: int = 1, note: str = "") -> None:
        advance(self, by, note)
        if self._label == "commit":
            notes.append(by)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(progress._Lines, "advance", interrupt_the_commit)
    stopped = run("plan", "--db", loaded)
    assert stopped.exit_code == ExitCode.INTERRUPTED
    assert "at least 8 orders were committed and stay so" in stopped.stdout
    assert states(loaded)["open"] == TINY.orders - 8
    assert_sound(loaded)


DIES = """
import os, signal
from fulfillment.services import commit_plan
commit_plan.ORDERS_PER_TRANSACTION = 8
left = int(os.environ["DIE_AFTER"])

def die(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def dying(then, name):
    # after the real work of `name` is done: for add_events, all of a group is written and not committed
    work = getattr(commit_plan, name)
    def both(*given, **named):
        result = work(*given, **named)
        then()
        return result
    setattr(commit_plan, name, both)

dying(die, os.environ["DIE_AT"])
from fulfillment.cli import main
main()
"""


def die(database: str, at: str, after: int) -> int:
    """Kill a planner the `after`-th time that it is past `at`; return the units committed by then."""
    killed = subprocess.run(
        [sys.executable, "-c", DIES, "plan", "--db", database, "--time-limit", "0"],
        cwd=PROJECT,
        env={**os.environ, "DIE_AT": at, "DIE_AFTER": str(after)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    return assert_sound(database)


def test_planners_killed_one_after_another_neither_oversell_nor_double(loaded: str) -> None:
    """The command as a process, killed by SIGKILL at three moments of its commit; each next one goes on.

    With a group written and not committed; with the locks of a group held; with all committed but the last
    word.
    """
    first = die(loaded, "add_events", 3)
    assert states(loaded)["open"] == TINY.orders - 2 * 8
    second = die(loaded, "lock_orders", 2)
    assert states(loaded)["open"] == TINY.orders - 3 * 8
    assert 0 < first < second < die(loaded, "finish_plan", 1)
    whole = (states(loaded), assert_sound(loaded))
    again = plan(loaded)
    assert again["commit"] is None
    assert (states(loaded), assert_sound(loaded)) == whole


def test_the_harness_sees_a_planner_that_commits_twice(loaded: str) -> None:
    """The broken twin: after a crash it posts entries again, and asks no order about it."""
    plan(loaded)
    assert_sound(loaded)
    with connect(loaded) as connection:
        position = next(at for at, balance in balances(connection).items() if balance.available)
    engine = open_engine(loaded)
    post_all(engine, a_group(an_entry(position, 1, EntryReason.COMMIT, A, C)))
    engine.dispose()
    with pytest.raises(AssertionError):
        assert_sound(loaded)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name DIR or --db URL"),
        (("DIR",), "needs --out OUT"),
        (("DIR", "--db", "ledger.db", "--out", "OUT"), "DIR and --db exclude each other"),
        (("--out", "OUT"), "name DIR or --db URL"),
    ],
)
def test_one_source_is_needed_and_both_are_named(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run("plan", *arguments)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert message in refused.stderr
    assert "`fulfillment plan DIR --out OUT`" in refused.stderr
    assert "`fulfillment plan --db URL`" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    refused = run("plan", "--db", tmp_path / "ledger.db", "--out", tmp_path / "plan")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "there is no ledger at" in refused.stderr
    assert list(tmp_path.iterdir()) == []
