"""Forget the idempotency keys of clients, and the answers they got, once their time is over."""

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.store import idempotency
from fulfillment.store.transaction import run_in_transaction

KEYS_PER_TRANSACTION = 5_000


def forget_keys(engine: Engine, *, clock: Clock) -> int:
    """Delete the keys whose time is over, in bounded transactions; return how many."""
    now = clock.now()
    total = 0
    while forgotten := run_in_transaction(
        engine, lambda connection: idempotency.forget_keys(connection, KEYS_PER_TRANSACTION, now)
    ):
        total += forgotten
    return total
