"""Make and end API keys.

A secret is shown once, when it is made; the ledger keeps its SHA-256 alone. A secret has 256 random bits, so
a slow hash would protect nothing that a fast one does not.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.access import Scope
from fulfillment.domain.checks import require_text
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.ids import IdSource, new_secret
from fulfillment.store import keys
from fulfillment.store.keys import StoredKey
from fulfillment.store.transaction import run_in_transaction

PREFIX = "ful_"
"""Lets people and scanners of leaked secrets see what a text is."""


def digest_of(secret: str) -> str:
    """Return what the ledger keeps of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(
    engine: Engine,
    name: str,
    scopes: Collection[Scope],
    *,
    clock: Clock,
    ids: IdSource,
    expires_at: datetime | None = None,
) -> tuple[StoredKey, str]:
    """Make a key for the client `name`.

    Returns
    -------
    StoredKey
        What the ledger knows of it.
    str
        The secret, which nobody can read again.

    Raises
    ------
    InvalidRequest
        Without a name or a scope, or when it would have expired already.
    """
    require_text("name", name)
    now = clock.now()
    if not scopes:
        raise InvalidRequest(
            "a key without a scope opens nothing", remedy=f"give some of {', '.join(Scope)}", key="scopes"
        )
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest(
            f"expires_at is {expires_at.isoformat()}, which is past",
            remedy="give a later one",
            key="expires_at",
        )
    key = StoredKey(ids.new_id(), name, frozenset(scopes), now, expires_at, None)
    secret = PREFIX + new_secret()
    run_in_transaction(engine, lambda connection: keys.add_key(connection, key, digest_of(secret)))
    return key, secret


def revoke_key(engine: Engine, key_id: str, *, clock: Clock) -> None:
    """End a key; ending it again is harmless.

    Raises
    ------
    NotFound
        When there is none of that id.
    """
    now = clock.now()
    if not run_in_transaction(engine, lambda connection: keys.revoke_key(connection, key_id, now)):
        raise NotFound(f"there is no API key {key_id}", kind="api_key", id=key_id)
