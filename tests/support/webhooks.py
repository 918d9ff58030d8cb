"""Webhooks for tests: events to deliver, a courier, and its loop run until something is true."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock, SystemClock
from fulfillment.connectors.webhooks.deliver import Courier, deliver_until
from fulfillment.connectors.webhooks.sender import Sender
from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.webhooks import Patience, Webhook
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.put_webhook import PutWebhook, put_webhook
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.transaction import read_snapshot, run_in_transaction
from fulfillment.store.webhooks import find_webhook
from tests.support.ledgers import NOON

TRUSTED = ("127.0.0.1", "localhost")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
QUICK = Patience(pause=timedelta(milliseconds=20), pause_max=timedelta(milliseconds=60))
WAIT_SECONDS_MAX = 30.0


def tell(ledger: Engine, *events: tuple[str, str], type: str = "order.placed") -> None:
    """Write events of (event_id, subject) in one transaction."""
    told = [Event(event_id, type, subject, {"n": event_id}) for event_id, subject in events]

    def story(connection: Connection) -> None:
        add_events(connection, told, NOON)

    run_in_transaction(ledger, story)


def subscribe(
    ledger: Engine,
    url: str,
    *,
    webhook_id: str = "w",
    types: Sequence[str] = (),
    since: Cursor | None = BEGINNING,
) -> Webhook:
    wanted = PutWebhook(webhook_id=webhook_id, url=url, event_types=tuple(types), secret=SECRET, since=since)
    webhook, _ = put_webhook(ledger, wanted, trusted_hosts=TRUSTED, clock=SystemClock())
    return webhook


def webhook_now(ledger: Engine, webhook_id: str = "w") -> Webhook:
    found = read_snapshot(ledger, lambda connection: find_webhook(connection, webhook_id))
    assert found is not None
    return found


def courier(ledger: Engine, *, patience: Patience = QUICK, clock: Clock | None = None) -> Courier:
    clock = clock or SystemClock()
    return Courier(
        engine=ledger,
        sender=Sender("/fulfillment/test", TRUSTED, clock=clock, seconds_max=5),
        clock=clock,
        ids=TimeOrderedIds(clock),
        patience=patience,
        poll_seconds=0.01,
    )


def deliver_while(waits: Callable[[], bool], *couriers: Courier) -> None:
    """Run the loop of each courier until `waits` is no longer true."""

    async def run() -> None:
        stop = threading.Event()
        loops = [asyncio.create_task(deliver_until(stop, each)) for each in couriers]
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while waits() and time.monotonic() < deadline and not any(loop.done() for loop in loops):
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*loops)

    asyncio.run(run())
    assert not waits(), "what was waited for did not come"
