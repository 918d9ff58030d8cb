"""Orders are decided on the view, committed in groups, and answered when they are on disk."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, IdempotencyMismatch
from fulfillment.domain.kits import Kit
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort, Position
from fulfillment.domain.stock import Balance, EntryReason
from fulfillment.services.place_orders import Placement
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.entries import audit, balances
from fulfillment.store.idempotency import Answer
from fulfillment.store.schema.messaging import idempotency_key, outbox
from fulfillment.store.schema.orders import fulfillment_order, order_line, orders, parcel, parcel_line
from tests.support.deciders import PlainDecider
from tests.support.ledgers import NOON, A, C, a_group, a_receipt, an_entry, post_all, set_buffer, stock_up
from tests.support.nodes import set_capacity
from tests.support.placing import a_committer, a_placement, open_hold_in

V1, V2, W1 = ("L1", "V"), ("L2", "V"), ("L1", "W")
TODAY = NOON.date()


def now_in(ledger: Engine) -> dict[Position, Balance]:
    """The balances, proved by their entries."""
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        return balances(connection)


def count(ledger: Engine, table: Any) -> int:
    with ledger.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def place(ledger: Engine, *placements: Placement, **more: Any) -> list[Answer]:
    """Place them one after another through one committer."""
    with a_committer(ledger, **more) as committer:
        return [committer.submit(each).result(30) for each in placements]


class TestAnOrder:
    def test_is_written_whole_and_told(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5, W1: 1})
        (answer,) = place(ledger, a_placement("O1", ("V", 3), ("W", 1)))
        body = answer.body
        assert (answer.status, body["order_id"], body["state"]) == (201, "O1", "allocated")
        assert body["cost_cents"] == 1241
        assert body["unfilled"] == []
        first, second = body["fulfillment_orders"]
        assert (first["node_id"], second["node_id"]) == ("L1", "L2")
        assert first["release_at"] == "2026-11-20T12:10:00Z"
        assert first["lines"] == [
            {"line_no": 1, "sku_id": "V", "qty": 2},
            {"line_no": 2, "sku_id": "W", "qty": 1},
        ]
        assert second["parcels"][0]["arrives_at"] == "2026-11-21T17:00:00Z"
        after = now_in(ledger)
        assert [(after[p].available, after[p].committed) for p in (V1, V2, W1)] == [(0, 2), (4, 1), (0, 1)]
        counted = [(orders, 1), (order_line, 2), (fulfillment_order, 2), (parcel, 2), (parcel_line, 3)]
        assert [count(ledger, table) for table, _ in counted] == [rows for _, rows in counted]
        with ledger.connect() as connection:
            assert read_capacity_use(connection, TODAY) == {("L1", TODAY): 1, ("L2", TODAY): 1}
            assert connection.execute(select(outbox.c.type)).scalars().all() == ["order.allocated"]

    def test_with_two_lines_of_one_sku_needs_their_sum(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 5})
        answers = place(ledger, a_placement("O1", ("V", 3), ("V", 3)), a_placement("O2", ("V", 3), ("V", 2)))
        assert [answer.status for answer in answers] == [409, 201]
        assert now_in(ledger)[V1].committed == 5

    def test_of_kits_that_share_a_component_needs_their_sum(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3, W1: 9, ("L1", "K1"): 1, ("L1", "K2"): 1})
        kits = {"K1": Kit("K1", {"V": 2, "W": 1}), "K2": Kit("K2", {"V": 1})}
        answers = place(
            ledger,
            a_placement("O1", ("K1", 1), ("K2", 2)),
            a_placement("O2", ("K1", 1), ("K2", 1)),
            decider=PlainDecider(ledger, kits),
        )
        assert [answer.status for answer in answers] == [409, 201]
        after = now_in(ledger)
        assert (after[V1].committed, after[W1].committed) == (3, 1)
        assert after["L1", "K1"].committed == 0

    def test_that_waits_for_a_review_takes_nothing(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 5})
        (answer,) = place(ledger, a_placement("O1", ("V", 1), review=Review.PAYMENT))
        assert (answer.status, answer.body["state"]) == (201, "on_hold")
        assert (answer.body["decision_id"], answer.body["fulfillment_orders"]) == (None, [])
        assert now_in(ledger)[V1].committed == 0

    def test_under_a_known_id_is_refused(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 5})
        answers = place(ledger, a_placement("O1", ("V", 1)), a_placement("O1", ("V", 1), key="another"))
        assert [answer.status for answer in answers] == [201, 409]
        assert now_in(ledger)[V1].committed == 1

    def test_leaves_what_its_channel_must_leave(self, ledger: Engine) -> None:
        """The plain decider knows no buffers, so every decision is refused under the locks."""
        stock_up(ledger, {V1: 5})
        set_buffer(ledger, V1, 3)
        with a_committer(ledger) as committer:
            with pytest.raises(Conflict, match="each of 5 times"):
                committer.submit(a_placement("O1", ("V", 3))).result(30)
            assert committer.submit(a_placement("O2", ("V", 2))).result(30).status == 201
        assert count(ledger, idempotency_key) == 1


class TestShort:
    def test_rejected_it_leaves_only_the_refusal(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, W1: 5})
        (answer,) = place(ledger, a_placement("O1", ("V", 3), ("W", 1)))
        assert answer.status == 409
        assert answer.body["code"] == "insufficient_stock"
        assert answer.body["shortfalls"] == [
            {"node_id": "", "sku_id": "V", "requested": 3, "available": 2, "reason": "no_stock"}
        ]
        assert (count(ledger, orders), count(ledger, outbox)) == (0, 0)
        assert now_in(ledger)[W1].committed == 0

    @pytest.mark.parametrize(
        ("on_short", "state"), [(OnShort.PARTIAL, "allocated"), (OnShort.BACKORDER, "back_ordered")]
    )
    def test_in_part_it_takes_what_there_is(self, ledger: Engine, on_short: OnShort, state: str) -> None:
        stock_up(ledger, {V1: 2})
        (answer,) = place(ledger, a_placement("O1", ("V", 3), on_short=on_short))
        assert (answer.status, answer.body["state"]) == (201, state)
        assert answer.body["unfilled"] == [{"line_no": 1, "sku_id": "V", "qty": 1, "reason": "no_stock"}]
        assert now_in(ledger)[V1].committed == 2
        with ledger.connect() as connection:
            assert connection.execute(select(order_line.c.allocated)).scalar_one() == 2

    def test_of_all_units_it_waits_or_is_refused(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        answers = place(
            ledger,
            a_placement("O1", ("V", 1)),
            a_placement("O2", ("V", 1), on_short=OnShort.PARTIAL),
            a_placement("O3", ("V", 1), on_short=OnShort.BACKORDER),
        )
        assert [answer.status for answer in answers] == [201, 409, 201]
        assert answers[2].body["fulfillment_orders"] == []

    @pytest.mark.parametrize("on_short", OnShort)
    def test_of_a_sku_that_nobody_knows_it_is_refused(self, ledger: Engine, on_short: OnShort) -> None:
        stock_up(ledger, {V1: 1})
        (answer,) = place(ledger, a_placement("O1", ("V", 1), ("Z", 1), on_short=on_short))
        assert (answer.status, answer.body["id"]) == (404, "Z")
        assert now_in(ledger)[V1].committed == 0

    def test_it_is_not_refused_because_the_view_is_behind(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        with a_committer(ledger) as committer:
            assert committer.submit(a_placement("O1", ("V", 1))).result(30).status == 201
            post_all(ledger, a_group(an_entry(V1, 1, EntryReason.UNCOMMIT, C, A)))  # elsewhere
            assert committer.submit(a_placement("O2", ("V", 1))).result(30).status == 201


class TestKeys:
    def test_a_repeated_order_gets_the_first_answer(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 5})
        with a_committer(ledger) as committer:
            first = committer.submit(a_placement("O1", ("V", 2))).result(30)
            assert committer.submit(a_placement("O1", ("V", 2))).result(30) == first
        assert place(ledger, a_placement("O1", ("V", 2))) == [first]
        assert now_in(ledger)[V1].committed == 2

    def test_a_refusal_is_repeated_even_when_stock_has_come(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        (first,) = place(ledger, a_placement("O1", ("V", 2)))
        post_all(ledger, a_group(a_receipt(V1, 5)))
        assert place(ledger, a_placement("O1", ("V", 2))) == [first]

    def test_another_order_under_the_key_is_refused(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 5})
        with a_committer(ledger) as committer:
            committer.submit(a_placement("O1", ("V", 2), key="K")).result(30)
            with pytest.raises(IdempotencyMismatch):
                committer.submit(a_placement("O2", ("V", 1), key="K")).result(30)

    def test_twins_at_once_in_two_processes_have_one_effect_and_one_answer(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 99})
        with a_committer(ledger) as one, a_committer(ledger) as other, ThreadPoolExecutor(8) as pool:
            futures = [
                pool.submit(lambda c, n: c.submit(a_placement(f"O{n}", ("V", 1))), committer, number)
                for number in range(10)
                for committer in (one, other, one, other)
            ]
            told = [future.result(30).result(30) for future in futures]
        by_order: dict[object, set[str]] = {}
        for answer in told:
            by_order.setdefault(answer.body["order_id"], set()).add(json.dumps(answer.body))
        assert len(by_order) == 10
        assert all(len(answers) == 1 for answers in by_order.values())
        assert now_in(ledger)[V1].committed == 10


class TestTooLate:
    def test_units_that_somebody_else_took_are_found_elsewhere(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1, V2: 1})
        decider = PlainDecider(ledger)
        post_all(ledger, a_group(an_entry(V1, 1)))  # elsewhere, and nobody tells the view
        with a_committer(ledger, decider) as committer:
            answer = committer.submit(a_placement("O1", ("V", 1))).result(30)
            assert committer.counts.too_late == 1
        assert answer.body["fulfillment_orders"][0]["node_id"] == "L2"

    def test_sold_out_meanwhile_it_is_refused_for_want_of_stock(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        decider = PlainDecider(ledger)
        post_all(ledger, a_group(an_entry(V1, 1)))
        (answer,) = place(ledger, a_placement("O1", ("V", 1)), decider=decider)
        assert answer.body["code"] == "insufficient_stock"

    def test_what_an_expired_hold_reserves_is_given_back_first(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        open_hold_in(ledger, "H1", {V1: 1}, expires_at=NOON + timedelta(minutes=5))
        decider = PlainDecider(ledger)
        decider.view.balances[V1] = Balance(available=1)  # as a view that counts expired holds
        later = ManualClock(NOON + timedelta(minutes=5))
        (answer,) = place(ledger, a_placement("O1", ("V", 1)), decider=decider, clock=later)
        assert answer.status == 201
        assert now_in(ledger)[V1] == Balance(committed=1, version=4)


class TestCapacity:
    def test_is_never_exceeded_by_two_committers(self, ledger: Engine) -> None:
        """Each believes that the other has taken nothing; what does not fit at L1 goes to L2."""
        stock_up(ledger, {V1: 99, V2: 99})
        set_capacity(ledger, "L1", 7)
        one, other = (PlainDecider(ledger, capacity={"L1": 7}) for _ in range(2))
        with a_committer(ledger, one) as first, a_committer(ledger, other) as second:
            futures = [
                committer.submit(a_placement(f"{name}{number}", ("V", 1)))
                for number in range(10)
                for name, committer in (("A", first), ("B", second))
            ]
            assert [future.result(30).status for future in futures] == [201] * 20
        with ledger.connect() as connection:
            assert read_capacity_use(connection, TODAY) == {("L1", TODAY): 7, ("L2", TODAY): 13}
        assert now_in(ledger)[V1].committed == 7

    def test_a_decision_that_ignores_it_is_refused_in_the_end(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 9})
        set_capacity(ledger, "L1", 1)
        with a_committer(ledger) as committer:
            committer.submit(a_placement("O1", ("V", 1))).result(30)
            with pytest.raises(Conflict, match="each of 5 times"):
                committer.submit(a_placement("O2", ("V", 1))).result(30)
        assert now_in(ledger)[V1].committed == 1


class TestHolds:
    def test_an_order_takes_over_what_its_hold_reserves(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3, V2: 2})
        open_hold_in(ledger, "H1", {V1: 3}, expires_at=NOON + timedelta(minutes=5))
        (answer,) = place(ledger, a_placement("O1", ("V", 4), hold_id="H1"))
        assert answer.status == 201
        after = now_in(ledger)
        assert (after[V1].reserved, after[V1].committed) == (0, 3)
        assert (after[V2].available, after[V2].committed) == (1, 1)

    def test_what_the_order_does_not_need_is_given_back(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3})
        open_hold_in(ledger, "H1", {V1: 3}, expires_at=NOON + timedelta(minutes=5))
        place(ledger, a_placement("O1", ("V", 1), hold_id="H1"))
        after = now_in(ledger)[V1]
        assert (after.available, after.reserved, after.committed) == (2, 0, 1)

    def test_a_hold_serves_one_order(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3})
        open_hold_in(ledger, "H1", {V1: 1}, expires_at=NOON + timedelta(minutes=5))
        with a_committer(ledger) as committer:
            futures = [
                committer.submit(a_placement(order_id, ("V", 1), hold_id="H1")) for order_id in ("O1", "O2")
            ]
            answers = [future.result(30) for future in futures]
        # In two groups at once, either of them may be first.
        first, second = sorted(answers, key=lambda answer: answer.status)
        assert (first.status, second.status, second.body["code"]) == (201, 409, "reservation_closed")

    def test_a_hold_whose_time_is_over_serves_none(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3})
        open_hold_in(ledger, "H1", {V1: 1}, expires_at=NOON + timedelta(minutes=5))
        later = ManualClock(NOON + timedelta(minutes=5))
        (answer,) = place(ledger, a_placement("O1", ("V", 1), hold_id="H1"), clock=later)
        assert (answer.status, answer.body["code"]) == (409, "reservation_closed")

    def test_a_hold_that_nobody_knows_is_named(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3})
        (answer,) = place(ledger, a_placement("O1", ("V", 1), hold_id="H9"))
        assert (answer.status, answer.body["id"]) == (404, "H9")
