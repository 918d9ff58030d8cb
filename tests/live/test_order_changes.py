"""Orders that are cancelled, or reach their customer another way, before and after nodes have begun."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, FulfillmentError, MoveRefused, NotFound
from fulfillment.domain.kinds import Method
from fulfillment.domain.kits import Kit
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort, Position, Slot
from fulfillment.domain.stock import Balance
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.order_changes import OrderChanges
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.order_reads import read_order
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.catalogue import kit, kit_component
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import fulfillment_order, orders, parcel
from fulfillment.store.transaction import run_in_transaction
from tests.support.deciders import PlainDecider
from tests.support.ledgers import NOON, a_group, a_receipt, post_all, stock_up
from tests.support.nodes import set_capacity
from tests.support.placing import a_committer, a_placement, open_hold_in, problem

V1, V2, W1 = ("L1", "V"), ("L2", "V"), ("L1", "W")


def place(
    ledger: Engine, *lines: tuple[str, int], decider: PlainDecider | None = None, **more: Any
) -> Answer:
    with a_committer(ledger, decider) as committer:
        return committer.submit(a_placement("O1", *lines, **more)).result(30)


def cancel(ledger: Engine, order_id: str = "O1") -> None:
    ids = TimeOrderedIds(ManualClock(NOON))
    run_in_transaction(
        ledger, lambda connection: cancel_order(connection, order_id, now=NOON, ids=ids, actor="shop")
    )


def now_in(ledger: Engine) -> dict[Position, Balance]:
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        return balances(connection)


def used(ledger: Engine) -> dict[Slot, int]:
    with ledger.connect() as connection:
        return {slot: n for slot, n in read_capacity_use(connection, NOON.date()).items() if n}


def document(ledger: Engine) -> dict[str, Any]:
    with ledger.connect() as connection:
        found = read_order(connection, "O1")
    assert found is not None
    return found


def set_state(ledger: Engine, state: str) -> None:
    with ledger.begin() as connection:
        connection.execute(update(fulfillment_order).values(state=state))


class TestCancel:
    def test_frees_units_work_and_capacity(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        assert sum(used(ledger).values()) == 2
        cancel(ledger)
        after = now_in(ledger)
        assert [(after[p].available, after[p].committed) for p in (V1, V2)] == [(2, 0), (5, 0)]
        assert used(ledger) == {}
        found = document(ledger)
        assert found["state"] == "cancelled"
        assert {its["state"] for its in found["fulfillment_orders"]} == {"cancelled"}
        assert [(line["allocated"], line["cancelled"]) for line in found["lines"]] == [(0, 3)]
        with ledger.connect() as connection:
            assert set(connection.execute(select(parcel.c.state)).scalars()) == {"cancelled"}
            assert connection.execute(select(outbox.c.type)).scalars().all()[-1] == "order.cancelled"

    def test_frees_the_components_of_a_kit(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 4, W1: 2, ("L1", "K"): 1})
        recipe = Kit("K", {"V": 2, "W": 1})
        make_kit(ledger, recipe)
        place(ledger, ("K", 2), decider=PlainDecider(ledger, {"K": recipe}))
        assert now_in(ledger)[V1].committed == 4
        cancel(ledger)
        assert [now_in(ledger)[p].committed for p in (V1, W1)] == [0, 0]

    def test_of_an_order_on_hold_frees_nothing(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        place(ledger, ("V", 1), review=Review.PAYMENT)
        cancel(ledger)
        assert (document(ledger)["state"], document(ledger)["review"]) == ("cancelled", None)

    def test_is_refused_when_it_was_done_before(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        place(ledger, ("V", 1))
        cancel(ledger)
        with pytest.raises(MoveRefused):
            cancel(ledger)
        assert now_in(ledger)[V1].available == 2

    def test_is_refused_once_a_part_has_left_the_house(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        place(ledger, ("V", 1))
        set_state(ledger, "shipped")
        with pytest.raises(MoveRefused):
            cancel(ledger)
        assert now_in(ledger)[V1].committed == 1

    def test_frees_what_nobody_came_to_collect(self, ledger: Engine) -> None:
        """Until then it stands in the node for its order."""
        stock_up(ledger, {V2: 3})
        place(ledger, ("V", 2), method=Method.PICK_UP, pickup_node_id="L2")
        set_state(ledger, "expired")
        with ledger.begin() as connection:
            connection.execute(update(parcel).values(state="packed"))
            connection.execute(update(orders).values(state="in_progress"))
            assert audit_claims(connection) == []
        cancel(ledger)
        assert (now_in(ledger)[V2].available, now_in(ledger)[V2].committed) == (3, 0)
        found = document(ledger)
        assert (found["state"], found["fulfillment_orders"][0]["state"]) == ("cancelled", "cancelled")
        with ledger.connect() as connection:
            assert audit_claims(connection) == []
            assert connection.execute(select(parcel.c.state)).scalars().all() == ["cancelled"]

    def test_of_an_unknown_order_is_told(self, ledger: Engine) -> None:
        with pytest.raises(NotFound):
            cancel(ledger, "O9")


def make_kit(ledger: Engine, recipe: Kit) -> None:
    with ledger.begin() as connection:
        k, c = kit.c, kit_component.c
        insert_rows(
            connection, kit, {k.kit_sku_id: [recipe.kit_sku_id], k.version: [1], k.recorded_at: [NOON]}
        )
        parts = recipe.components
        rows = {
            c.kit_sku_id: [recipe.kit_sku_id] * len(parts),
            c.version: [1] * len(parts),
            c.sku_id: list(parts),
            c.qty: list(parts.values()),
        }
        insert_rows(connection, kit_component, rows)


class Pickup(PlainDecider):
    """Serves a pickup from the pickup node alone."""

    def _nodes(self, mine: Any, used: Any, now: Any) -> list[str]:
        nodes = super()._nodes(mine, used, now)
        return [node for node in nodes if node == self.only] if self.only else nodes

    only: str | None = None

    def decide(self, orders: Any, now: Any, held: Any = None) -> Any:
        self.only = orders[0].pickup_node_id if orders else None
        return super().decide(orders, now, held)


def changes_of(ledger: Engine, at: timedelta = timedelta(0)) -> OrderChanges:
    clock = ManualClock(NOON + at)
    return OrderChanges(ledger, Pickup(ledger), problem=problem, clock=clock, ids=TimeOrderedIds(clock))


def change(ledger: Engine, key: str = "K", at: timedelta = timedelta(0), **wish: Any) -> Answer:
    request_key = RequestKey("shop", key, repr(wish))
    return changes_of(ledger, at).change(request_key, "O1", lambda asked: replace(asked, **wish))


COLLECT = {"method": Method.PICK_UP, "pickup_node_id": "L2"}


class TestChange:
    def test_moves_the_units_to_where_they_are_needed(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        answer = change(ledger, **COLLECT)
        assert (answer.status, answer.body["state"]) == (200, "allocated")
        after = now_in(ledger)
        assert [(after[p].available, after[p].committed) for p in (V1, V2)] == [(2, 0), (2, 3)]
        assert used(ledger) == {("L2", NOON.date()): 1}
        found = document(ledger)
        assert (found["method"], found["pickup_node_id"], found["state"]) == ("PICK_UP", "L2", "allocated")
        states = [its["state"] for its in found["fulfillment_orders"]]
        assert sorted(states) == ["cancelled", "cancelled", "open"]
        assert [line["allocated"] for line in found["lines"]] == [3]

    def test_and_back_again(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        change(ledger, **COLLECT)
        answer = change(ledger, "K2", method=Method.SHIPPING, pickup_node_id=None)
        assert answer.status == 200
        assert [now_in(ledger)[p].committed for p in (V1, V2)] == [2, 1]

    def test_keeps_its_units_when_nothing_else_is_left(self, ledger: Engine) -> None:
        """They are available to this order alone, even though the shelf says that nothing is."""
        stock_up(ledger, {V2: 3})
        place(ledger, ("V", 3))
        assert change(ledger, **COLLECT).status == 200
        assert now_in(ledger)[V2] == Balance(committed=3, version=2)

    def test_that_cannot_be_filled_leaves_the_order_as_it_was(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3, V2: 2})
        place(ledger, ("V", 3))
        before = document(ledger), now_in(ledger), used(ledger)
        answer = change(ledger, **COLLECT)
        assert (answer.status, answer.body["code"]) == (409, "insufficient_stock")
        assert (document(ledger), now_in(ledger), used(ledger)) == before

    def test_of_an_order_that_may_wait_leaves_the_rest_for_later(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3, V2: 2})
        place(ledger, ("V", 3), on_short=OnShort.BACKORDER)
        answer = change(ledger, **COLLECT)
        assert (answer.status, answer.body["state"]) == (200, "back_ordered")
        assert [now_in(ledger)[p].committed for p in (V1, V2)] == [0, 2]

    def test_brings_no_unit_back_that_its_customer_was_told_he_will_not_get(self, ledger: Engine) -> None:
        """Four V of five were promised: where there are nine, it still gets four."""
        stock_up(ledger, {V1: 3, W1: 2, V2: 1})
        place(ledger, ("V", 5), ("W", 2), on_short=OnShort.PARTIAL)
        post_all(ledger, a_group(a_receipt(V2, 8)))
        assert change(ledger, **COLLECT).body["fulfillment_orders"][0]["lines"] == [  # type: ignore[index]
            {"line_no": 1, "sku_id": "V", "qty": 4}
        ]
        lines = document(ledger)["lines"]
        assert [(line["qty"], line["allocated"], line["cancelled"]) for line in lines] == [
            (5, 4, 1),
            (2, 0, 2),
        ]

    def test_repeated_has_one_effect(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        assert change(ledger, **COLLECT) == change(ledger, **COLLECT)

    def test_is_refused_when_the_window_is_over(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        answer = change(ledger, at=timedelta(minutes=10), **COLLECT)
        assert (answer.status, answer.body["code"]) == (409, "move_refused")

    def test_is_refused_when_a_node_has_accepted(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3))
        set_state(ledger, "accepted")
        assert change(ledger, **COLLECT).status == 409

    def test_of_an_order_that_lost_all_its_units_asks_no_more_of_its_hold(self, ledger: Engine) -> None:
        """It took its hold over when it was placed; the till then took every unit."""
        stock_up(ledger, {V1: 2, V2: 1})
        open_hold_in(ledger, "H1", {V1: 2}, expires_at=NOON + timedelta(minutes=5))
        place(ledger, ("V", 2), hold_id="H1")
        clock = ManualClock(NOON)
        sale = SoldUnits("T1", *V1, 2)
        sell_at_till(ledger, [sale], clock=clock, ids=TimeOrderedIds(clock), actor="till")
        assert change(ledger, **COLLECT).body["code"] == "insufficient_stock"
        post_all(ledger, a_group(a_receipt(V2, 1)))
        assert change(ledger, "K2", **COLLECT).body["state"] == "allocated"
        assert now_in(ledger)[V2].committed == 2

    def test_of_an_order_on_hold_is_written_down(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2, V2: 5})
        place(ledger, ("V", 3), review=Review.FRAUD)
        assert change(ledger, **COLLECT).body["state"] == "on_hold"
        assert (document(ledger)["method"], document(ledger)["review"]) == ("PICK_UP", "fraud")

    def test_beyond_a_capacity_is_refused_in_the_end(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3, V2: 5})
        set_capacity(ledger, "L2", 0)
        place(ledger, ("V", 3))
        with pytest.raises(Conflict) as refusal:
            change(ledger, **COLLECT)
        assert refusal.value.data == {"node_ids": ["L2"]}
        assert now_in(ledger)[V1].committed == 3

    def test_to_a_node_that_nobody_knows_is_refused(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 3})
        place(ledger, ("V", 3), on_short=OnShort.BACKORDER)
        with pytest.raises(FulfillmentError):
            change(ledger, method=Method.PICK_UP, pickup_node_id="L9")
        assert document(ledger)["method"] == "SHIPPING"


def clear(ledger: Engine, key: str = "K", at: timedelta = timedelta(0)) -> Answer:
    return changes_of(ledger, at).clear(RequestKey("shop", key, "clear"), "O1")


class TestClear:
    def test_decides_the_order(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        place(ledger, ("V", 2), review=Review.PAYMENT)
        answer = clear(ledger)
        assert (answer.status, answer.body["state"]) == (200, "allocated")
        assert now_in(ledger)[V1].committed == 2
        assert (document(ledger)["review"], document(ledger)["lines"][0]["allocated"]) == (None, 2)
        assert clear(ledger) == answer
        assert now_in(ledger)[V1].committed == 2

    def test_takes_over_the_hold_that_kept_the_units(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        open_hold_in(ledger, "H1", {V1: 2}, expires_at=NOON + timedelta(minutes=5))
        place(ledger, ("V", 2), review=Review.PAYMENT, hold_id="H1")
        assert now_in(ledger)[V1].reserved == 2
        assert clear(ledger).status == 200
        assert (now_in(ledger)[V1].reserved, now_in(ledger)[V1].committed) == (0, 2)

    def test_of_an_order_whose_hold_has_ended_leaves_it_on_hold(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        open_hold_in(ledger, "H1", {V1: 2}, expires_at=NOON + timedelta(minutes=5))
        place(ledger, ("V", 2), review=Review.PAYMENT, hold_id="H1")
        answer = clear(ledger, at=timedelta(minutes=5))
        assert (answer.status, answer.body["code"]) == (409, "reservation_closed")
        assert document(ledger)["state"] == "on_hold"

    def test_that_cannot_be_filled_leaves_it_on_hold(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 1})
        place(ledger, ("V", 2), review=Review.PAYMENT)
        assert clear(ledger).body["code"] == "insufficient_stock"
        assert document(ledger)["state"] == "on_hold"

    def test_is_refused_where_nothing_waits(self, ledger: Engine) -> None:
        stock_up(ledger, {V1: 2})
        place(ledger, ("V", 1))
        assert clear(ledger).body["code"] == "move_refused"
