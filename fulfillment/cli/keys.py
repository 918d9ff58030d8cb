"""`fulfillment keys`: who may call the service."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.output import AsJson, open_output
from fulfillment.domain.access import Scope
from fulfillment.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from fulfillment.store.keys import StoredKey

DAYS_MAX = 3_650

keys = typer.Typer(name="keys", no_args_is_help=True, help="Make, list and revoke the keys of callers.")


@keys.command("create")
def create(
    scopes: Annotated[
        str, typer.Option(help=f"What it opens, separated by commas: {', '.join(Scope)}.", metavar="LIST")
    ],
    name: Annotated[
        str,
        typer.Option(
            help="Who has it. Keys of one name are one client: make the next before you revoke the last."
        ),
    ] = "default",
    days: Annotated[
        int | None, typer.Option(min=1, max=DAYS_MAX, help="Days until it expires; never unless said.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: the ledger keeps only a digest."""
    from fulfillment.clock import SystemClock
    from fulfillment.ids import TimeOrderedIds
    from fulfillment.services.api_keys import create_key
    from fulfillment.store.ledger import open_ledger

    with open_output(as_json) as out:
        wanted = _scopes(scopes)
        clock = SystemClock()
        expires_at = None if days is None else clock.now() + timedelta(days=days)
        with open_ledger(settings_for(database).database_url) as ledger:
            key, secret = create_key(
                ledger, name, wanted, clock=clock, ids=TimeOrderedIds(clock), expires_at=expires_at
            )
        out.line(secret)
        out.result({**_told(key), "key": secret})


@keys.command("list")
def list_(database: Database = None, as_json: AsJson = False) -> None:
    """List all keys, the oldest first; their secrets nobody knows."""
    from fulfillment.store.keys import list_keys
    from fulfillment.store.ledger import open_ledger
    from fulfillment.store.transaction import read_snapshot

    with open_output(as_json) as out:
        with open_ledger(settings_for(database).database_url) as ledger:
            found = read_snapshot(ledger, list_keys)
        for line in _table(found):
            out.line(line)
        out.result({"keys": [_told(key) for key in found]})


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, from `fulfillment keys list`.", metavar="KEY_ID")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """End a key, for every process within seconds."""
    from fulfillment.clock import SystemClock
    from fulfillment.services.api_keys import revoke_key
    from fulfillment.store.ledger import open_ledger

    with open_output(as_json) as out:
        settings = settings_for(database)
        with open_ledger(settings.database_url) as ledger:
            revoke_key(ledger, key_id, clock=SystemClock())
        out.line(f"revoked; a running service may take it for {settings.key_cache_seconds} s more")
        out.result({"key_id": key_id, "revoked": True})


def _scopes(listed: str) -> list[Scope]:
    named = [name.strip() for name in listed.split(",") if name.strip()]
    for name in named:
        if name not in list(Scope):
            raise InvalidRequest(
                f"there is no scope {name}",
                remedy=f"give some of {', '.join(Scope)}",
                key="scopes",
                value=name,
            )
    return [Scope(name) for name in named]


def _told(key: "StoredKey") -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "recorded_at": key.recorded_at.isoformat(),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _table(found: "Sequence[StoredKey]") -> list[str]:
    if not found:
        return ["there is no key; `fulfillment keys create --scopes read` makes one"]
    return [f"{key.key_id}  {key.name}  {','.join(sorted(key.scopes))}  {_state(key)}" for key in found]


def _state(key: "StoredKey") -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}Z"
    return "valid" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d %H:%M}Z"
