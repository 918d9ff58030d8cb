"""Many entries at once: the same outcome, the same balances and the same history as one group an entry."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, Engine, select

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.stock import MOVES, Entry
from fulfillment.store.bulk import BulkPosted, EntryColumns, RowsMissing, post_each
from fulfillment.store.entries import audit
from fulfillment.store.posting import EntryGroup, Posted
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction
from tests.support.databases import KINDS, open_ledger
from tests.support.ledgers import NOON, add_places, an_entry

MOVES_OF_ALL = sorted((reason, source, target) for reason, pairs in MOVES.items() for source, target in pairs)
POSITIONS = [("L1", "V"), ("L1", "W"), ("L2", "V"), ("L3", "V"), ("L1", "nothing")]


def some_entries(rng: Random, count: int) -> list[Entry]:
    """Most fit, some lack units, some stand twice under one id, with the same or another content."""
    entries: list[Entry] = []
    for number in range(count):
        reason, source, target = rng.choice(MOVES_OF_ALL)
        qty = MAX_UNITS - 3 if rng.random() < 0.02 else rng.randint(1, 5)
        entry = an_entry(rng.choice(POSITIONS), qty, reason, source, target, entry_id=f"e{number}")
        if entries and rng.random() < 0.1:
            entry = rng.choice(entries)
        elif entries and rng.random() < 0.05:
            entry = an_entry(POSITIONS[0], 9, reason, source, target, entry_id=rng.choice(entries).entry_id)
        entries.append(entry)
    return entries


def columns_of(entries: list[Entry]) -> EntryColumns:
    names = EntryColumns.__dataclass_fields__
    plain = {"source", "target", "reason"}
    return EntryColumns(
        **{
            name: [getattr(e, name).value if name in plain else getattr(e, name) for e in entries]
            for name in names
        }
    )


def in_bulk(ledger: Engine, entries: list[Entry]) -> BulkPosted:
    columns = columns_of(entries)
    return run_in_transaction(
        ledger,
        lambda connection: post_each(connection, columns, actor="tester", recorded_at=NOON, makes_rows=True),
    )


def one_by_one(ledger: Engine, entries: list[Entry]) -> Posted:
    groups = [EntryGroup(str(index), (entry,)) for index, entry in enumerate(entries)]
    return run_in_transaction(ledger, lambda connection: post(connection, groups))


def history(ledger: Engine) -> tuple[list[object], list[object]]:
    e = stock_entry.c
    copied = [column for column in e if column.name not in ("position", "xid")]
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        entries = connection.execute(select(*copied).order_by(e.node_id, e.sku_id, e.stock_version)).all()
        rows = connection.execute(select(stock).order_by(stock.c.node_id, stock.c.sku_id)).all()
    return list(map(tuple, entries)), list(map(tuple, rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_bulk_and_groups_of_one_entry_tell_one_story(kind: str, seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    entries = some_entries(rng, 300)
    with open_ledger(kind, tmp_path) as bulk, open_ledger(kind, tmp_path) as single:
        for ledger in (bulk, single):
            with ledger.begin() as connection:
                add_places(connection, ["L1", "L2"], ["V", "W"])
        kinds_of_refusal = set()
        for start in (0, 100, 200):  # later calls meet entries of earlier ones
            part = entries[start : start + 100] + entries[:5]
            found, expected = in_bulk(bulk, part), one_by_one(single, part)
            assert [str(index) for index in found.applied] == expected.applied
            assert [str(index) for index in found.duplicates] == expected.duplicates
            assert {str(i): (type(e), str(e), e.data) for i, e in found.refused.items()} == {
                i: (type(e), str(e), e.data) for i, e in expected.refused.items()
            }
            kinds_of_refusal |= {type(error).__name__ for error in found.refused.values()}
        assert kinds_of_refusal >= {"Conflict", "InsufficientStock", "NotFound"}
        assert history(bulk) == history(single)


def test_a_bulk_of_nothing_is_nothing(ledger: Engine) -> None:
    assert in_bulk(ledger, []) == BulkPosted()


def test_each_entry_keeps_its_own_moment(ledger: Engine) -> None:
    with ledger.begin() as connection:
        add_places(connection, ["L1"], ["V"])
    receive = next(move for move in MOVES_OF_ALL if move[0] == "receive" and move[2] == "available")
    moments = [NOON - timedelta(hours=hours) for hours in (2, 1)]
    in_bulk(ledger, [an_entry(POSITIONS[0], 1, *receive, at=at) for at in moments])
    with ledger.connect() as connection:
        rows = connection.execute(
            select(stock_entry.c.occurred_at, stock_entry.c.recorded_at).order_by(stock_entry.c.stock_version)
        ).all()
    assert [tuple(row) for row in rows] == [(at, NOON) for at in moments]


def test_where_a_row_is_missing_nothing_is_posted_before_rows_are_made(ledger: Engine) -> None:
    with ledger.begin() as connection:
        add_places(connection, ["L1"], ["V", "W"])
    receive = next(move for move in MOVES_OF_ALL if move[0] == "receive" and move[2] == "available")
    in_bulk(ledger, [an_entry(POSITIONS[0], 1, *receive)])
    arriving = columns_of([an_entry(position, 1, *receive) for position in POSITIONS[:2]])

    def post_them(connection: Connection, *, makes_rows: bool) -> BulkPosted:
        return post_each(connection, arriving, actor="tester", recorded_at=NOON, makes_rows=makes_rows)

    with pytest.raises(RowsMissing):
        run_in_transaction(ledger, lambda connection: post_them(connection, makes_rows=False))
    assert len(history(ledger)[0]) == 1
    assert run_in_transaction(ledger, lambda c: post_them(c, makes_rows=True)).applied == [0, 1]
