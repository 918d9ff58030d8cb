"""Forget events after a while; those that an enabled endpoint has still to get stay."""

from datetime import timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.store.outbox_floor import forget_events as forget
from fulfillment.store.transaction import run_in_transaction
from fulfillment.store.webhooks import least_needed

EVENTS_PER_TRANSACTION = 5_000


def forget_events(engine: Engine, older_than: timedelta, *, clock: Clock) -> int:
    """Delete events that happened longer ago than `older_than`; return how many.

    In bounded transactions, so that it may be stopped at any moment. The newest event always stays.
    """
    now = clock.now()
    total = 0

    def story(connection: Connection) -> int:
        needed = least_needed(connection)
        return forget(connection, now - older_than, needed, EVENTS_PER_TRANSACTION, now)

    while forgotten := run_in_transaction(engine, story):
        total += forgotten
    return total
