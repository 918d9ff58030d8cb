"""A request is an order before it is in the ledger, a decision adds up what it takes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import Decision, OrderRequest, PlannedParcel
from fulfillment.domain.transitions import OrderState

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
REQUEST = OrderRequest(
    order_id="O1",
    channel="web",
    method=Method.SHIPPING,
    lines=(Line(1, "V", 3), Line(2, "V", 3)),
    placed_at=NOON,
    customer_id="C1",
    postal_code="10001",
)


def a_parcel(node_id: str, *lines: Line, **units: int) -> PlannedParcel:
    return PlannedParcel(
        node_id=node_id,
        carrier="usps",
        service="ground",
        departs_at=NOON,
        arrives_at=NOON + timedelta(days=1),
        slot_on=TODAY,
        lines=lines,
        units=units,
        cost_micros=1,
    )


@pytest.mark.parametrize(
    "wrong",
    [{"postal_code": None}, {"lines": ()}, {"priority": 0}, {"promise_by": NOON - timedelta(days=1)}],
)
def test_a_request_keeps_the_rules_of_orders(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        replace(REQUEST, **wrong)  # type: ignore[arg-type]


def test_a_request_begins_open_or_on_hold_for_its_review() -> None:
    assert REQUEST.as_order().state is OrderState.OPEN
    waiting = replace(REQUEST, review=Review.PAYMENT).as_order()
    assert (waiting.state, waiting.review) == (OrderState.ON_HOLD, Review.PAYMENT)


def test_a_decision_adds_up_units_and_parcels() -> None:
    """Two parcels of one node, one of them with a kit of two V and one W."""
    parcels = (
        a_parcel("L1", Line(1, "V", 3), V=3),
        a_parcel("L1", Line(2, "K", 2), V=4, W=2),
        a_parcel("L2", Line(1, "V", 1), V=1),
    )
    decision = Decision(order_id="O1", parcels=parcels, unfilled=(), cost_micros=3)
    assert decision.units_by_position() == {("L1", "V"): 7, ("L1", "W"): 2, ("L2", "V"): 1}
    assert decision.parcels_by_slot() == {("L1", TODAY): 2, ("L2", TODAY): 1}
