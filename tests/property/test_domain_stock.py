"""The books of a position: units are conserved, no state is negative, replay and order do not matter.

Method: random entries, most of them possible and some not, posted to the real `apply` and beside it to a
plain dictionary. The same check must fail on two broken twins of `apply`, or it could not see anything.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fulfillment.domain.errors import InsufficientStock
from fulfillment.domain.stock import (
    EMPTY,
    MOVES,
    Balance,
    Border,
    Entry,
    EntryReason,
    Place,
    StockState,
    apply,
    replay,
)
from fulfillment.domain.till import TillSale, sale_entries
from tests.domain.examples import NOON, entry

Apply = Callable[[Balance, Entry], Balance]

PAIRS = sorted((reason, source, target) for reason, pairs in MOVES.items() for source, target in pairs)


@st.composite
def entries(draw: st.DrawFn, most_units: int = 9) -> Entry:
    reason, source, target = draw(st.sampled_from(PAIRS))
    return entry(
        draw(st.integers(1, most_units)),
        reason,
        source,
        target,
        node_id=draw(st.sampled_from(["S1", "S2"])),
        sku_id=draw(st.sampled_from(["V", "W"])),
    )


balances = st.builds(Balance, **{state.value: st.integers(0, 20) for state in StockState})


def check_books(posted: list[Entry], apply_entry: Apply) -> None:
    """Post entries and compare each step with a dictionary of places in which units are only moved."""
    books: dict[tuple[str, str], Balance] = {}
    world: Counter[tuple[str, str, Place]] = Counter()
    for one in posted:
        position = (one.node_id, one.sku_id)
        before = books.get(position, EMPTY)
        possible = isinstance(one.source, Border) or world[(*position, one.source)] >= one.qty
        try:
            after = apply_entry(before, one)
        except InsufficientStock as refused:
            assert not possible
            [shortfall] = refused.shortfalls
            assert shortfall.available == world[(*position, one.source)] < shortfall.requested
            continue
        assert possible
        books[position] = after
        world[(*position, one.source)] -= one.qty
        world[(*position, one.target)] += one.qty
        assert sum(world.values()) == 0  # what a node holds, the world outside has given
        assert after.version == before.version + 1
        assert after.on_hand == -sum(world[(*position, border)] for border in Border)
        for state in StockState:
            assert after.units(state) == world[(*position, state)] >= 0


@given(st.lists(entries(), max_size=60))
def test_units_are_conserved_and_never_negative(posted: list[Entry]) -> None:
    check_books(posted, apply)


def clamping(balance: Balance, one: Entry) -> Balance:
    """A broken twin: takes what is there and books the whole."""
    if isinstance(one.source, StockState):
        lacking = max(0, one.qty - balance.units(one.source))
        balance = replace(balance, **{one.source.value: balance.units(one.source) + lacking})
    return apply(balance, one)


def forgetting(balance: Balance, one: Entry) -> Balance:
    """A broken twin: units that leave one state do not arrive in the other."""
    after = apply(balance, one)
    if isinstance(one.source, StockState) and isinstance(one.target, StockState):
        return replace(after, **{one.target.value: balance.units(one.target)})
    return after


@pytest.mark.parametrize("broken", [clamping, forgetting])
def test_the_check_of_the_books_catches_broken_twins(broken: Apply) -> None:
    @settings(database=None, report_multiple_bugs=False, max_examples=500, phases=[Phase.generate])
    @given(st.lists(entries(), max_size=60))
    def check(posted: list[Entry]) -> None:
        check_books(posted, broken)

    with pytest.raises(AssertionError):
        check()


def accepted(posted: list[Entry]) -> list[Entry]:
    """Leave out the entries that are refused where they stand."""
    kept: list[Entry] = []
    books: dict[tuple[str, str], Balance] = {}
    for one in posted:
        position = (one.node_id, one.sku_id)
        try:
            books[position] = apply(books.get(position, EMPTY), one)
        except InsufficientStock:
            continue
        kept.append(one)
    return kept


@given(st.lists(entries(), max_size=60))
def test_replay_equals_the_balances_at_every_moment(posted: list[Entry]) -> None:
    kept = accepted(posted)
    books: dict[tuple[str, str], Balance] = {}
    for number, one in enumerate(kept, start=1):
        position = (one.node_id, one.sku_id)
        books[position] = apply(books.get(position, EMPTY), one)
        assert replay(kept[:number]) == books


@given(st.lists(entries(), max_size=40), st.randoms(use_true_random=False))
def test_positions_may_be_posted_in_any_interleaving(posted: list[Entry], random: Random) -> None:
    """Entries of different positions are independent: only the order within a position can matter."""
    kept = accepted(posted)
    queues: dict[tuple[str, str], list[Entry]] = {}
    for one in kept:
        queues.setdefault((one.node_id, one.sku_id), []).append(one)
    interleaved: list[Entry] = []
    while any(queues.values()):
        queue = random.choice([queue for queue in queues.values() if queue])
        interleaved.append(queue.pop(0))
    assert replay(interleaved) == replay(kept)


@given(st.lists(entries(most_units=3), min_size=2, max_size=12), st.data())
def test_entries_that_need_nothing_of_each_other_commute(posted: list[Entry], data: st.DataObject) -> None:
    """On a balance that covers all of them, every order of the same entries ends in the same balance."""
    covering = Balance(available=36, reserved=36, committed=36, unavailable=36)
    shuffled = data.draw(st.permutations(posted))

    def end(order: list[Entry]) -> Balance:
        balance = covering
        for one in order:
            balance = apply(balance, one)
        return balance

    assert end(shuffled) == end(posted)


@given(balances, st.integers(1, 100))
def test_a_till_sale_can_always_be_posted_and_takes_from_the_strongest_claim_last(
    balance: Balance, qty: int
) -> None:
    sale = TillSale(
        sale_id="T1",
        node_id="S1",
        sku_id="V",
        qty=qty,
        reference="receipt",
        actor="till",
        occurred_at=NOON,
        recorded_at=NOON,
    )
    to_post = sale_entries(balance, sale)
    after = balance
    for one in to_post:
        after = apply(after, one)
    found = sum(one.qty for one in to_post if one.reason is EntryReason.FOUND)
    assert sum(one.qty for one in to_post if one.target is Border.CUSTOMER) == qty
    assert after.on_hand == balance.on_hand + found - qty
    assert after.unavailable == balance.unavailable
    if after.reserved < balance.reserved:
        assert after.available == 0
    if after.committed < balance.committed:
        assert after.reserved == after.available == 0
    if found:
        assert after.on_hand == after.unavailable
