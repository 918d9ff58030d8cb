"""Two who want the same row at once: orders, transfers, counts, and processes that die holding it."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from fulfillment.domain.stock import Border, Entry, EntryReason
from fulfillment.store.entries import audit, balances
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction
from tests.support.databases import KINDS, open_ledger
from tests.support.ledgers import A, U, a_group, a_receipt, an_entry, post_all, stock_up
from tests.support.placing import a_committer, a_placement

V, W = ("L1", "V"), ("L1", "W")


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with open_ledger(request.param, tmp_path) as engine:
        yield engine


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run pieces of work in threads that start together."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def is_sound(ledger: Engine) -> bool:
    with ledger.connect() as connection:
        return audit(connection).disagreements == ()


def test_orders_of_the_same_skus_in_opposite_order_all_finish(ledger: Engine) -> None:
    """Case E05, shortened: lines [a, b] and [b, a] through two committers."""
    stock_up(ledger, {V: 100, W: 100})
    with a_committer(ledger, group_orders_max=3) as one, a_committer(ledger, group_orders_max=3) as other:
        answers = [
            future.result(60)
            for number in range(40)
            for future in (
                one.submit(a_placement(f"ab{number}", ("V", 1), ("W", 1))),
                other.submit(a_placement(f"ba{number}", ("W", 1), ("V", 1))),
            )
        ]
    assert {answer.status for answer in answers} == {201}
    with ledger.connect() as connection:
        assert [balances(connection)[row].committed for row in (V, W)] == [80, 80]


@pytest.mark.parametrize(
    "rival",
    [
        pytest.param((EntryReason.TRANSFER_OUT, A, Border.SUPPLIER), id="transfer"),
        pytest.param((EntryReason.COUNT, A, Border.LOSS), id="count"),
        pytest.param((EntryReason.SET_ASIDE, A, U), id="damage"),
    ],
)
def test_an_order_and_a_rival_never_both_have_the_last_units(ledger: Engine, rival: tuple) -> None:
    """Cases E07 and E08: three units, an order of three, and something else that takes three."""
    reason, source, target = rival
    stock_up(ledger, {(f"L{number}", f"V{number}"): 3 for number in range(12)})
    winners = []
    with a_committer(ledger) as committer:
        for number in range(12):
            entry: Entry = an_entry((f"L{number}", f"V{number}"), 3, reason, source, target)
            placement = a_placement(f"O{number}", (f"V{number}", 3))
            answer, posted = at_once(
                lambda placement=placement: committer.submit(placement).result(60),
                lambda entry=entry: post_all(ledger, a_group(entry)),
            )
            winners.append((answer.status == 201, bool(posted.applied)))  # type: ignore[attr-defined]
    assert set(winners) <= {(True, False), (False, True)}
    assert is_sound(ledger)


def test_a_row_that_somebody_holds_is_waited_for_and_made_once(ledger: Engine) -> None:
    """Case E11: receipts arrive for a position while its row, or its making, is held by another."""
    stock_up(ledger, {V: 1})
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        def story(connection: Connection) -> None:
            post(connection, [a_group(a_receipt(V, 1)), a_group(a_receipt(("L1", "V"), 1))])
            held.set()
            may_end.wait(10)

        run_in_transaction(ledger, story)

    def receive() -> None:
        held.wait(10)
        threading.Timer(0.2, may_end.set).start()
        assert post_all(ledger, a_group(a_receipt(V, 5))).applied

    at_once(hold, receive)
    with ledger.connect() as connection:
        assert {row: balance.available for row, balance in balances(connection).items()} == {V: 8}
    assert is_sound(ledger)


def test_what_a_killed_process_held_is_free_within_seconds(tmp_path: Path) -> None:
    """Case E06: a process dies between its locks and its commit; its row and its client's key are free."""
    with open_ledger("postgresql", tmp_path) as ledger:
        stock_up(ledger, {V: 1})
        url = ledger.url.render_as_string(hide_password=False)
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.concurrency.holder", url], stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "holding\n"
        finally:
            holder.kill()
            holder.wait(10)
            holder.stdout.close()  # type: ignore[union-attr]
        killed_at = time.monotonic()
        with a_committer(ledger) as committer:
            assert committer.submit(a_placement("O1", ("V", 1))).result(60).status == 201
        assert time.monotonic() - killed_at < 10
        assert is_sound(ledger)
