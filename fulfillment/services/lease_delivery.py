"""Take over what is to be delivered to one endpoint next; nobody else delivers to it meanwhile."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.webhooks import ParkedSubject, Webhook
from fulfillment.ids import IdSource
from fulfillment.services.delivery_batch import Batch, ParkedChain
from fulfillment.store import webhooks
from fulfillment.store.feed import events_after, events_head
from fulfillment.store.transaction import read_snapshot, run_in_transaction

EVENTS_MAX = 200
CHAINS_MAX = 20
LEASE = timedelta(seconds=30)
"""After a worker was killed, its endpoints wait so long for the next one."""


def due_webhooks(engine: Engine, *, clock: Clock) -> list[str]:
    """List the webhooks that have something to be delivered, and that nobody delivers to now."""
    now = clock.now()
    return read_snapshot(engine, lambda connection: webhooks.due_webhooks(connection, now))


def lease_delivery(engine: Engine, webhook_id: str, *, clock: Clock, ids: IdSource) -> Batch | None:
    """Lease a webhook and read what is to be delivered; None when somebody else was first.

    The batch must be settled by `settle_delivery`. One that never is, because its worker was killed, is
    delivered again by whoever leases the webhook after `LEASE`.
    """
    lease = ids.new_id()
    now = clock.now()

    def story(connection: Connection) -> Batch | None:
        webhook = webhooks.lease_webhook(connection, webhook_id, lease, now, now + LEASE)
        return None if webhook is None else _read_batch(connection, webhook, lease, now)

    return run_in_transaction(engine, story)


def _read_batch(connection: Connection, webhook: Webhook, lease: str, now: datetime) -> Batch:
    # Asked before the events are read: a later answer could pass over some that the reading did not see.
    head = events_head(connection)
    events = events_after(
        connection,
        webhook.delivered,
        EVENTS_MAX,
        types=webhook.event_types,
        but_parked_by=webhook.webhook_id,
    )
    is_full = len(events) == EVENTS_MAX
    through = events[-1].cursor if is_full else max([webhook.delivered, head, *(e.cursor for e in events)])
    parked = webhooks.parked_subjects(connection, webhook.webhook_id)
    due = [each for each in parked if each.next_attempt_at <= now][:CHAINS_MAX]
    return Batch(
        webhook=webhook,
        lease=lease,
        leased_until=now + LEASE,
        events=events,
        through=through,
        chains=[_chain_of(connection, webhook, each, through) for each in due],
        parked_count=len(parked),
    )


def _chain_of(
    connection: Connection, webhook: Webhook, parked: ParkedSubject, through: Cursor
) -> ParkedChain:
    # Up to where the others will be: whoever is unparked then has missed none.
    before = Cursor(parked.first.xid, parked.first.position - 1)
    events = events_after(
        connection,
        before,
        EVENTS_MAX,
        types=webhook.event_types,
        subject=parked.subject,
        until=through,
    )
    return ParkedChain(parked, events, is_whole=len(events) < EVENTS_MAX)
