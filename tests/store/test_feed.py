"""No row that commits late is missed, and one subject's events come in their order."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.events import FeedEvent
from fulfillment.store import engine as engine_module
from fulfillment.store.entries import balances
from fulfillment.store.feed import (
    FeedPage,
    entries_after,
    events_after,
    events_head,
    head,
)
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.posting import Position
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.stock import post
from fulfillment.store.transaction import LostRace, lost_a_race, run_in_transaction
from tests.support.databases import open_ledger
from tests.support.ledgers import NOON, a_group, a_receipt, an_entry, post_all, stock_up

V, W = ("L1", "V"), ("L2", "W")


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Engine]:
    with open_ledger("postgresql", tmp_path) as engine:
        yield engine


def tell(connection: Connection, event_id: str, subject: str = "O1", type: str = "order.placed") -> None:
    add_events(connection, [Event(event_id, type, subject, {"n": event_id})], NOON)


def told(ledger: Engine, *event_ids: str) -> None:
    for event_id in event_ids:
        run_in_transaction(ledger, lambda connection, event_id=event_id: tell(connection, event_id))  # type: ignore[misc]


@contextmanager
def another(ledger: Engine) -> Iterator[Connection]:
    """A transaction that is still open; the caller ends it."""
    with ledger.connect() as connection, connection.begin():
        yield connection


def after_position(connection: Connection, position: int) -> list[tuple[int, str]]:
    """The broken twin: a reader that takes the numbers for the order of commits."""
    o = outbox.c
    rows = connection.execute(
        select(o.position, o.event_id).where(o.position > position).order_by(o.position)
    )
    return [(row.position, row.event_id) for row in rows]


def ids(events: list[FeedEvent]) -> list[str]:
    return [event.event_id for event in events]


def follow(ledger: Engine, cursor: Cursor, limit: int = 100) -> tuple[Cursor, list[str]]:
    """Read one page and say where to go on."""
    with ledger.connect() as connection:
        page = events_after(connection, cursor, limit)
    return (page[-1].cursor if page else cursor), ids(page)


def test_an_event_that_commits_late_is_not_missed(postgresql: Engine) -> None:
    """The slow transaction writes first and commits last, as any transaction may."""
    with another(postgresql) as slow:
        tell(slow, "slow")
        told(postgresql, "fast")
        cursor, first = follow(postgresql, BEGINNING)
        slow.commit()
    _, then = follow(postgresql, cursor)
    assert first + then == ["slow", "fast"]


def test_an_entry_that_commits_late_is_not_missed(postgresql: Engine) -> None:
    stock_up(postgresql, {V: 5, W: 5})
    with postgresql.connect() as connection:
        start = head(connection)
    with another(postgresql) as slow:
        post(slow, [a_group(an_entry(V, 1))])
        post_all(postgresql, a_group(an_entry(W, 1)))
        with postgresql.connect() as connection:
            assert len(entries_after(connection, start)) == 0
            assert head(connection) == start
        slow.commit()
    with postgresql.connect() as connection:
        page = entries_after(connection, start)
        assert list(page.node_id) == ["L1", "L2"]
        assert head(connection) == page.cursor


def test_reading_after_a_number_misses_what_commits_late(postgresql: Engine) -> None:
    """Why the feed has two-part cursors: the twin that trusts the numbers loses an event for ever."""
    with another(postgresql) as slow:
        tell(slow, "slow")
        told(postgresql, "fast")
        with postgresql.connect() as connection:
            first = after_position(connection, 0)
        slow.commit()
    with postgresql.connect() as connection:
        then = after_position(connection, first[-1][0])
    assert [event_id for _, event_id in first + then] == ["fast"]


def test_a_transaction_that_rolls_back_holds_nobody_up(postgresql: Engine) -> None:
    with another(postgresql) as failing:
        tell(failing, "never")
        told(postgresql, "told")
        assert follow(postgresql, BEGINNING)[1] == []
        failing.rollback()
    assert follow(postgresql, BEGINNING)[1] == ["told"]


def test_a_writer_that_froze_is_given_up(postgresql: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "IDLE_IN_TRANSACTION_MS", 100)
    frozen_process = engine_module.open_engine(postgresql.url.render_as_string(hide_password=False))
    frozen = frozen_process.connect()
    socket = frozen.connection.dbapi_connection
    tell(frozen, "never")
    told(postgresql, "told")
    deadline = time.monotonic() + 20
    while not follow(postgresql, BEGINNING)[1] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert follow(postgresql, BEGINNING)[1] == ["told"]
    with pytest.raises(DBAPIError) as refusal:
        tell(frozen, "too late")
    assert lost_a_race(refusal.value)
    assert socket is not None
    socket.close()
    frozen.close()
    frozen_process.dispose()


def test_one_subjects_events_never_swap(postgresql: Engine) -> None:
    """A transaction that began early and tells late begins again, so that its id comes after the other's."""
    attempts = 0

    def early(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        tell(connection, f"claim-{attempts}", subject="another")  # takes its id
        if attempts == 1:
            told(postgresql, "first")
        tell(connection, "second")

    run_in_transaction(postgresql, early)
    with postgresql.connect() as connection:
        assert ids(events_after(connection, BEGINNING, subject="O1")) == ["first", "second"]
    assert attempts == 2


def test_without_the_fresh_attempt_they_would_swap(postgresql: Engine) -> None:
    """The broken twin of the test above inserts without looking, as add_events once did."""
    with another(postgresql) as early:
        tell(early, "claim", subject="another")
        told(postgresql, "first")
        with pytest.raises(LostRace):
            tell(early, "second")
        early.execute(
            outbox.insert().values(event_id="second", type="t", subject="O1", data={}, occurred_at=NOON)
        )
        early.commit()
    with postgresql.connect() as connection:
        assert ids(events_after(connection, BEGINNING, subject="O1")) == ["second", "first"]


def test_pages_follow_each_other_without_gap_or_repetition(ledger: Engine) -> None:
    told(ledger, *(f"e{n}" for n in range(7)))
    cursor, seen = BEGINNING, []
    while True:
        cursor, page = follow(ledger, cursor, limit=3)
        if not page:
            break
        seen += page
    assert seen == [f"e{n}" for n in range(7)]
    with ledger.connect() as connection:
        assert events_head(connection) == cursor


def test_events_of_one_transaction_come_in_their_order(ledger: Engine) -> None:
    events = [Event(f"e{n}", "order.placed", f"O{n % 3}", {"n": n}) for n in range(50)]
    run_in_transaction(ledger, lambda connection: add_events(connection, events, NOON))
    with ledger.connect() as connection:
        found = events_after(connection, BEGINNING)
    assert [(e.event_id, e.type, e.subject, e.data) for e in found] == [
        (e.event_id, e.type, e.subject, e.data) for e in events
    ]
    assert {e.occurred_at for e in found} == {NOON}


def test_events_are_filtered_by_type_and_subject(ledger: Engine) -> None:
    def story(connection: Connection) -> None:
        tell(connection, "a", "O1", "order.placed")
        tell(connection, "b", "O1", "order.cancelled")
        tell(connection, "c", "O2", "order.placed")

    run_in_transaction(ledger, story)
    with ledger.connect() as connection:
        assert ids(events_after(connection, BEGINNING, types=["order.placed"])) == ["a", "c"]
        assert ids(events_after(connection, BEGINNING, subject="O1")) == ["a", "b"]
        assert ids(events_after(connection, BEGINNING, types=["order.placed"], subject="O2")) == ["c"]


def test_entries_carry_the_balances_they_left(ledger: Engine) -> None:
    with ledger.connect() as connection:
        assert head(connection) == BEGINNING
    stock_up(ledger, {V: 5, W: 9})
    post_all(ledger, a_group(an_entry(V, 2)), a_group(a_receipt(V, 4)))
    with ledger.connect() as connection:
        page = entries_after(connection, BEGINNING)
        assert cursors(page) == sorted(cursors(page))
        assert (page.node_id[0], page.sku_id[0], page.available[0], page.version[0]) == (*V, 5, 1)
        assert newest(page) == available(connection)
        assert newest(page)[V] == (3, 7)
        assert cursors(entries_after(connection, BEGINNING, 2)) == cursors(page)[:2]
        assert len(entries_after(connection, head(connection))) == 0


def cursors(page: FeedPage) -> list[Cursor]:
    return [Cursor(*place) for place in zip(page.xid, page.number, strict=True)]


def newest(page: FeedPage) -> dict[Position, tuple[int, int]]:
    """Version and units of each position's newest entry."""
    positions = zip(page.node_id, page.sku_id, strict=True)
    by_age = sorted(zip(page.version, page.available, positions, strict=True))
    return {position: (version, available) for version, available, position in by_age}


def available(connection: Connection) -> dict[Position, tuple[int, int]]:
    return {position: (each.version, each.available) for position, each in balances(connection).items()}


def run_all(*stories: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run(story: Callable[[], None]) -> None:
        try:
            story()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(story,)) for story in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_reader_beside_writers_sees_every_entry_once(ledger: Engine) -> None:
    """Four writers and a reader that keeps its cursor; what it saw is what the ledger holds."""
    positions = [(f"L{n}", "V") for n in range(4)]
    stock_up(ledger, dict.fromkeys(positions, 100))
    written = threading.Semaphore(0)
    seen: list[Cursor] = []

    def write(position: tuple[str, str]) -> Callable[[], None]:
        def story() -> None:
            for _ in range(15):
                post_all(ledger, a_group(an_entry(position, 1)))
            written.release()

        return story

    def read() -> None:
        cursor, ended = BEGINNING, 0
        while ended < len(positions):
            ended += written.acquire(timeout=0.001)
            cursor = read_on(cursor)
        read_on(cursor)

    def read_on(cursor: Cursor) -> Cursor:
        with ledger.connect() as connection:
            page = entries_after(connection, cursor, 7)
            while page:
                seen.extend(cursors(page))
                cursor = page.cursor
                page = entries_after(connection, cursor, 7)
        return cursor

    run_all(read, *(write(position) for position in positions))
    with ledger.connect() as connection:
        e = stock_entry.c
        rows = connection.execute(select(e.xid, e.position).order_by(e.xid, e.position)).all()
    assert seen == [Cursor(*row) for row in rows]
    assert len(seen) == 4 * 16
