"""Lost races are run again; what cannot be won is Busy and has written nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import IntegrityError

from fulfillment.domain.errors import Busy
from fulfillment.store import engine as engine_module
from fulfillment.store.engine import open_engine
from fulfillment.store.schema.stock import stock
from fulfillment.store.transaction import LostRace, read_snapshot, run_in_transaction
from tests.simulation.faults import READ_ENDS, Fault, server_error, watched
from tests.support.databases import open_ledger
from tests.support.ledgers import stock_up

V, W = ("L1", "V"), ("L1", "W")


@pytest.fixture
def postgresql(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_ledger("postgresql", tmp_path) as engine:
        yield engine


def add_unavailable(connection: Connection, sku_id: str) -> None:
    connection.execute(
        update(stock).where(stock.c.sku_id == sku_id).values(unavailable=stock.c.unavailable + 1)
    )


def unavailable(ledger: Engine) -> dict[str, int]:
    with ledger.connect() as connection:
        return {row.sku_id: row.unavailable for row in connection.execute(select(stock))}


def test_a_deadlock_is_run_again_and_reaches_no_caller(postgresql: Engine) -> None:
    """Two transactions lock two rows in opposite orders, and each waits until the other holds its first."""
    stock_up(postgresql, {V: 1, W: 1})
    first_locks = threading.Barrier(2)
    attempts: list[str] = []

    def work(skus: tuple[str, str]) -> None:
        def story(connection: Connection) -> None:
            add_unavailable(connection, skus[0])
            if attempts.count(skus[0]) == 0:
                attempts.append(skus[0])
                first_locks.wait()
            else:
                attempts.append(skus[0])
            add_unavailable(connection, skus[1])

        run_in_transaction(postgresql, story)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [("V", "W"), ("W", "V")]))
    assert len(attempts) == 3
    assert unavailable(postgresql) == {"V": 2, "W": 2}


def test_a_serialization_failure_is_run_again(postgresql: Engine) -> None:
    stock_up(postgresql, {V: 1})
    attempts = 0

    def story(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        connection.execute(select(stock)).all()
        if attempts == 1:
            run_in_transaction(postgresql, lambda other: add_unavailable(other, "V"))
        add_unavailable(connection, "V")

    run_in_transaction(postgresql, story)
    assert attempts == 2
    assert unavailable(postgresql) == {"V": 2}


def test_a_locked_file_is_busy_after_a_bounded_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "SQLITE_BUSY_TIMEOUT_MS", 20)
    pauses: list[float] = []
    with open_ledger("sqlite", tmp_path) as ledger, ledger.begin():
        other = open_engine(str(ledger.url))
        with pytest.raises(Busy) as refusal:
            run_in_transaction(other, lambda _: None, attempts_max=3, sleep=pauses.append)
        other.dispose()
    assert refusal.value.data == {"attempts": 3}
    assert len(pauses) == 2


def test_no_free_connection_is_busy(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"POOL_SIZE": 1, "POOL_OVERFLOW_MAX": 0, "POOL_TIMEOUT_SECONDS": 0.02}.items():
        monkeypatch.setattr(engine_module, name, value)
    narrow = open_engine(ledger.url.render_as_string(hide_password=False))
    with narrow.connect(), pytest.raises(Busy, match="in use"):
        run_in_transaction(narrow, lambda _: None)
    narrow.dispose()


def test_losing_every_race_is_busy_and_writes_nothing(ledger: Engine) -> None:
    stock_up(ledger, {V: 1})
    attempts = 0

    def story(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        add_unavailable(connection, "V")
        raise LostRace("again")

    with pytest.raises(Busy):
        run_in_transaction(ledger, story, attempts_max=4, sleep=lambda _: None)
    assert attempts == 4
    assert unavailable(ledger) == {"V": 0}


def test_pauses_grow_and_stay_bounded(ledger: Engine) -> None:
    pauses: list[float] = []

    def story(_: Connection) -> None:
        raise LostRace("again")

    with pytest.raises(Busy):
        run_in_transaction(ledger, story, attempts_max=50, sleep=pauses.append)
    assert len(set(pauses)) == 49
    assert 0.1 < max(pauses) <= 0.5


def test_other_errors_are_not_run_again_and_roll_back(ledger: Engine) -> None:
    stock_up(ledger, {V: 1, W: 1})
    attempts = 0

    def story(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        add_unavailable(connection, "V")
        connection.execute(update(stock).where(stock.c.sku_id == "W").values(available=-1))

    with pytest.raises(IntegrityError):
        run_in_transaction(ledger, story)
    assert attempts == 1
    assert unavailable(ledger) == {"V": 0, "W": 0}


def test_no_attempt_at_all_is_a_mistake_of_the_caller(ledger: Engine) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        run_in_transaction(ledger, lambda _: None, attempts_max=0)


def test_a_snapshot_reads_one_moment(ledger: Engine) -> None:
    stock_up(ledger, {V: 1})

    def read(connection: Connection) -> tuple[int, int]:
        counts = select(stock.c.unavailable)
        before = connection.execute(counts).scalar_one()
        run_in_transaction(ledger, lambda other: add_unavailable(other, "V"))
        return before, connection.execute(counts).scalar_one()

    assert read_snapshot(ledger, read) == (0, 0)
    assert unavailable(ledger) == {"V": 1}


def test_the_next_writer_on_a_pooled_connection_is_no_reader(ledger: Engine) -> None:
    """The option of a snapshot must not stay on the connection."""
    stock_up(ledger, {V: 1})
    for _ in range(3):
        read_snapshot(ledger, lambda connection: connection.execute(select(stock)).all())
        run_in_transaction(ledger, lambda connection: add_unavailable(connection, "V"))
    with ledger.connect() as connection:
        if ledger.dialect.name == "postgresql":
            assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
            assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"


def test_what_is_asked_often_stays_prepared_whoever_reads_between(postgresql: Engine) -> None:
    """psycopg prepares what was asked five times, and forgets all of it when a ROLLBACK passes by."""

    def ask(connection: Connection) -> None:
        connection.execute(select(stock.c.version))

    for _ in range(7):
        run_in_transaction(postgresql, ask)
        read_snapshot(postgresql, lambda connection: connection.execute(select(stock.c.reserved)).all())
    with postgresql.connect() as connection:
        prepared = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("stock.version" in statement for statement in prepared)
    assert any("stock.reserved" in statement for statement in prepared)


def test_a_read_whose_end_is_refused_is_asked_again(postgresql: Engine) -> None:
    """A connection that could not commit stands within a failed transaction: nobody must get it any more."""
    stock_up(postgresql, {V: 1})
    refusal = Fault("serialization failure", server_error("40001"))
    with watched(postgresql, fault=refusal, at=1) as watch:
        found = read_snapshot(postgresql, lambda connection: connection.execute(select(stock.c.sku_id)).all())
    assert (len(found), watch.steps[1], watch.commits) == (1, READ_ENDS, 2)
