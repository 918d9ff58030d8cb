import pickle

import pytest

from fulfillment.domain import errors
from fulfillment.domain.errors import (
    Busy,
    Conflict,
    EventsForgotten,
    FulfillmentError,
    IdempotencyMismatch,
    InsufficientStock,
    InvalidRequest,
    InvariantViolation,
    MoveRefused,
    NotFound,
    OutcomeUnknown,
    RequestInProgress,
    ReservationClosed,
    Shortfall,
    StaleVersion,
    invariant,
)

ONE_OF_EACH: list[FulfillmentError] = [
    InvalidRequest("qty is 0", remedy="give at least 1", key="qty", value=0),
    NotFound("no node S9", kind="node", id="S9"),
    Conflict("the node is closed", node_id="S1"),
    InsufficientStock([Shortfall("S1", "V", 6, 5)]),
    ReservationClosed("hold H1 has expired", hold_id="H1"),
    StaleVersion("stock has moved on", expected=3, found=4),
    EventsForgotten("events before 7 are gone", oldest="0-7"),
    RequestInProgress("request R1 is running", request_id="R1"),
    MoveRefused("cannot pack", allowed=["pick"]),
    Busy("no lock within 2 s", retry_after_seconds=2),
    OutcomeUnknown("lost at COMMIT", retry_after_seconds=2),
    IdempotencyMismatch("key K was used", remedy="give a new one", key="Idempotency-Key", value="K"),
    InvariantViolation("a balance is negative", available=-1),
]


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_every_error_keeps_text_and_data_through_a_worker_process(error: FulfillmentError) -> None:
    with pytest.raises(type(error)) as caught:
        raise pickle.loads(pickle.dumps(error))
    assert str(caught.value) == str(error)
    assert caught.value.data == error.data
    assert vars(caught.value) == vars(error)


def test_the_list_above_names_every_class_of_the_tree() -> None:
    classes = {
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, FulfillmentError)
    }
    assert classes - {FulfillmentError} == {type(error) for error in ONE_OF_EACH}


def test_codes_tell_the_classes_apart() -> None:
    codes = [error.code for error in ONE_OF_EACH]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "refusal", [InsufficientStock, ReservationClosed, StaleVersion, RequestInProgress, MoveRefused]
)
def test_refusals_by_state_are_conflicts(refusal: type[FulfillmentError]) -> None:
    assert issubclass(refusal, Conflict)


def test_insufficient_stock_names_every_shortfall_with_its_numbers() -> None:
    error = InsufficientStock([Shortfall("S1", "V", 6, 5), Shortfall("", "W", 2, 0)])
    assert [shortfall.missing for shortfall in error.shortfalls] == [1, 2]
    assert error.data["shortfalls"] == [
        {"node_id": "S1", "sku_id": "V", "requested": 6, "available": 5, "reason": "no_stock"},
        {"node_id": "", "sku_id": "W", "requested": 2, "available": 0, "reason": "no_stock"},
    ]
    assert str(error) == "not enough stock (V at S1: 6 requested, 5 there, W: 2 requested, 0 there)"


def test_an_invalid_request_reads_with_its_remedy() -> None:
    assert str(InvalidRequest("qty is 0", remedy="give at least 1")) == "qty is 0; give at least 1"
    assert str(InvalidRequest("qty is 0")) == "qty is 0"


def test_invariant_raises_only_when_it_is_broken() -> None:
    invariant(True, "holds")
    with pytest.raises(InvariantViolation) as caught:
        invariant(1 > 2, "one exceeds two", one=1, two=2)
    assert caught.value.data == {"one": 1, "two": 2}
