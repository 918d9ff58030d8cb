"""`fulfillment migrate` and `fulfillment keys`, as an operator sees them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fulfillment.cli.exits import ExitCode
from fulfillment.services.api_keys import digest_of
from fulfillment.store.keys import find_key
from tests.cli.ledgers import connect, run
from tests.support.databases import KINDS, empty_database, ledger_database


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ledger_database(request.param, tmp_path) as url:
        yield url


def test_a_key_is_made_listed_and_revoked(database: str) -> None:
    made = run("keys", "create", "--scopes", "read, orders", "--name", "web", "--db", database, "--json")
    assert made.exit_code == ExitCode.DONE
    key = json.loads(made.stdout)
    with connect(database) as connection:
        stored = find_key(connection, digest_of(key["key"]))
    assert stored is not None
    assert (stored.key_id, stored.name, sorted(stored.scopes)) == (key["key_id"], "web", ["orders", "read"])
    assert f"{key['key_id']}  web  orders,read  valid" in run("keys", "list", "--db", database).stdout
    assert run("keys", "revoke", key["key_id"], "--db", database).exit_code == ExitCode.DONE
    listed = json.loads(run("keys", "list", "--db", database, "--json").stdout)["keys"]
    assert [each["revoked_at"] is None for each in listed] == [False]
    assert key["key"] not in json.dumps(listed)


def test_a_key_may_expire(database: str) -> None:
    made = run("keys", "create", "--scopes", "read", "--days", 30, "--db", database, "--json")
    key = json.loads(made.stdout)
    assert key["expires_at"] > key["recorded_at"]


@pytest.mark.parametrize("scopes", ["read,fly", "", "READ"])
def test_a_scope_that_does_not_exist_is_refused(database: str, scopes: str) -> None:
    refused = run("keys", "create", "--scopes", scopes, "--db", database)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "read, orders, inventory, stores, admin" in refused.stderr


def test_revoking_what_is_not_there_is_refused(database: str) -> None:
    assert run("keys", "revoke", "nothing", "--db", database).exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("kind", KINDS)
def test_the_environment_names_the_database_and_migrate_makes_it_a_ledger(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_database(kind, tmp_path) as url:
        monkeypatch.setenv("FULFILLMENT_DATABASE_URL", url)
        refused = run("keys", "list")
        assert refused.exit_code == ExitCode.BAD_INPUT
        assert "fulfillment migrate" in refused.stderr
        for _ in range(2):
            assert run("migrate").exit_code == ExitCode.DONE
        assert run("keys", "list").exit_code == ExitCode.DONE


def test_a_bad_setting_stops_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FULFILLMENT_BODY_BYTES_MAX", "many")
    refused = run("keys", "list")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "FULFILLMENT_BODY_BYTES_MAX" in refused.stderr
