"""The tables, spelled out: what each verb does, what a final state refuses, and that no state is dead."""

from enum import StrEnum

import pytest

from fulfillment.domain.errors import Conflict, MoveRefused
from fulfillment.domain.transitions import (
    FULFILLMENT_ORDERS,
    HOLDS,
    ORDERS,
    PARCELS,
    TRANSFERS,
    FulfillmentOrderState,
    HoldState,
    OrderState,
    ParcelState,
    TransferState,
    TransitionTable,
    Verb,
)

TABLES: list[tuple[TransitionTable[StrEnum], type[StrEnum]]] = [
    (HOLDS, HoldState),
    (ORDERS, OrderState),
    (FULFILLMENT_ORDERS, FulfillmentOrderState),
    (PARCELS, ParcelState),
    (TRANSFERS, TransferState),
]
each_table = pytest.mark.parametrize(("table", "states"), TABLES, ids=[table.kind for table, _ in TABLES])


def reachable(table: TransitionTable[StrEnum], starts: set[StrEnum]) -> set[StrEnum]:
    seen, front = set(starts), list(starts)
    while front:
        state = front.pop()
        for verb in table.allowed(state):
            after = table.move(state, verb, "X")
            if after not in seen:
                seen.add(after)
                front.append(after)
    return seen


@each_table
def test_every_state_can_be_reached(table: TransitionTable[StrEnum], states: type[StrEnum]) -> None:
    assert reachable(table, set(table.starts)) == set(states)


@each_table
def test_from_every_state_an_end_can_be_reached(
    table: TransitionTable[StrEnum], states: type[StrEnum]
) -> None:
    for state in states:
        assert any(table.is_final(end) for end in reachable(table, {state})), state


@each_table
def test_a_move_that_the_table_lacks_is_refused_and_names_those_it_has(
    table: TransitionTable[StrEnum], states: type[StrEnum]
) -> None:
    for state in states:
        for verb in set(Verb) - set(table.allowed(state)):
            with pytest.raises(MoveRefused) as caught:
                table.move(state, verb, "X7")
            assert isinstance(caught.value, Conflict)
            assert caught.value.data == {
                "kind": table.kind,
                "id": "X7",
                "state": state.value,
                "verb": verb.value,
                "allowed": [allowed.value for allowed in table.allowed(state)],
            }


def test_every_verb_is_used() -> None:
    assert {verb for table, _ in TABLES for verb in table.moves} == set(Verb)


@pytest.mark.parametrize(
    ("table", "ends"),
    [
        (HOLDS, {"released", "expired", "converted"}),
        (ORDERS, {"completed", "cancelled"}),
        (FULFILLMENT_ORDERS, {"rejected", "delivered", "collected", "cancelled"}),
        (PARCELS, {"delivered", "collected", "lost", "cancelled"}),
        (TRANSFERS, {"received", "lost", "cancelled"}),
    ],
    ids=[table.kind for table, _ in TABLES],
)
def test_the_final_states_are_these(table: TransitionTable[StrEnum], ends: set[str]) -> None:
    assert {state.value for state in reachable(table, set(table.starts)) if table.is_final(state)} == ends


def walk(table: TransitionTable[StrEnum], start: StrEnum, verbs: str) -> str:
    state = start
    for verb in verbs.split():
        state = table.move(state, Verb(verb), "X")
    return state.value


@pytest.mark.parametrize(
    ("verbs", "end"),
    [
        ("release accept pick pack ship deliver", "delivered"),
        ("accept pick pack ship deliver", "delivered"),
        ("release pick pack ready collect", "collected"),
        ("accept pick pack ship ready collect", "collected"),  # ship-to-store
        ("accept pick ready expire", "expired"),
        ("accept pick ready expire cancel", "cancelled"),
        ("reject", "rejected"),
        ("accept reject", "rejected"),
        ("accept pick pack cancel", "cancelled"),
    ],
)
def test_the_ways_of_a_fulfillment_order(verbs: str, end: str) -> None:
    assert walk(FULFILLMENT_ORDERS, FulfillmentOrderState.OPEN, verbs) == end


@pytest.mark.parametrize(
    ("verbs", "end"),
    [
        ("allocate release complete", "completed"),
        ("suspend clear allocate", "allocated"),
        ("backorder allocate release reroute complete", "completed"),
        ("allocate change", "open"),
        ("allocate cancel", "cancelled"),
        ("allocate release cancel", "cancelled"),
    ],
)
def test_the_ways_of_an_order(verbs: str, end: str) -> None:
    assert walk(ORDERS, OrderState.OPEN, verbs) == end


@pytest.mark.parametrize("verb", [Verb.CHANGE, Verb.SUSPEND, Verb.ALLOCATE, Verb.BACKORDER])
def test_an_order_that_a_node_works_on_is_decided(verb: Verb) -> None:
    with pytest.raises(MoveRefused, match="it allows cancel, complete, reroute"):
        ORDERS.move(OrderState.IN_PROGRESS, verb, "O1")


@pytest.mark.parametrize("verb", [Verb.CANCEL, Verb.REJECT, Verb.PICK])
def test_what_has_left_the_house_cannot_be_called_back(verb: Verb) -> None:
    with pytest.raises(MoveRefused):
        FULFILLMENT_ORDERS.move(FulfillmentOrderState.SHIPPED, verb, "F1")


def test_a_final_state_says_that_nothing_can_follow() -> None:
    with pytest.raises(MoveRefused, match="cannot ship transfer T1: it is received; nothing can be done"):
        TRANSFERS.move(TransferState.RECEIVED, Verb.SHIP, "T1")
