"""`fulfillment audit` proves a sound ledger and finds one that somebody tampered with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from fulfillment.cli.exits import ExitCode
from fulfillment.store.engine import open_engine
from fulfillment.store.schema.orders import fulfillment_order_line
from fulfillment.store.schema.stock import stock
from tests.cli.ledgers import run
from tests.support.databases import KINDS, ledger_database
from tests.support.days import a_context, a_day, allocate
from tests.support.ledgers import NOON


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A ledger with an order that has its units, and a cart."""
    from datetime import timedelta

    from fulfillment.clock import ManualClock
    from fulfillment.domain.holds import HeldUnits
    from fulfillment.ids import SeededIds
    from fulfillment.services.commit_plan import commit_plan
    from fulfillment.services.load_day import load_day
    from fulfillment.services.open_hold import OpenHold, open_hold

    clock = ManualClock(NOON)
    cart = OpenHold(
        hold_id="H", channel="web", units=(HeldUnits("L1", "W", 2),), expires_at=NOON + timedelta(hours=1)
    )
    with ledger_database(request.param, tmp_path) as url:
        engine = open_engine(url)
        load_day(engine, a_day({("L1", "V"): 5, ("L1", "W"): 4}, {"O1": [("V", 2)]}), actor="t", clock=clock)
        commit_plan(engine, allocate("O1", "L1", (1, "V", 2)), a_context("P1"))
        open_hold(engine, cart, clock=clock, ids=SeededIds(1, clock), actor="web")
        engine.dispose()
        yield url


def change(database: str, statement: object) -> None:
    engine: Engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    engine.dispose()


def test_a_sound_ledger_is_proved(database: str) -> None:
    result = run("audit", "--db", database)
    assert result.exit_code == ExitCode.DONE
    assert "proved: 2 balances by 4 entries" in result.output


def test_the_document_of_a_sound_ledger_says_so(database: str) -> None:
    document = json.loads(run("audit", "--db", database, "--json").stdout)
    assert document == {
        "ok": True,
        "positions": 2,
        "entries": 4,
        "disagreements": [],
        "disagreements_total": 0,
    }


@pytest.mark.parametrize(
    ("tampered", "said"),
    [
        (update(stock).where(stock.c.sku_id == "V").values(available=9), "the stock row says"),
        (update(fulfillment_order_line).values(qty=1), "2 units are committed, nodes were given 1"),
    ],
    ids=["balance", "claim"],
)
def test_the_broken_twin_of_a_ledger_is_caught(database: str, tampered: object, said: str) -> None:
    change(database, tampered)
    result = run("audit", "--db", database, "--json")
    assert result.exit_code == ExitCode.UNPROVED
    [found] = json.loads(result.stdout)["disagreements"]
    assert (found["node_id"], found["sku_id"]) == ("L1", "V")
    assert said in found["message"]
    assert "not proved" in run("audit", "--db", database).output


def test_no_ledger_is_bad_input(tmp_path: Path) -> None:
    assert run("audit", "--db", tmp_path / "none.db").exit_code == ExitCode.BAD_INPUT
