"""Use cases that nobody asks for: what the worker ends, releases and forgets; keys and endpoints."""

from datetime import timedelta

from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.access import Scope
from fulfillment.domain.cursor import BEGINNING
from fulfillment.domain.webhooks import SECRET_PREFIX, Patience
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.api_keys import revoke_key
from fulfillment.services.change_secret import change_secret
from fulfillment.services.change_webhook import (
    delete_webhook,
    disable_webhook,
    enable_webhook,
    replay_webhook,
)
from fulfillment.services.delivery_batch import Answer, Outcome
from fulfillment.services.forget_events import forget_events
from fulfillment.services.forget_keys import forget_keys
from fulfillment.services.lease_delivery import LEASE, lease_delivery
from fulfillment.services.put_webhook import PutWebhook, put_webhook
from fulfillment.services.settle_delivery import settle_delivery
from fulfillment.services.sweep_holds import sweep_holds
from fulfillment.store.idempotency import KEPT_FOR, RequestKey, claim
from fulfillment.store.keys import StoredKey, add_key
from fulfillment.store.transaction import run_in_transaction
from tests.simulation.use_case import FAR, UseCase, at_noon, hold_that_has_expired, load_all, open_at
from tests.support.days import NOON
from tests.support.webhooks import SECRET, tell

LATER = NOON + timedelta(days=40)
OTHER_SECRET = SECRET_PREFIX + "b3RoZXIgc2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXM="
URL = "https://endpoint.example/events"


def _with_expired_holds(engine: Engine) -> None:
    hold_that_has_expired(engine)
    open_at(engine, "H5", FAR, 1, at=NOON - timedelta(hours=2))


def _with_old_keys(engine: Engine) -> None:
    for moment, count in ((NOON - KEPT_FOR, 3), (NOON, 2)):
        keys = [RequestKey("client", f"{moment}-{n}", "digest") for n in range(count)]
        run_in_transaction(engine, lambda connection, keys=keys, at=moment: claim(connection, keys, at))


def _with_a_key(engine: Engine) -> None:
    key = StoredKey("K1", "shop", frozenset(Scope), NOON, None, None)
    run_in_transaction(engine, lambda connection: add_key(connection, key, "digest"))


def _with_an_endpoint(engine: Engine) -> None:
    tell(engine, ("e1", "O1"), ("e2", "O2"), ("e3", "O1"))
    wanted = PutWebhook(webhook_id="w", url=URL, secret=SECRET, since=BEGINNING)
    put_webhook(engine, wanted, trusted_hosts=(), clock=at_noon())


def _with_an_endpoint_that_failed(engine: Engine) -> None:
    """One subject waits apart, and the endpoint was stopped."""
    _with_an_endpoint(engine)
    _deliver(engine)
    disable_webhook(engine, "w", reason="too slow")


def _put(engine: Engine) -> object:
    wanted = PutWebhook(webhook_id="w2", url=URL, event_types=("order.placed",), secret=SECRET)
    return put_webhook(engine, wanted, trusted_hosts=(), clock=at_noon())


def _deliver(engine: Engine) -> None:
    """Deliver once, as a worker does, or the one that comes after a worker that died: O2 is refused."""
    clock = at_noon()
    ids = TimeOrderedIds(clock)
    batch = lease_delivery(engine, "w", clock=clock, ids=ids)
    if batch is None:
        clock.advance(LEASE)
        batch = lease_delivery(engine, "w", clock=clock, ids=ids)
    assert batch is not None
    answers = {
        event.cursor: Answer(Outcome.REFUSED if event.subject == "O2" else Outcome.DELIVERED, "told")
        for event in batch.events
    }
    # Written at noon, whoever it was: so both ends can be compared.
    settle_delivery(engine, batch, answers, patience=Patience(), clock=at_noon(), ids=ids, share=lambda: 0.5)


UPKEEP_USE_CASES = [
    UseCase("sweep holds", _with_expired_holds, lambda engine: sweep_holds(engine, clock=at_noon())),
    UseCase("forget keys", _with_old_keys, lambda engine: forget_keys(engine, clock=at_noon())),
    UseCase(
        "forget events",
        _with_an_endpoint_that_failed,
        lambda engine: forget_events(engine, timedelta(days=30), clock=ManualClock(LATER)),
    ),
    UseCase("revoke a key", _with_a_key, lambda engine: revoke_key(engine, "K1", clock=at_noon())),
    UseCase("put a webhook", load_all, _put),
    UseCase("deliver to a webhook", _with_an_endpoint, _deliver, transactions=2),
    UseCase(
        "enable a webhook",
        _with_an_endpoint_that_failed,
        lambda engine: enable_webhook(engine, "w", clock=at_noon()),
    ),
    UseCase(
        "disable a webhook", _with_an_endpoint, lambda engine: disable_webhook(engine, "w", reason="slow")
    ),
    UseCase(
        "replay to a webhook",
        _with_an_endpoint_that_failed,
        lambda engine: replay_webhook(engine, "w", BEGINNING),
    ),
    UseCase(
        "give a webhook another secret",
        _with_an_endpoint,
        lambda engine: change_secret(engine, "w", OTHER_SECRET, timedelta(hours=1), clock=at_noon()),
    ),
    UseCase("delete a webhook", _with_an_endpoint_that_failed, lambda engine: delete_webhook(engine, "w")),
]
