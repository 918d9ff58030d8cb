"""Give an endpoint another secret; the one before signs too for a while, so that nothing is refused."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import NotFound
from fulfillment.domain.webhooks import Webhook, require_secret
from fulfillment.store import webhooks
from fulfillment.store.transaction import run_in_transaction


def change_secret(
    engine: Engine, webhook_id: str, secret: str, overlap: timedelta, *, clock: Clock
) -> Webhook:
    """Sign with `secret` from now on, and with the one before beside it for `overlap`.

    The same request again changes nothing, so an answer that was lost costs nobody his secret.

    Raises
    ------
    InvalidRequest
        When the secret cannot be used.
    NotFound
        When there is no such webhook.
    """
    require_secret(secret)
    now = clock.now()

    def story(connection: Connection) -> Webhook:
        known = webhooks.lock_webhook(connection, webhook_id)
        if known is None:
            raise NotFound(f"there is no webhook {webhook_id}", kind="webhook", id=webhook_id)
        if known.secret == secret:
            return known
        changed = replace(
            known, secret=secret, previous_secret=known.secret, previous_secret_until=now + overlap
        )
        return webhooks.change_webhook(connection, changed)

    return run_in_transaction(engine, story)
