"""`fulfillment import`, as a person and as a program sees it."""

import importlib.util
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text

from fulfillment.cli.exits import ExitCode
from fulfillment.clock import ManualClock
from fulfillment.planning.from_ledger import read_ledger
from fulfillment.scenario.layout import OPTIONAL
from fulfillment.scenario.read import read_scenario
from fulfillment.store import engine as engine_module
from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import downgrade, require_current, upgrade
from tests.cli.ledgers import assert_sound, rows, run, write_day
from tests.scenario.small import small_tables, write_tables
from tests.support.databases import KINDS, empty_database
from tests.support.days import NOON


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database without a table, on each kind in turn."""
    with empty_database(request.param, tmp_path) as url:
        yield url


def test_a_day_is_loaded_into_an_empty_database_and_a_second_time_changes_nothing(
    day: Path, database: str
) -> None:
    first = run("import", day, "--db", database)
    assert first.exit_code == ExitCode.DONE
    assert "rows a second" in first.stdout
    before = rows(database)
    scenario = read_scenario(day)
    assert before["orders"] == len(scenario.orders)
    assert before["stock_entry"] == (scenario.stock.available > 0).sum()
    second = run("import", day, "--db", database)
    assert second.exit_code == ExitCode.DONE
    assert "nothing new: the ledger has all of it" in second.stdout
    assert rows(database) == before
    assert assert_sound(database) == 0


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("kits", "the ledger takes no kits (here 1) and no alternatives (here of 0 orders) yet"),
        ("alternatives", "the ledger takes no kits (here 0) and no alternatives (here of 2 orders) yet"),
    ],
)
def test_kits_and_alternatives_are_refused_and_nothing_is_loaded(
    tmp_path: Path, kept: str, told: str
) -> None:
    folder = write_tables(small_tables(), tmp_path / "day")
    for table in OPTIONAL - {kept}:
        (folder / f"{table}.csv").unlink()
    ledger = tmp_path / "ledger.db"
    refused = run("import", folder, "--db", ledger, "--json")
    assert refused.exit_code == ExitCode.BAD_INPUT
    error = json.loads(refused.stdout)["error"]
    assert error["message"].startswith(told)
    assert "plan the folder with `fulfillment plan DIR`" in error["message"]
    assert sum(rows(ledger).values()) == 0


def test_planning_reads_back_the_day_that_was_loaded(day: Path, database: str) -> None:
    assert run("import", day, "--db", database).exit_code == ExitCode.DONE
    engine = open_engine(database)
    read = read_ledger(engine, ManualClock(NOON))
    engine.dispose()
    given, found = read_scenario(day), read.scenario
    assert read.left_out == []
    assert sorted(found.nodes.node_id) == sorted(given.nodes.node_id)
    for table, key in (("nodes", "node_id"), ("skus", "sku_id"), ("orders", "order_id")):
        expected, actual = getattr(given, table), getattr(found, table)
        rank = {name: k for k, name in enumerate(getattr(actual, key))}
        order = [rank[name] for name in getattr(expected, key)]
        for column in expected.__dataclass_fields__:
            if column in ("postal", "pickup_node"):
                continue
            values = [getattr(actual, column)[k] for k in order]
            assert list(map(str, getattr(expected, column))) == list(map(str, values)), column
    assert names_at(given) == names_at(found)


def names_at(scenario: object) -> list[object]:
    """Every reference and quantity of a scenario by name, so that the order of rows does not matter."""
    s = scenario
    orders, lines, stock = s.orders, s.order_lines, s.stock  # type: ignore[attr-defined]
    nodes, skus, codes = s.nodes.node_id, s.skus.sku_id, s.postal_codes.postal_code  # type: ignore[attr-defined]
    pickups = {o: nodes[n] for o, n in zip(orders.order_id, orders.pickup_node, strict=True) if n >= 0}
    places = {o: codes[p] for o, p in zip(orders.order_id, orders.postal, strict=True) if p >= 0}
    units = {
        (nodes[n], skus[k]): (int(a), int(f))
        for n, k, a, f in zip(stock.node, stock.sku, stock.available, stock.safety_stock, strict=True)
        if a  # a position without a unit needs no row in the ledger
    }
    wanted = sorted(
        (orders.order_id[o], int(n), skus[k], int(q))
        for o, n, k, q in zip(lines.order, lines.line_no, lines.sku, lines.qty, strict=True)
    )
    rates = [list(map(str, getattr(s.rates, column))) for column in s.rates.__dataclass_fields__]  # type: ignore[attr-defined]
    return [pickups, places, units, wanted, rates]


def test_json_is_one_document(day: Path, tmp_path: Path) -> None:
    done = run("import", day, "--db", tmp_path / "ledger.db", "--json")
    document = json.loads(done.stdout)
    scenario = read_scenario(day)
    assert document["orders_added"] == len(scenario.orders)
    assert document["positions_added"] == (scenario.stock.available > 0).sum()
    assert (document["orders_known"], document["positions_known"]) == (0, 0)
    assert document["rows"] > document["orders_added"]
    again = json.loads(run("import", day, "--db", tmp_path / "ledger.db", "--json").stdout)
    assert (again["orders_added"], again["orders_known"]) == (0, document["orders_added"])
    assert again["network_versions_added"] == 0


def test_a_changed_quantity_is_refused_by_name_and_nothing_is_written(day: Path, database: str) -> None:
    assert run("import", day, "--db", database).exit_code == ExitCode.DONE
    before = rows(database)
    other = write_day(day.parent / "other", seed=8)
    refused = run("import", other, "--db", database)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "nothing was loaded" in refused.stderr
    assert "was loaded with" in refused.stderr
    assert rows(database) == before


def test_a_scenario_with_problems_is_refused_before_a_database_is_made(day: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in day.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "skus.csv").write_text((broken / "skus.csv").read_text() + "x,1,y,-5,1\n")
    refused = run("import", broken, "--db", tmp_path / "ledger.db")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "fulfillment validate" in refused.stderr
    assert not (tmp_path / "ledger.db").exists()


def test_a_database_of_somebody_else_is_left_alone(day: Path, database: str) -> None:
    engine = open_engine(database)
    theirs = Table("theirs", MetaData(), Column("id", Integer))
    theirs.create(engine)
    refused = run("import", day, "--db", database)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "no ledger's (theirs" in refused.stderr
    assert "name an empty database" in refused.stderr
    engine.dispose()
    assert "no ledger's (theirs" in run("plan", "--db", database).stderr


def test_a_file_of_somebody_else_keeps_every_byte(day: Path, tmp_path: Path) -> None:
    """A ledger is kept in WAL mode, which SQLite writes into the file's header."""
    file = tmp_path / "theirs.db"
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute("CREATE TABLE orders (id INTEGER)")
    before = file.read_bytes()
    for command in (("import", day), ("plan",)):
        assert run(*command, "--db", file).exit_code == ExitCode.BAD_INPUT
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.db"]


