"""API keys; only their digests are stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from fulfillment.domain.access import Scope
from fulfillment.store.schema.access import api_key

_COLUMNS = (
    api_key.c.key_id,
    api_key.c.name,
    api_key.c.scopes,
    api_key.c.recorded_at,
    api_key.c.expires_at,
    api_key.c.revoked_at,
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key without its secret.

    ``name`` is the client: several keys may share it, so that one can replace another while both work.
    """

    key_id: str
    name: str
    scopes: frozenset[Scope]
    recorded_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add_key(connection: Connection, key: StoredKey, digest: str) -> None:
    """Add a key."""
    values = {**asdict(key), "scopes": sorted(key.scopes), "secret_digest": digest}
    connection.execute(insert(api_key).values(**values))


def find_key(connection: Connection, digest: str) -> StoredKey | None:
    """Find a key by the digest of its secret."""
    row = connection.execute(select(*_COLUMNS).where(api_key.c.secret_digest == digest)).one_or_none()
    return None if row is None else _key_of(row)


def list_keys(connection: Connection) -> Sequence[StoredKey]:
    """List all keys, the oldest first."""
    rows = connection.execute(select(*_COLUMNS).order_by(api_key.c.recorded_at, api_key.c.key_id))
    return [_key_of(row) for row in rows]


def revoke_key(connection: Connection, key_id: str, at: datetime) -> bool:
    """End a key; tell whether there is one. One that was ended before keeps its moment."""
    is_it = api_key.c.key_id == key_id
    connection.execute(update(api_key).where(is_it, api_key.c.revoked_at.is_(None)).values(revoked_at=at))
    return connection.execute(select(api_key.c.key_id).where(is_it)).one_or_none() is not None


def _key_of(row: Row[*tuple[object, ...]]) -> StoredKey:
    values = row._asdict()
    return StoredKey(**{**values, "scopes": frozenset(Scope(name) for name in values["scopes"])})
