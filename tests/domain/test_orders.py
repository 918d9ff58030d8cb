from datetime import timedelta

import pytest

from fulfillment.domain.errors import InvalidRequest, MoveRefused
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.orders import Review
from fulfillment.domain.transitions import OrderState, Verb
from tests.domain.examples import NOON, order


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"lines": ()}, "lines"),
        ({"lines": (Line(1, "V", 1), Line(1, "W", 1))}, "line_no"),
        ({"postal_code": None}, "postal_code"),
        ({"pickup_node_id": "S1"}, "pickup_node_id"),
        ({"method": Method.PICK_UP}, "pickup_node_id"),
        ({"method": Method.RETAIL}, "method"),
        ({"promise_by": NOON - timedelta(seconds=1)}, "promise_by"),
        ({"priority": 0}, "priority"),
        ({"review": Review.FRAUD}, "review"),
        ({"state": OrderState.ON_HOLD}, "review"),
        ({"order_id": ""}, "order_id"),
        ({"placed_at": NOON.replace(tzinfo=None)}, "placed_at"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_its_key(changes: dict[str, object], key: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        order(**changes)
    assert caught.value.data["key"] == key


def test_a_pickup_order_needs_no_postal_code() -> None:
    assert order(method=Method.PICK_UP, postal_code=None, pickup_node_id="S1").pickup_node_id == "S1"


def test_an_order_waits_for_a_review_and_forgets_it_when_cleared() -> None:
    suspended = order().suspended(Review.PAYMENT)
    assert (suspended.state, suspended.review) == (OrderState.ON_HOLD, Review.PAYMENT)
    cleared = suspended.after(Verb.CLEAR)
    assert (cleared.state, cleared.review) == (OrderState.OPEN, None)


def test_an_order_on_hold_is_not_allocated() -> None:
    with pytest.raises(MoveRefused, match="it allows cancel, change, clear"):
        order().suspended(Review.FRAUD).after(Verb.ALLOCATE)


def test_an_order_on_hold_can_be_cancelled() -> None:
    cancelled = order().suspended(Review.FRAUD).after(Verb.CANCEL)
    assert (cancelled.state, cancelled.review) == (OrderState.CANCELLED, None)


def test_delivery_becomes_pickup_and_back_before_release() -> None:
    delivery = order().after(Verb.ALLOCATE)
    pickup = delivery.changed(
        lines=delivery.lines,
        method=Method.PICK_UP,
        postal_code=None,
        pickup_node_id="S1",
        promise_by=None,
    )
    assert (pickup.state, pickup.method) == (OrderState.OPEN, Method.PICK_UP)
    back = pickup.changed(
        lines=delivery.lines,
        method=Method.SHIPPING,
        postal_code="10001",
        pickup_node_id=None,
        promise_by=None,
    )
    assert back == order()


def test_a_change_after_release_is_refused() -> None:
    working = order().after(Verb.ALLOCATE).after(Verb.RELEASE)
    with pytest.raises(MoveRefused):
        working.changed(
            lines=working.lines,
            method=Method.SHIPPING,
            postal_code="10002",
            pickup_node_id=None,
            promise_by=None,
        )


def test_a_change_keeps_the_review_of_an_order_on_hold() -> None:
    on_hold = order().suspended(Review.FRAUD)
    changed = on_hold.changed(
        lines=(Line(1, "W", 1),),
        method=Method.SHIPPING,
        postal_code="10001",
        pickup_node_id=None,
        promise_by=None,
    )
    assert (changed.state, changed.review) == (OrderState.ON_HOLD, Review.FRAUD)


def test_an_order_on_hold_that_is_changed_still_waits_for_its_review() -> None:
    on_hold = order().suspended(Review.PAYMENT)
    assert on_hold.after(Verb.CHANGE) == on_hold
