from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, InsufficientStock, InvalidRequest, NotFound
from fulfillment.domain.reported import REPORTED, reported_move
from fulfillment.domain.stock import MOVES, Balance, EntryReason
from fulfillment.services import post_entries as post_entries_module
from fulfillment.services.post_entries import ReportedEntries, post_entries
from fulfillment.store.bulk import BulkPosted
from fulfillment.store.entries import audit, balances, history
from tests.support.ledgers import NOON, C, R, a_group, add_places, an_entry, post_all, stock_up

V, W = ("L1", "V"), ("L1", "W")


def report(ledger: Engine, *entries: tuple[object, ...]) -> BulkPosted:
    """Report entries of (entry_id, reason, qty) at V, with (source, target) where named."""
    columns = [(*entry, None, None)[:5] for entry in entries]
    entry_id, reason, qty, source, target = ([*column] for column in zip(*columns, strict=True))
    count = len(columns)
    reported = ReportedEntries(
        entry_id=entry_id,
        node_id=["L1"] * count,
        sku_id=["V"] * count,
        reason=reason,
        source=source,
        target=target,
        qty=qty,
        reference=["note"] * count,
        occurred_at=[None] * count,
    )
    return post_entries(ledger, reported, clock=ManualClock(NOON), actor="wms")


def test_every_reported_move_is_one_that_the_books_know() -> None:
    for reason, moves in REPORTED.items():
        assert {(str(a), str(b)) for a, b in MOVES[EntryReason(reason)]}.issuperset(moves)
        assert reported_move(reason, None, None) == moves[0]
        assert not {"reserved", "committed"} & {place for move in moves for place in move}


def test_each_entry_has_its_own_outcome(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    posted = report(
        ledger,
        ("a", "receive", 3),
        ("b", "sell", 1),
        ("c", "write_off", 9),
        ("a", "receive", 3),
        ("a", "receive", 4),
        ("d", "set_aside", 8),
        ("e", "receive", 2, None, "unavailable"),
        ("f", "receive", 2, "customer"),
    )
    assert (posted.applied, posted.duplicates) == ([0, 5, 6], [3])
    assert {index: type(error) for index, error in posted.refused.items()} == {
        1: InvalidRequest,
        2: InsufficientStock,
        4: Conflict,
        7: InvalidRequest,
    }
    assert "till" in str(posted.refused[1])
    with ledger.connect() as connection:
        assert balances(connection)[V] == Balance(available=0, unavailable=10, version=4)
        entry = history(connection, V)[1]
    assert (entry.reason, entry.actor, entry.occurred_at) == ("receive", "wms", NOON)


def test_an_unknown_node_is_refused_and_fails_nobody_else(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    columns = [["a", "b"], ["L9", "L1"], ["V", "V"], ["receive"] * 2, [None] * 2, [None] * 2, [1, 1]]
    reported = ReportedEntries(*columns, reference=[""] * 2, occurred_at=[None] * 2)
    posted = post_entries(ledger, reported, clock=ManualClock(NOON), actor="wms")
    assert posted.applied == [1]
    assert isinstance(posted.refused[0], NotFound)


def test_units_that_others_claim_cannot_be_reported_away(ledger: Engine) -> None:
    """Case E08: an adjustment of -3 while an order has 3 of 3."""
    stock_up(ledger, {V: 3})
    post_all(ledger, a_group(an_entry(V, 2)), a_group(an_entry(V, 1, EntryReason.HOLD, target=R)))
    posted = report(ledger, ("a", "write_off", 3), ("b", "uncommit", 1), ("c", "release", 1))
    assert set(posted.refused) == {0, 1, 2}
    with ledger.connect() as connection:
        assert balances(connection)[V].units(C) == 2


def test_an_adjustment_and_orders_at_once_never_take_a_unit_twice(ledger: Engine) -> None:
    """Cases E07 and E08, from eight sides."""
    stock_up(ledger, {V: 20})

    def adjust(number: int) -> int:
        return 3 * len(report(ledger, (f"a{number}", "write_off", 3)).applied)

    def order(_: int) -> int:
        return 3 * len(post_all(ledger, a_group(an_entry(V, 3))).applied)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(work, number) for number in range(8) for work in (adjust, order)]
    assert sum(future.result() for future in futures) == 18
    with ledger.connect() as connection:
        assert balances(connection)[V].available == 2
        assert audit(connection).disagreements == ()


def test_more_than_a_call_takes_is_refused_whole(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_entries_module, "ENTRIES_MAX", 1)
    with pytest.raises(InvalidRequest, match="at most 1"):
        report(ledger, ("a", "receive", 3), ("b", "receive", 3))


def test_bulks_of_new_positions_at_once_make_each_row_once_and_lose_nothing(ledger: Engine) -> None:
    """Case E11, and E05 for entries: every caller names the same new rows, each in another order."""
    with ledger.begin() as connection:
        add_places(connection, [f"L{n}" for n in range(5)], [f"V{n}" for n in range(8)])
    positions = [(f"L{n}", f"V{s}") for n in range(5) for s in range(8)]

    def bulk(caller: int) -> int:
        mine = Random(caller).sample(positions, len(positions))
        count = len(mine)
        reported = ReportedEntries(
            entry_id=[f"{caller}/{node_id}/{sku_id}" for node_id, sku_id in mine],
            node_id=[node_id for node_id, _ in mine],
            sku_id=[sku_id for _, sku_id in mine],
            reason=["receive"] * count,
            source=[None] * count,
            target=[None] * count,
            qty=[1] * count,
            reference=[""] * count,
            occurred_at=[None] * count,
        )
        return len(post_entries(ledger, reported, clock=ManualClock(NOON), actor="wms").applied)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(bulk, range(6))) == [len(positions)] * 6
    with ledger.connect() as connection:
        assert {balance.available for balance in balances(connection).values()} == {6}
        assert audit(connection).disagreements == ()
