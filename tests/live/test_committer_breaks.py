"""What happens to orders when something breaks at any step: their own request, the group, the database."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.domain.errors import Busy, InvalidRequest, InvariantViolation
from fulfillment.domain.placing import Decision, OrderRequest, Position
from fulfillment.live.committer import Committer
from fulfillment.services.place_orders import Placement
from fulfillment.store.entries import audit, balances
from fulfillment.store.idempotency import Answer
from fulfillment.store.schema.messaging import idempotency_key, outbox
from fulfillment.store.schema.orders import orders, parcel
from tests.simulation.faults import FAULTS, FAULTS_AT_COMMIT, Fault, watched
from tests.support.deciders import PlainDecider
from tests.support.ledgers import stock_up
from tests.support.placing import a_committer, a_placement

V = ("L1", "V")


class Gate(PlainDecider):
    """Decides nothing before it is opened, so that what is handed in meanwhile is one group."""

    def __init__(self, ledger: Engine) -> None:
        super().__init__(ledger)
        self.opened = threading.Event()
        self.groups: list[int] = []

    def decide(
        self,
        orders: Sequence[OrderRequest],
        now: datetime,
        held: Mapping[str, Mapping[Position, int]] | None = None,
    ) -> list[Decision]:
        self.opened.wait(10)
        self.groups.append(len(orders))
        return super().decide(orders, now, held)


class BreaksOn(Gate):
    """Has a defect that one order brings out."""

    def decide(
        self,
        orders: Sequence[OrderRequest],
        now: datetime,
        held: Mapping[str, Mapping[Position, int]] | None = None,
    ) -> list[Decision]:
        decisions = super().decide(orders, now, held)
        if any(order.order_id == "bad" for order in orders):
            raise InvariantViolation("impossible")
        return decisions


def submit_together(
    committer: Committer, gate: Gate, placements: Sequence[Placement]
) -> list[Future[Answer]]:
    """Hand in a first order that keeps the committer busy, then the others as one group."""
    first = committer.submit(a_placement("first", ("V", 1)))
    while committer.waiting:
        pass
    others = [committer.submit(placement) for placement in placements]
    gate.opened.set()
    first.result(30)
    return others


def whole(ledger: Engine) -> tuple[int, int, int, int, int]:
    """Count units, orders, parcels, events and keys; prove the units by their entries."""
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (orders, parcel, outbox, idempotency_key)
        ]
        return (balances(connection)[V].committed, *counts)


@pytest.mark.parametrize("at", [0, 4, 9])
def test_an_order_that_breaks_the_decider_fails_alone(ledger: Engine, at: int) -> None:
    stock_up(ledger, {V: 99})
    gate = BreaksOn(ledger)
    names = [f"O{number}" for number in range(10)]
    names[at] = "bad"
    with a_committer(ledger, gate) as committer:
        futures = submit_together(committer, gate, [a_placement(name, ("V", 1)) for name in names])
        for name, future in zip(names, futures, strict=True):
            if name == "bad":
                with pytest.raises(InvariantViolation):
                    future.result(30)
            else:
                assert future.result(30).status == 201
        assert committer.counts.cut > 0
    assert whole(ledger) == (10, 10, 10, 10, 10)


def test_an_order_that_the_database_cannot_hold_fails_alone(postgresql_ledger: Engine) -> None:
    """PostgreSQL keeps no text with a NUL in it; SQLite does."""
    stock_up(postgresql_ledger, {V: 99})
    gate = Gate(postgresql_ledger)
    placements = [a_placement(f"O{n}", ("V", 1), customer_id="C\0" if n == 3 else "C") for n in range(6)]
    with a_committer(postgresql_ledger, gate) as committer:
        futures = submit_together(committer, gate, placements)
        with pytest.raises(InvalidRequest, match="cannot hold"):
            futures[3].result(30)
        assert [f.result(30).status for n, f in enumerate(futures) if n != 3] == [201] * 5
    assert whole(postgresql_ledger) == (6, 6, 6, 6, 6)


def test_a_view_that_breaks_after_the_commit_leaves_nobody_without_an_answer(ledger: Engine) -> None:
    stock_up(ledger, {V: 99})
    decider = PlainDecider(ledger)

    def break_down(_: object) -> None:
        raise ZeroDivisionError

    decider.view.refresh = break_down  # type: ignore[method-assign]
    committer = a_committer(ledger, decider)
    threading.excepthook, honest = lambda _: None, threading.excepthook
    try:
        with committer:
            assert committer.submit(a_placement("O1", ("V", 1))).result(30).status == 201
            for thread in committer._threads:  # one of them took the order, and ends
                thread.join(10 / len(committer._threads))
            assert not committer.is_alive
            with pytest.raises(Busy):
                committer.submit(a_placement("O2", ("V", 1)))
    finally:
        threading.excepthook = honest
    assert whole(ledger) == (1, 1, 1, 1, 1)


def test_more_than_the_queue_holds_is_busy_and_the_rest_is_placed(ledger: Engine) -> None:
    stock_up(ledger, {V: 99})
    gate = Gate(ledger)
    with a_committer(ledger, gate, queue_orders_max=3) as committer:
        futures = submit_together_until_busy(committer)
        gate.opened.set()
        assert {future.result(30).status for future in futures} == {201}
    assert whole(ledger)[0] == len(futures)


def submit_together_until_busy(committer: Committer) -> list[Future[Answer]]:
    futures = [committer.submit(a_placement("first", ("V", 1)))]
    while committer.waiting:
        pass
    futures += [committer.submit(a_placement(f"O{number}", ("V", 1))) for number in range(3)]
    with pytest.raises(Busy, match="too many orders"):
        committer.submit(a_placement("O9", ("V", 1)))
    return futures


def test_leaving_finishes_what_was_accepted(ledger: Engine) -> None:
    stock_up(ledger, {V: 99})
    with a_committer(ledger, group_orders_max=4) as committer:
        futures = [committer.submit(a_placement(f"O{number}", ("V", 1))) for number in range(20)]
    assert {future.result(0).status for future in futures} == {201}
    with pytest.raises(Busy, match="stopping"):
        committer.submit(a_placement("late", ("V", 1)))
    assert whole(ledger)[0] == 20


def steps_of_a_group(ledger: Engine) -> int:
    """Count the statements and commits that placing one group takes."""
    idle = a_committer(ledger)
    with watched(ledger) as watch, idle as committer:
        committer.submit(a_placement("counted", ("V", 1), ("V", 1))).result(30)
    return len(watch.steps)


def test_a_fault_at_any_step_leaves_one_effect_and_one_answer(ledger: Engine) -> None:
    """Serialization failure, deadlock, lock time-out and lost connection at each statement and at COMMIT.

    Whatever breaks, the client is told 201 in the end, and there is one order of each with its units.
    """
    stock_up(ledger, {V: 999})
    steps = steps_of_a_group(ledger)
    assert steps >= 8  # or nothing was watched
    placed = 1
    kind = ledger.dialect.name
    for at in range(steps):
        for fault in FAULTS_AT_COMMIT[kind] if at == steps - 1 else FAULTS[kind]:
            idle = a_committer(ledger)
            with watched(ledger, fault=fault, at=at), idle as committer:
                order = a_placement(f"O{at}-{fault}", ("V", 1), ("V", 1))
                assert committer.submit(order).result(60).status == 201, (at, str(fault))
            placed += 1
    assert whole(ledger) == (2 * placed, placed, placed, placed, placed)


def die(_: object) -> None:
    raise MemoryError


def test_a_crash_between_any_two_statements_leaves_nothing(ledger: Engine) -> None:
    """The process dies at a statement: the database rolls back, and the repeated order finds its key free."""
    stock_up(ledger, {V: 99})
    steps = steps_of_a_group(ledger)
    before = whole(ledger)
    for at in range(steps):
        idle = a_committer(ledger)
        with watched(ledger, fault=Fault("death", die), at=at), idle as committer:
            future = committer.submit(a_placement("O1", ("V", 1), ("V", 1)))
            with pytest.raises(MemoryError):
                future.result(30)
        assert whole(ledger) == before
    with a_committer(ledger) as committer:
        assert committer.submit(a_placement("O1", ("V", 1), ("V", 1))).result(30).status == 201