def test_a_ledger_of_a_newer_version_is_refused(day: Path, database: str) -> None:
    engine = open_engine(database)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused = run("import", day, "--db", database)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "schema 9999, which this version does not know" in refused.stderr
    engine.dispose()


def test_a_ledger_of_an_older_version_is_brought_up_to_date(day: Path, database: str) -> None:
    engine = open_engine(database)
    upgrade(engine)
    downgrade(engine, "-1")
    assert run("plan", "--db", database).exit_code == ExitCode.BAD_INPUT
    assert run("import", day, "--db", database).exit_code == ExitCode.DONE
    require_current(engine)
    engine.dispose()


def test_a_file_that_is_no_database_is_refused_and_left_alone(day: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear customer, " * 100)
    refused = run("import", day, "--db", file)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "the database cannot be used: file is not a database" in refused.stderr
    assert file.read_text() == "Dear customer, " * 100


def test_a_server_that_is_not_there_is_said_with_a_remedy(day: Path) -> None:
    refused = run("import", day, "--db", "postgresql://nobody@127.0.0.1:1/none")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "the database cannot be used" in refused.stderr
    assert "is the server up" in refused.stderr


def test_without_psycopg_the_extra_is_named(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plain installation meets: it has no PostgreSQL driver."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        engine_module, "find_spec", lambda name: None if name == "psycopg" else find_spec(name)
    )
    refused = run("import", day, "--db", "postgresql://localhost/ledger")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "fulfillment[postgres]" in refused.stderr


def test_a_ledger_that_another_writer_locks_is_busy_and_safe_to_repeat(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "SQLITE_BUSY_TIMEOUT_MS", 1)
    path = tmp_path / "ledger.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("BEGIN IMMEDIATE")
    busy = run("import", day, "--db", path)
    assert busy.exit_code == ExitCode.BUSY
    holder.execute("ROLLBACK")
    holder.close()
    assert run("import", day, "--db", path).exit_code == ExitCode.DONE
