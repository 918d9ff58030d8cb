"""Two committers on one database, each with a view of its own, race for the last units.

What is sold is what there was, no more and no less, and nobody sees a deadlock or a time-out. The same
harness runs a broken twin that believes its view, and must catch it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

from sqlalchemy import Engine, update

from fulfillment.domain.placing import OnShort
from fulfillment.services.place_orders import Placement
from fulfillment.store.entries import audit, balances
from fulfillment.store.idempotency import Answer
from fulfillment.store.posting import Position
from fulfillment.store.schema.stock import stock
from tests.support.deciders import PlainDecider
from tests.support.ledgers import stock_up
from tests.support.placing import a_committer, a_placement

CLIENTS = 6
Submit = Callable[[Placement], Future[Answer]]


def race(submits: list[Submit], placements: list[Placement]) -> list[Answer]:
    """Let clients place orders at once, each through one of the committers."""
    barrier = threading.Barrier(CLIENTS)

    def shop(client: int) -> list[Answer]:
        barrier.wait()
        submit = submits[client % len(submits)]
        return [submit(placement).result(60) for placement in placements[client::CLIENTS]]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [answer for answers in pool.map(shop, range(CLIENTS)) for answer in answers]


def units_sold(answers: list[Answer]) -> int:
    """Count the units that clients believe to have."""
    return sum(
        line["qty"]
        for answer in answers
        if answer.status == 201
        for work in answer.body["fulfillment_orders"]
        for line in work["lines"]
    )


def test_the_last_units_of_one_sku_are_sold_once(ledger: Engine) -> None:
    stock_up(ledger, {("L1", "V"): 20, ("L2", "V"): 13})
    with a_committer(ledger) as one, a_committer(ledger) as other:
        placements = [a_placement(f"O{number}", ("V", 1)) for number in range(60)]
        answers = race([one.submit, other.submit], placements)
    assert units_sold(answers) == 33
    assert {answer.body["code"] for answer in answers if answer.status != 201} == {"insufficient_stock"}
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        assert sum(balance.committed for balance in balances(connection).values()) == 33


def test_scarce_stock_of_many_positions_is_sold_out_without_an_error(ledger: Engine) -> None:
    """Orders of 1 to 3 lines in any order of SKUs, for twice what there is."""
    units: dict[Position, int] = {(f"L{n}", f"S{s}"): 3 for n in range(4) for s in range(4)}
    stock_up(ledger, units)
    random = Random(20261122)
    placements = []
    for number in range(60):
        skus = random.sample(range(4), random.randint(1, 3))
        lines = [(f"S{s}", 1) for s in skus]
        placements.append(a_placement(f"O{number}", *lines, on_short=OnShort.PARTIAL))
    with a_committer(ledger) as one, a_committer(ledger) as other:
        answers = race([one.submit, other.submit], placements)
    assert {answer.status for answer in answers} <= {201, 409}
    assert {answer.body["code"] for answer in answers if answer.status == 409} <= {"insufficient_stock"}
    assert units_sold(answers) == sum(units.values())
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        assert all(balance.available == 0 for balance in balances(connection).values())


def test_nobody_is_refused_for_a_repeated_request_that_takes_nothing(ledger: Engine) -> None:
    """A twin of an order that another process placed is decided as well, on the view, and then answered.

    Two units: one is sold to O1. O1 again, O2 and O3 come as one group; O1 takes the last unit in the group's
    decisions and not in the ledger, so O2 must get it.
    """
    stock_up(ledger, {("L1", "V"): 2})
    with a_committer(ledger) as other:
        first = other.submit(a_placement("O1", ("V", 1))).result(60)
    committer = a_committer(ledger)
    waiting = [committer.submit(a_placement(order_id, ("V", 1))) for order_id in ("O1", "O2", "O3")]
    with committer:
        again, second, third = (each.result(60) for each in waiting)
    assert again == first
    assert (second.status, third.status) == (201, 409)
    assert third.body["code"] == "insufficient_stock"


def test_nobody_is_refused_for_an_order_that_came_too_late(ledger: Engine) -> None:
    """O1 wants V and W, and W is sold already, unseen; V, which it leaves, goes to O2 behind it."""
    stock_up(ledger, {("L1", "V"): 1, ("L1", "W"): 1})
    committer = a_committer(ledger)
    with a_committer(ledger) as other:
        other.submit(a_placement("O0", ("W", 1))).result(60)
    waiting = [
        committer.submit(a_placement("O1", ("V", 1), ("W", 1))),
        committer.submit(a_placement("O2", ("V", 1), on_short=OnShort.PARTIAL)),
    ]
    with committer:
        first, second = (each.result(60) for each in waiting)
    assert (first.status, second.status) == (409, 201)


class BelievesItsView:
    """The broken twin of a committer: it decides on its view and writes what it decided, without a guard."""

    def __init__(self, ledger: Engine) -> None:
        self._ledger = ledger
        self._decider = PlainDecider(ledger)
        self._lock = threading.Lock()

    def submit(self, placement: Placement) -> Future[Answer]:
        answer: Future[Answer] = Future()
        with self._lock:
            (decision,) = self._decider.decide([placement.request], placement.request.placed_at)
            if decision.unfilled:
                answer.set_result(Answer(409, {"code": "insufficient_stock"}))
                return answer
            for (node_id, sku_id), qty in decision.units_by_position().items():
                before = self._decider.view.balances[node_id, sku_id]
                after = type(before)(
                    available=before.available - qty,
                    committed=before.committed + qty,
                    version=before.version + 1,
                )
                with self._ledger.begin() as connection:
                    connection.execute(
                        update(stock)
                        .where(stock.c.node_id == node_id, stock.c.sku_id == sku_id)
                        .values(available=after.available, committed=after.committed)
                    )
                self._decider.view.balances[node_id, sku_id] = after
        lines = [{"qty": line.qty} for parcel in decision.parcels for line in parcel.lines]
        answer.set_result(Answer(201, {"fulfillment_orders": [{"lines": lines}]}))
        return answer


def test_a_committer_that_believes_its_view_oversells(ledger: Engine) -> None:
    stock_up(ledger, {("L1", "V"): 20, ("L2", "V"): 13})
    one, other = BelievesItsView(ledger), BelievesItsView(ledger)
    answers = race([one.submit, other.submit], [a_placement(f"O{number}", ("V", 1)) for number in range(60)])
    assert units_sold(answers) > 33
