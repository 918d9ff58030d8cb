"""Loading a day: once, twice, halfway, and against a ledger that says otherwise."""

import os
import subprocess
import sys
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict
from fulfillment.services import load_orders as load_orders_module
from fulfillment.services import receive as receive_module
from fulfillment.services.load_day import DayLoaded, load_day
from fulfillment.store.columns import RetailDay
from fulfillment.store.entries import audit, balances
from fulfillment.store.planning_reads import read_day
from fulfillment.store.schema import metadata
from fulfillment.store.schema.stock import supply
from fulfillment.store.transaction import read_snapshot
from tests.support.days import NOON, a_day

PROJECT = Path(__file__).parents[2]
STOCK = {("L1", "V"): 5, ("L1", "W"): 0, ("L2", "V"): 2}
ORDERS = {"O1": [("V", 2), ("W", 1)], "O2": [("V", 1)]}


def load(ledger: Engine, day: RetailDay) -> DayLoaded:
    return load_day(ledger, day, actor="import", clock=ManualClock(NOON))


def read(ledger: Engine) -> RetailDay:
    return read_snapshot(ledger, lambda connection: read_day(connection, NOON))


def rows(ledger: Engine) -> dict[str, int]:
    with ledger.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def test_what_is_loaded_is_what_planning_reads(ledger: Engine) -> None:
    day = a_day(STOCK, ORDERS, safety={("L1", "V"): 1}, capacity=7)
    loaded = load(ledger, day)
    assert (loaded.positions_added, loaded.orders_added) == (2, 2)
    found = read(ledger)
    for table in ("nodes", "skus", "postal_codes", "rates", "orders", "order_lines"):
        assert astuple(getattr(found, table)) == astuple(getattr(day, table)), table
    assert found.stock.node_id == ["L1", "L2"]
    assert found.stock.available == [5, 2]
    assert found.stock.safety_stock == [1, 0]


def test_loading_twice_adds_nothing(ledger: Engine) -> None:
    day = a_day(STOCK, ORDERS, safety={("L1", "V"): 1}, incoming={("L2", "V"): (4, date(2026, 12, 1))})
    load(ledger, day)
    before = rows(ledger)
    assert load(ledger, day) == DayLoaded(0, 0, 2, 0, 2)
    assert rows(ledger) == before


def test_a_change_of_the_network_is_a_new_version_and_the_old_one_stays(ledger: Engine) -> None:
    load(ledger, a_day(STOCK, ORDERS, safety={("L1", "V"): 1}))
    before = rows(ledger)
    changed = a_day(STOCK, ORDERS, capacity=9, price_micros=1)
    changed = replace(changed, rates=replace(changed.rates, cost_micros=[1, 2]))
    assert (
        load(ledger, changed).network_versions == 2 + 2 + 1 + 1
    )  # capacities, SKUs, the price list, a buffer
    found = read(ledger)
    assert found.nodes.capacity_parcels == [9, 9]
    assert found.skus.price_micros == [1, 1]
    assert found.rates.cost_micros == [1, 2]
    assert found.stock.safety_stock == [0, 0]
    after = rows(ledger)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == {"capacity": 2, "sku_version": 2, "rate_card": 1, "rate": 2, "buffer": 1}


def test_incoming_units_are_supply_not_stock(ledger: Engine) -> None:
    load(ledger, a_day({("L1", "V"): 0}, {}, incoming={("L1", "V"): (4, date(2026, 12, 1))}))
    with ledger.connect() as connection:
        (due,) = connection.execute(select(supply)).all()
        assert (due.node_id, due.sku_id, due.due_on) == ("L1", "V", date(2026, 12, 1))
        assert (due.qty, due.promised) == (4, 0)
        assert balances(connection) == {}


def test_contradictions_are_all_named_and_nothing_is_written(ledger: Engine) -> None:
    load(ledger, a_day(STOCK, ORDERS, incoming={("L1", "V"): (4, date(2026, 12, 1))}))
    before = rows(ledger)
    other = a_day(
        {**STOCK, ("L1", "V"): 6, ("L3", "V"): 1},
        {**ORDERS, "O2": [("V", 3)], "O3": [("V", 1)]},
        incoming={("L1", "V"): (5, date(2026, 12, 1))},
        capacity=1,
    )
    with pytest.raises(Conflict) as refusal:
        load(ledger, other)
    assert refusal.value.data["conflicts"] == [
        "import/L1/V was loaded with 5 units, now it has 6",
        "import/L1/V/2026-12-01 was loaded with 4 units, now it has 5",
        "order O2 was loaded with another content",
    ]
    assert rows(ledger) == before


def test_many_contradictions_are_counted(ledger: Engine) -> None:
    stock = {("L1", f"V{index}"): 1 for index in range(30)}
    load(ledger, a_day(stock, {}))
    with pytest.raises(Conflict, match="and 10 more") as refusal:
        load(ledger, a_day(dict.fromkeys(stock, 2), {}))
    assert refusal.value.data["conflicts_total"] == 30


def test_ids_with_slashes_do_not_meet(ledger: Engine) -> None:
    load(ledger, a_day({("a/b", "c"): 1, ("a", "b/c"): 2}, {}))
    assert sorted(read(ledger).stock.available) == [1, 2]


def test_groups_cut_between_orders_and_positions(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_module, "ENTRIES_PER_TRANSACTION", 3)
    monkeypatch.setattr(load_orders_module, "ORDERS_PER_TRANSACTION", 2)
    stock = {("L1", f"V{index}"): index + 1 for index in range(8)}
    orders = {f"O{index}": [("V1", 1)] * (index % 3 + 1) for index in range(5)}
    done: list[tuple[str, int]] = []
    day = a_day(stock, orders)
    load_day(
        ledger,
        day,
        actor="import",
        clock=ManualClock(NOON),
        on_progress=lambda what, n: done.append((what, n)),
    )
    assert done == [
        ("positions", 3),
        ("positions", 3),
        ("positions", 2),
        ("orders", 2),
        ("orders", 2),
        ("orders", 1),
    ]
    assert astuple(read(ledger).order_lines) == astuple(day.order_lines)


CRASH_WHILE_LOADING = """
import os
from tests.services.test_load_day import *
from fulfillment.store.engine import open_engine
receive_module.ENTRIES_PER_TRANSACTION = 1
load_orders_module.ORDERS_PER_TRANSACTION = 1
left = int(os.environ["CRASH_AFTER"])
def crash(what, done):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
load_day(open_engine(os.environ["LEDGER"]), a_day(STOCK, ORDERS), actor="import", clock=ManualClock(NOON),
         on_progress=crash)
"""


@pytest.mark.parametrize("crash_after", [1, 3])
def test_a_crash_halfway_is_finished_by_loading_again(ledger: Engine, crash_after: int) -> None:
    """After the first position, and after the first order."""
    url = ledger.url.render_as_string(hide_password=False)
    environment = {**os.environ, "LEDGER": url, "CRASH_AFTER": str(crash_after)}
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH_WHILE_LOADING], env=environment, cwd=PROJECT, check=False
    )
    assert crashed.returncode == 9
    loaded = load(ledger, a_day(STOCK, ORDERS))
    assert loaded.positions_known == min(crash_after, 2)
    assert loaded.orders_known == crash_after - loaded.positions_known
    assert astuple(read(ledger).order_lines) == astuple(a_day(STOCK, ORDERS).order_lines)
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        assert {p: b.available for p, b in balances(connection).items()} == {("L1", "V"): 5, ("L2", "V"): 2}
