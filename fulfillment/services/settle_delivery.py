"""Write down what an endpoint has taken and what it has not, and let the next one deliver to it."""

import random
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.webhooks import Patience
from fulfillment.ids import IdSource
from fulfillment.services.delivery_batch import Answers, Batch, Progress, progress_of
from fulfillment.store import webhooks
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.transaction import run_in_transaction


def settle_delivery(
    engine: Engine,
    batch: Batch,
    answers: Answers,
    *,
    patience: Patience,
    clock: Clock,
    ids: IdSource,
    share: Callable[[], float] = random.random,
) -> bool:
    """Write where the answers leave the endpoint and end the lease.

    An endpoint that has failed for too long is disabled, and an event that it has refused for too long is
    passed over; both are told by an event, in the same transaction.

    Returns
    -------
    bool
        False when nothing was written: the lease had ended, or the webhook was changed meanwhile. Its events
        are then delivered again.
    """
    now = clock.now()
    progress = progress_of(batch, answers, patience, now, share())

    def story(connection: Connection) -> bool:
        found = webhooks.lock_leased(connection, batch.webhook.webhook_id, batch.lease)
        if found is None:
            return False
        is_same = found.version == batch.webhook.version
        if is_same:
            _write(connection, batch, progress)
            add_events(connection, _events_of(batch, progress, ids), now)
        webhooks.end_lease(connection, batch.webhook.webhook_id, batch.lease)
        return is_same

    return run_in_transaction(engine, story)


def _write(connection: Connection, batch: Batch, progress: Progress) -> None:
    webhook_id = batch.webhook.webhook_id
    webhooks.write_webhook(connection, progress.webhook)
    webhooks.park(connection, webhook_id, progress.parked)
    webhooks.unpark(connection, webhook_id, progress.unparked)


def _events_of(batch: Batch, progress: Progress, ids: IdSource) -> list[Event]:
    webhook = progress.webhook
    events = [
        Event(
            ids.new_id(),
            "webhook.event_passed_over",
            webhook.webhook_id,
            {
                "webhook_id": webhook.webhook_id,
                "event_id": event.event_id,
                "event_subject": event.subject,
                "cursor": str(event.cursor),
                "reason": reason,
            },
        )
        for event, reason in progress.passed_over
    ]
    if batch.webhook.is_enabled and not webhook.is_enabled:
        data = {
            "webhook_id": webhook.webhook_id,
            "reason": webhook.disabled_reason,
            "cursor": str(webhook.delivered),
        }
        events.append(Event(ids.new_id(), "webhook.disabled", webhook.webhook_id, data))
    return events
