"""Expired holds end, living ones stay, and whoever is faster is left alone."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from fulfillment.clock import ManualClock
from fulfillment.domain.cursor import BEGINNING
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.stock import Balance
from fulfillment.domain.transitions import HoldState
from fulfillment.ids import TimeOrderedIds
from fulfillment.services import sweep_holds as sweep_holds_module
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.sweep_holds import sweep_holds
from fulfillment.store.entries import audit, balances
from fulfillment.store.feed import events_after
from fulfillment.store.holds import lock_holds, read_holds
from fulfillment.store.schema.orders import hold
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON, a_group, an_entry, stock_up

V = ("L1", "V")
QUARTER = timedelta(minutes=15)


def opened(ledger: Engine, *hold_ids: str, at: timedelta = timedelta(0)) -> None:
    clock = ManualClock(NOON + at)
    for hold_id in hold_ids:
        command = OpenHold(
            hold_id=hold_id,
            channel="web",
            units=(HeldUnits(*V, 1),),
            expires_at=clock.now() + QUARTER,
            customer_id=None,
        )
        open_hold(ledger, command, clock=clock, ids=TimeOrderedIds(clock), actor="web")


def states(ledger: Engine) -> dict[str, HoldState]:
    with ledger.connect() as connection:
        ids = connection.scalars(select(hold.c.hold_id)).all()
        return {hold_id: found.state for hold_id, found in read_holds(connection, ids).items()}


def expired_events(ledger: Engine) -> list[str]:
    with ledger.connect() as connection:
        return [event.subject for event in events_after(connection, BEGINNING, types=["hold.expired"])]


def test_what_has_expired_ends_and_gives_its_units_back(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    opened(ledger, "H1", "H2")
    opened(ledger, "H3", at=timedelta(minutes=1))
    assert sweep_holds(ledger, clock=ManualClock(NOON + QUARTER)) == 2
    assert states(ledger) == {"H1": HoldState.EXPIRED, "H2": HoldState.EXPIRED, "H3": HoldState.ACTIVE}
    assert expired_events(ledger) == ["H1", "H2"]
    with ledger.connect() as connection:
        balance = balances(connection)[V]
        assert (balance.available, balance.reserved) == (4, 1)
        assert audit(connection).disagreements == ()
    assert sweep_holds(ledger, clock=ManualClock(NOON + QUARTER)) == 0


def test_many_end_in_several_transactions(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_holds_module, "HOLDS_PER_TRANSACTION", 3)
    stock_up(ledger, {V: 20})
    opened(ledger, *(f"H{n}" for n in range(8)))
    assert sweep_holds(ledger, clock=ManualClock(NOON + QUARTER)) == 8


def test_whoever_needs_the_units_ends_the_hold_and_tells_of_it(ledger: Engine) -> None:
    stock_up(ledger, {V: 1})
    opened(ledger, "H1")
    now = NOON + QUARTER
    posted = run_in_transaction(
        ledger,
        lambda connection: post_after_expiry(connection, [a_group(an_entry(V, 1))], actor="x", now=now),
    )
    assert posted.refused == {}
    assert expired_events(ledger) == ["H1"]
    assert sweep_holds(ledger, clock=ManualClock(now)) == 0
    with ledger.connect() as connection:
        assert balances(connection)[V] == Balance(committed=1, version=4)


def test_a_hold_that_somebody_works_on_is_left(ledger: Engine) -> None:
    if ledger.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    stock_up(ledger, {V: 5})
    opened(ledger, "H1", "H2")
    with ledger.connect() as connection, connection.begin():
        lock_holds(connection, ["H1"])
        assert sweep_holds(ledger, clock=ManualClock(NOON + QUARTER)) == 1
    assert states(ledger) == {"H1": HoldState.ACTIVE, "H2": HoldState.EXPIRED}
