from datetime import datetime, timedelta, timezone

import pytest

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import InsufficientStock, InvalidRequest
from fulfillment.domain.stock import (
    EMPTY,
    MOVES,
    Balance,
    Border,
    EntryReason,
    StockState,
    apply,
    replay,
)
from tests.domain.examples import NOON, entry

FULL = Balance(available=5, reserved=4, committed=3, unavailable=2, version=7)


def test_a_receipt_adds_to_available_and_counts_one_version() -> None:
    assert apply(EMPTY, entry(5)) == Balance(available=5, version=1)


def test_a_hold_moves_units_and_leaves_on_hand_as_it_was() -> None:
    after = apply(FULL, entry(2, EntryReason.HOLD, StockState.AVAILABLE, StockState.RESERVED))
    assert after == Balance(available=3, reserved=6, committed=3, unavailable=2, version=8)
    assert after.on_hand == FULL.on_hand == 14


@pytest.mark.parametrize(
    ("reason", "source", "target"),
    [(reason, source, target) for reason, pairs in MOVES.items() for source, target in sorted(pairs)],
)
def test_every_allowed_move_takes_from_its_source_and_gives_to_its_target(
    reason: EntryReason, source: StockState | Border, target: StockState | Border
) -> None:
    after = apply(FULL, entry(2, reason, source, target))
    for state in StockState:
        change = 2 * (state is target) - 2 * (state is source)
        assert after.units(state) == FULL.units(state) + change


def test_every_reason_has_moves_and_each_move_touches_a_state() -> None:
    assert set(MOVES) == set(EntryReason)
    for pairs in MOVES.values():
        assert pairs
        assert all(
            isinstance(source, StockState) or isinstance(target, StockState) for source, target in pairs
        )


def test_stock_that_is_not_there_cannot_leave() -> None:
    sale = entry(6, EntryReason.SELL, StockState.AVAILABLE, Border.CUSTOMER)
    with pytest.raises(InsufficientStock) as caught:
        apply(FULL, sale)
    [shortfall] = caught.value.shortfalls
    assert (shortfall.node_id, shortfall.sku_id, shortfall.requested, shortfall.available) == (
        "S1",
        "V",
        6,
        5,
    )


def test_the_last_unit_can_leave() -> None:
    sale = entry(5, EntryReason.SELL, StockState.AVAILABLE, Border.CUSTOMER)
    assert apply(FULL, sale).available == 0


def test_a_state_never_outgrows_its_column() -> None:
    full = apply(EMPTY, entry(MAX_UNITS))
    with pytest.raises(InvalidRequest) as caught:
        apply(full, entry(1))
    assert caught.value.data["key"] == "qty"


def test_a_reason_refuses_the_moves_of_another_and_names_its_own() -> None:
    with pytest.raises(InvalidRequest) as caught:
        entry(1, EntryReason.SHIP, StockState.AVAILABLE, Border.CUSTOMER)
    assert caught.value.data["allowed"] == ["committed -> customer"]


def test_a_state_given_as_plain_text_is_refused() -> None:
    """It equals the state, and `apply` would take it for a border and change nothing."""
    with pytest.raises(InvalidRequest):
        entry(1, target="available")


@pytest.mark.parametrize("qty", [0, -1, 1.5, True, "3", MAX_UNITS + 1, None])
def test_an_entry_moves_a_whole_positive_number_of_units(qty: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        entry(qty)
    assert caught.value.data["key"] == "qty"


@pytest.mark.parametrize("key", ["entry_id", "node_id", "sku_id", "actor"])
@pytest.mark.parametrize("value", ["", None])
def test_an_entry_names_itself_its_position_and_its_actor(key: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        entry(1, **{key: value})
    assert caught.value.data["key"] == key


@pytest.mark.parametrize("key", ["occurred_at", "recorded_at"])
@pytest.mark.parametrize("at", [datetime(2026, 3, 2), NOON.astimezone(timezone(timedelta(hours=1)))])
def test_an_entry_is_dated_in_utc(key: str, at: datetime) -> None:
    with pytest.raises(InvalidRequest) as caught:
        entry(1, **{key: at})
    assert caught.value.data["key"] == key


@pytest.mark.parametrize("state", list(StockState))
def test_a_balance_cannot_be_built_negative(state: StockState) -> None:
    with pytest.raises(InvalidRequest):
        Balance(**{state.value: -1})


def test_replay_keeps_positions_apart() -> None:
    entries = [entry(5), entry(2, node_id="S2"), entry(1, sku_id="W"), entry(3)]
    assert replay(entries) == {
        ("S1", "V"): Balance(available=8, version=2),
        ("S2", "V"): Balance(available=2, version=1),
        ("S1", "W"): Balance(available=1, version=1),
    }


def test_replay_of_the_first_entries_is_the_balance_of_that_moment() -> None:
    entries = [entry(5), entry(2, EntryReason.SELL, StockState.AVAILABLE, Border.CUSTOMER)]
    assert replay(entries[:1])["S1", "V"].available == 5
    assert replay(entries)["S1", "V"].available == 3
