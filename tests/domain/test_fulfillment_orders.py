from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.errors import InvalidRequest, MoveRefused
from fulfillment.domain.fulfillment_orders import FulfillmentOrder
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.parcels import NO_CARRIER, Parcel
from fulfillment.domain.transitions import FulfillmentOrderState, ParcelState, Verb
from tests.domain.examples import NOON

DELIVERY = FulfillmentOrder(
    fulfillment_order_id="F1",
    order_id="O1",
    node_id="S1",
    method=Method.SHIPPING,
    lines=(Line(1, "V", 2),),
    release_at=NOON,
)
PICKUP = replace(DELIVERY, method=Method.PICK_UP)
PARCEL = Parcel(
    parcel_id="P1",
    fulfillment_order_id="F1",
    carrier=NO_CARRIER,
    service=NO_CARRIER,
    lines=(Line(1, "V", 2),),
)


def through(work: FulfillmentOrder, *verbs: Verb) -> FulfillmentOrder:
    for verb in verbs:
        work = work.after(verb)
    return work


def test_a_decision_may_be_improved_until_the_release() -> None:
    before = NOON - timedelta(microseconds=1)
    assert DELIVERY.may_be_rerouted(before)
    assert not DELIVERY.may_be_rerouted(NOON)
    assert not DELIVERY.after(Verb.ACCEPT).may_be_rerouted(before)


def test_a_delivery_is_shipped_and_delivered() -> None:
    shipped = through(DELIVERY, Verb.ACCEPT, Verb.PICK, Verb.PACK, Verb.SHIP)
    assert shipped.after(Verb.DELIVER).state is FulfillmentOrderState.DELIVERED


@pytest.mark.parametrize("verb", [Verb.READY, Verb.COLLECT, Verb.EXPIRE])
def test_a_delivery_never_waits_for_its_customer(verb: Verb) -> None:
    packed = through(DELIVERY, Verb.ACCEPT, Verb.PICK, Verb.PACK)
    with pytest.raises(MoveRefused, match="its method is SHIPPING") as caught:
        packed.after(verb)
    assert caught.value.data["allowed"] == ["cancel", "ship"]


def test_ship_to_store_is_complete_only_when_it_is_collected() -> None:
    arrived = through(PICKUP, Verb.ACCEPT, Verb.PICK, Verb.PACK, Verb.SHIP, Verb.READY)
    assert arrived.state is FulfillmentOrderState.READY
    assert arrived.after(Verb.COLLECT).state is FulfillmentOrderState.COLLECTED


def test_what_is_collected_is_never_delivered() -> None:
    with pytest.raises(MoveRefused, match="its method is PICK_UP"):
        through(PICKUP, Verb.ACCEPT, Verb.PICK, Verb.PACK, Verb.SHIP).after(Verb.DELIVER)


def test_the_table_is_asked_beside_the_method() -> None:
    with pytest.raises(MoveRefused, match="it is open; it allows accept, cancel, reject, release"):
        DELIVERY.after(Verb.SHIP)


@pytest.mark.parametrize("key", ["fulfillment_order_id", "order_id", "node_id"])
def test_a_fulfillment_order_names_itself_its_order_and_its_node(key: str) -> None:
    with pytest.raises(InvalidRequest):
        replace(DELIVERY, **{key: ""})


def test_a_parcel_packed_where_it_is_collected_never_travels() -> None:
    packed = PARCEL.after(Verb.PACK)
    assert packed.after(Verb.COLLECT).state is ParcelState.COLLECTED
    with pytest.raises(MoveRefused):
        packed.after(Verb.DELIVER)


def test_an_empty_parcel_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no lines"):
        replace(PARCEL, lines=())
