"""Many buyers at once, threads and real databases: nobody gets a unit that is not there.

The same harness runs a broken twin that reads, decides and then writes, and must catch it.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

from sqlalchemy import Connection, Engine, select, update

from fulfillment.domain.errors import Conflict, InsufficientStock
from fulfillment.store.entries import audit, balances
from fulfillment.store.posting import EntryGroup, Position, Posted
from fulfillment.store.schema.stock import stock
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import a_group, a_receipt, add_places, an_entry, post_all, stock_up

BUYERS = 8
V, W = ("L1", "V"), ("L1", "W")


def sell_all(ledger: Engine, buy: Callable[[Engine], bool], attempts: int) -> int:
    """Let `BUYERS` threads buy until every attempt is spent; return the units that buyers believe to have."""
    barrier = threading.Barrier(BUYERS)

    def shop() -> int:
        barrier.wait()
        return sum(buy(ledger) for _ in range(attempts))

    with ThreadPoolExecutor(BUYERS) as pool:
        return sum(future.result() for future in [pool.submit(shop) for _ in range(BUYERS)])


def buy_guarded(ledger: Engine) -> bool:
    group = a_group(an_entry(V, 1))
    return bool(post_all(ledger, group).applied)


def buy_read_then_write(ledger: Engine) -> bool:
    """The broken twin: no lock and no guard between the read and the write."""
    with ledger.begin() as connection:
        available = connection.execute(select(stock.c.available)).scalar_one()
    if available < 1:
        return False
    time.sleep(0.002)  # a shop thinks
    with ledger.begin() as connection:
        connection.execute(update(stock).values(available=available - 1))
    return True


def test_the_last_units_are_sold_once(ledger: Engine) -> None:
    stock_up(ledger, {V: 20})
    assert sell_all(ledger, buy_guarded, attempts=5) == 20
    with ledger.connect() as connection:
        assert balances(connection)[V].committed == 20
        assert audit(connection).disagreements == ()


def test_the_harness_catches_a_shop_that_reads_then_writes(ledger: Engine) -> None:
    stock_up(ledger, {V: 20})
    assert sell_all(ledger, buy_read_then_write, attempts=5) > 20


def test_opposite_orders_of_the_same_rows_neither_deadlock_nor_oversell(ledger: Engine) -> None:
    """Scarce stock, orders of 1 to 4 lines in random order, one post for several orders."""
    rows: list[Position] = [(f"L{n}", f"V{s}") for n in range(4) for s in range(5)]
    stock_up(ledger, dict.fromkeys(rows, 5))
    attempts: list[int] = []

    def work(seed: int) -> list[Posted]:
        rng = Random(seed)
        outcomes = []
        for _ in range(6):
            groups = [
                a_group(*(an_entry(row, rng.randint(1, 2)) for row in rng.sample(rows, rng.randint(1, 4))))
                for _ in range(4)
            ]

            def story(connection: Connection, groups: list[EntryGroup] = groups) -> Posted:
                attempts.append(seed)
                return post(connection, groups)

            outcomes.append(run_in_transaction(ledger, story))
        return outcomes

    with ThreadPoolExecutor(BUYERS) as pool:
        outcomes = [outcome for per_worker in pool.map(work, range(BUYERS)) for outcome in per_worker]
    refusals = [refusal for outcome in outcomes for refusal in outcome.refused.values()]
    assert refusals
    assert all(isinstance(refusal, InsufficientStock) for refusal in refusals)
    # Locks in one order: not one attempt was lost to a deadlock.
    assert len(attempts) == BUYERS * 6
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        assert sum(b.committed for b in balances(connection).values()) > 60


def test_the_same_entry_from_all_sides_is_posted_once(ledger: Engine) -> None:
    stock_up(ledger, {V: 100})
    group = a_group(an_entry(V, 1))
    with ThreadPoolExecutor(BUYERS) as pool:
        outcomes = list(pool.map(lambda _: post_all(ledger, group), range(BUYERS)))
    assert sum(bool(outcome.applied) for outcome in outcomes) == 1
    assert sum(bool(outcome.duplicates) for outcome in outcomes) == BUYERS - 1


def test_one_entry_id_on_two_rows_at_once_is_posted_on_one(ledger: Engine) -> None:
    """No row lock stands between the two; the unique entry id does, and the loser learns it on a retry."""
    stock_up(ledger, {V: 1, W: 1})
    both_looked = threading.Barrier(2, timeout=1)

    def buy(position: Position) -> Posted:
        group = a_group(an_entry(position, 1, entry_id="E"))

        def story(connection: Connection) -> Posted:
            with suppress(threading.BrokenBarrierError):  # SQLite lets only one in
                both_looked.wait()
            return post(connection, [group])

        return run_in_transaction(ledger, story)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(buy, [V, W]))
    assert sum(bool(outcome.applied) for outcome in outcomes) == 1
    (refusal,) = (refusal for outcome in outcomes for refusal in outcome.refused.values())
    assert isinstance(refusal, Conflict)


def test_rows_made_by_two_at_once_are_made_once(ledger: Engine) -> None:
    with ledger.begin() as connection:
        add_places(connection, ["L1"], ["V"])
    with ThreadPoolExecutor(BUYERS) as pool:
        list(
            pool.map(
                lambda _: post_all(ledger, a_group(a_receipt(V, 1))),
                range(BUYERS),
            )
        )
    with ledger.connect() as connection:
        assert balances(connection)[V].available == BUYERS
