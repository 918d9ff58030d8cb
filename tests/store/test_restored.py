"""A ledger that was restored from a dump into a younger server: noticed, refused, made whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, text

from fulfillment.domain.cursor import BEGINNING
from fulfillment.store.engine import open_engine
from fulfillment.store.feed import events_after
from fulfillment.store.ledger import open_ledger
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.restored import reach_transactions, require_reached_transactions
from fulfillment.store.safety import UnsafeDatabase
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.transaction import run_in_transaction
from tests.support.databases import KINDS, ledger_database
from tests.support.ledgers import NOON

AHEAD = 3_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    with ledger_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    opened = open_engine(database)
    yield opened
    opened.dispose()


def restore(engine: Engine, event_id: str) -> None:
    """Write an event as a dump's COPY does, with the transaction of the server it came from."""
    with engine.begin() as connection:
        now = connection.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one()
        connection.execute(
            insert(outbox).values(
                event_id=event_id, type="t", subject="O1", data={}, occurred_at=NOON, xid=now + AHEAD
            )
        )


def tell(connection: Connection) -> None:
    add_events(connection, [Event("new", "t", "O1", {})], NOON)


def told(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [event.event_id for event in events_after(connection, BEGINNING)]


def test_a_restored_ledger_is_refused_with_the_remedy(database: str, engine: Engine) -> None:
    restore(engine, "old")
    with pytest.raises(UnsafeDatabase, match="fulfillment migrate") as refusal, open_ledger(database):
        pass
    assert refusal.value.data["key"] == "xid"


def test_unnoticed_it_would_tell_nothing(engine: Engine) -> None:
    """What the check above is for."""
    restore(engine, "old")
    assert told(engine) == []


def test_making_it_current_makes_the_feed_whole(database: str, engine: Engine) -> None:
    restore(engine, "old")
    with open_ledger(database, make=True) as ledger:
        run_in_transaction(ledger, tell)
        assert told(ledger) == ["old", "new"]
    with open_ledger(database):
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_any_other_ledger_passes(kind: str, tmp_path: Path) -> None:
    with ledger_database(kind, tmp_path) as url, open_ledger(url) as ledger:
        run_in_transaction(ledger, tell)
        reach_transactions(ledger)
        require_reached_transactions(ledger)
