"""`fulfillment demo`, as a newcomer meets it."""

import json
import shlex
from pathlib import Path

import pytest

from fulfillment.cli import demo as demo_module
from fulfillment.cli.exits import ExitCode
from tests.cli.ledgers import TINY, assert_sound, run, states
from tests.planning.pinned import read_rows
from tests.support.databases import empty_database


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small retailer, and a folder of our own to stand in."""
    monkeypatch.setattr(demo_module, "RETAILER", TINY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_demo_tells_the_day_in_words_and_keeps_it(home: Path) -> None:
    done = run("demo")
    assert done.exit_code == ExitCode.DONE, done.stderr
    for said in (
        "A made-up retailer: 6 stores, 1 warehouse, 1 marketplace vendor, 25 products.",
        "How the units go out",
        "shipped from a warehouse",
        "each order in turn at its own cheapest: first come, first served",
        "above the best possible",
        "split over several parcels",
        "What could not be filled, and why",
        "What to try next",
        "it is kept in demo.",
    ):
        assert said in done.stdout, said
    assert sorted(path.name for path in (home / "demo").iterdir()) == [
        "day",
        "demo.json",
        "ledger.db",
        "plan",
        "policy.toml",
    ]
    sent = sum(int(row["qty"]) for row in read_rows(home / "demo" / "plan" / "allocations.csv"))
    assert assert_sound(home / "demo" / "ledger.db") == sent > 0


def test_every_command_that_a_demo_suggests_works_as_printed(home: Path) -> None:
    said = run("demo", "--seed", 3).stdout
    lines = [line.strip() for line in said.split("What to try next")[1].splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith(("fulfillment ", "head "))]
    assert [command[:2] for command in commands] == [
        ["head", "demo/plan/unfilled.csv"],
        ["fulfillment", "validate"],
        ["fulfillment", "plan"],
        ["fulfillment", "plan"],
    ]
    assert Path(commands[0][1]).is_file()
    for _, *arguments in commands[1:]:
        done = run(*arguments)
        assert done.exit_code == ExitCode.DONE, done.stderr
    assert "nothing to commit" in done.stdout
    assert json.loads((home / "demo" / "what-if" / "run.json").read_text())["policy"]["name"] == (
        "stores send no parcels"
    )


def test_json_is_one_document_that_counts_units_by_way() -> None:
    done = run("demo", "--json", "--keep", "here")
    document = json.loads(done.stdout)
    counts = document["counts"]
    assert sum(document["units_by_way"].values()) == counts["units"] - counts["units_unfilled"]
    assert document["units_by_way"]["same_day"] == counts["units_by_method"]["LOCAL"]
    collected = ("collected_from_shelf", "collected_after_transfer")
    assert sum(document["units_by_way"][way] for way in collected) == counts["units_by_method"]["PICK_UP"]
    assert document["folder"] == "here"
    assert document["commit"]["orders_refused"] == 0


def test_a_demo_replaces_a_demo_and_leaves_what_others_put_there(home: Path) -> None:
    assert run("demo", "--seed", 1).exit_code == ExitCode.DONE
    first = (home / "demo" / "plan" / "allocations.csv").read_bytes()
    (home / "demo" / "notes.txt").write_text("mine")
    assert run("demo", "--seed", 2).exit_code == ExitCode.DONE
    assert (home / "demo" / "plan" / "allocations.csv").read_bytes() != first
    assert (home / "demo" / "notes.txt").read_text() == "mine"
    assert sum(states(home / "demo" / "ledger.db").values()) == TINY.orders
    assert run("demo", "--seed", 1).exit_code == ExitCode.DONE
    assert (home / "demo" / "plan" / "allocations.csv").read_bytes() == first


@pytest.mark.parametrize("there", ["letter.txt", "demo.json"])
def test_a_folder_of_somebody_else_is_refused_and_left_alone(home: Path, there: str) -> None:
    (home / "demo").mkdir()
    (home / "demo" / there).write_text("Dear customer,")
    refused = run("demo")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "no demo made" in refused.stderr
    assert "--keep DIR" in refused.stderr
    assert [path.name for path in (home / "demo").iterdir()] == [there]


def test_a_place_that_cannot_be_written_is_refused(home: Path) -> None:
    (home / "demo").write_text("a file")
    refused = run("demo")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "can't be written" in refused.stderr


def test_a_mistyped_database_is_refused_before_a_folder_is_made(home: Path) -> None:
    refused = run("demo", "--db", "mysql://user@host/ledger")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "mysql is no database of ours" in refused.stderr
    assert not (home / "demo").exists()


def test_a_demo_on_postgresql_tells_the_second_time_that_all_is_known(home: Path) -> None:
    with empty_database("postgresql", home) as url:
        assert run("demo", "--db", url).exit_code == ExitCode.DONE
        assert not (home / "demo" / "ledger.db").exists()
        before = (states(url), assert_sound(url))
        again = run("demo", "--db", url)
        assert again.exit_code == ExitCode.DONE
        assert "nothing to commit" in again.stdout
        assert (states(url), assert_sound(url)) == before
