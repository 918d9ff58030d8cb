"""End holds whose time is over, before anybody needs their units.

Nothing waits for this: what expired holds reserve counts as available from the moment they expire, and
whoever needs it ends them himself. The sweep keeps their number small, and tells subscribers of the end.
"""

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import invariant
from fulfillment.services.expire_holds import end_expired, expiry_groups
from fulfillment.store.holds import lock_some_expired_holds
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction

HOLDS_PER_TRANSACTION = 200
ACTOR = "fulfillment worker"


def sweep_holds(engine: Engine, *, clock: Clock) -> int:
    """End the holds that have expired, but for those that somebody else works on; return how many."""
    total = 0
    while ended := run_in_transaction(engine, lambda connection: _sweep(connection, clock)):
        total += ended
    return total


def _sweep(connection: Connection, clock: Clock) -> int:
    now = clock.now()
    expired = lock_some_expired_holds(connection, HOLDS_PER_TRANSACTION, now)
    if not expired:
        return 0
    posted = post(connection, expiry_groups(expired, actor=ACTOR, now=now))
    invariant(
        not posted.refused,
        "an active hold reserves what its positions do not hold",
        refused={group_id: str(refusal) for group_id, refusal in posted.refused.items()},
    )
    end_expired(connection, expired, now)
    return len(expired)
