"""Old events go, those that somebody still has to get stay, and nobody is let past the gap."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.errors import EventsForgotten
from fulfillment.services import forget_events as forget_events_module
from fulfillment.services.change_webhook import disable_webhook, enable_webhook, replay_webhook
from fulfillment.services.forget_events import forget_events
from fulfillment.services.put_webhook import PutWebhook, put_webhook
from fulfillment.services.read_events import read_events
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON

DAY = timedelta(days=1)
LATER = NOON + 40 * DAY
KEPT = 30 * DAY


def tell(ledger: Engine, event_id: str, age: timedelta) -> None:
    def story(connection: Connection) -> None:
        add_events(connection, [Event(event_id, "order.placed", "O1", {})], LATER - age)

    run_in_transaction(ledger, story)


def forget(ledger: Engine) -> int:
    return forget_events(ledger, KEPT, clock=ManualClock(LATER))


def kept(ledger: Engine) -> list[str]:
    return [event.event_id for event in read_events(ledger, None, 100).events]


def subscribe(ledger: Engine, webhook_id: str, since: Cursor | None = None) -> None:
    wanted = PutWebhook(webhook_id=webhook_id, url="https://hooks.example.com/", since=since)
    put_webhook(ledger, wanted, trusted_hosts=(), clock=ManualClock(NOON))


def test_old_events_go_in_bounded_transactions(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget_events_module, "EVENTS_PER_TRANSACTION", 2)
    for n in range(7):
        tell(ledger, f"e{n}", (36 - 2 * n) * DAY)
    assert forget(ledger) == 3
    assert kept(ledger) == ["e3", "e4", "e5", "e6"]
    assert forget(ledger) == 0


def test_the_newest_event_stays_so_that_no_number_is_given_twice(ledger: Engine) -> None:
    tell(ledger, "e0", 90 * DAY)
    tell(ledger, "e1", 80 * DAY)
    reached = read_events(ledger, None, 100).next_cursor
    assert forget(ledger) == 1
    tell(ledger, "e2", 70 * DAY)
    assert [event.event_id for event in read_events(ledger, reached, 100).events] == ["e2"]


def test_events_that_an_enabled_endpoint_waits_for_stay(ledger: Engine) -> None:
    tell(ledger, "e0", 90 * DAY)
    first = read_events(ledger, None, 100).next_cursor
    tell(ledger, "e1", 80 * DAY)
    tell(ledger, "e2", 1 * DAY)
    subscribe(ledger, "w", since=first)
    assert forget(ledger) == 1
    assert kept(ledger) == ["e1", "e2"]
    disable_webhook(ledger, "w", reason="test")
    assert forget(ledger) == 1
    assert kept(ledger) == ["e2"]


def test_nobody_goes_on_behind_what_was_forgotten(ledger: Engine) -> None:
    subscribe(ledger, "w", since=BEGINNING)
    disable_webhook(ledger, "w", reason="test")
    tell(ledger, "e0", 90 * DAY)
    tell(ledger, "e1", 1 * DAY)
    assert forget(ledger) == 1
    with pytest.raises(EventsForgotten) as refusal:
        read_events(ledger, BEGINNING, 100)
    oldest = Cursor.parse(str(refusal.value.data["oldest"]))
    assert [event.event_id for event in read_events(ledger, oldest, 100).events] == ["e1"]
    with pytest.raises(EventsForgotten):
        enable_webhook(ledger, "w", clock=ManualClock(LATER))
    with pytest.raises(EventsForgotten):
        subscribe(ledger, "other", since=BEGINNING)
    assert replay_webhook(ledger, "w", oldest).is_enabled
