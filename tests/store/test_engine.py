import importlib.util
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from fulfillment.domain.errors import InvalidRequest
from fulfillment.store.engine import open_engine, parse_url
from fulfillment.store.safety import UnsafeDatabase, check_sqlite
from tests.support.databases import empty_database, ledger_database


@pytest.mark.parametrize("form", ["{path}", "sqlite:///{path}"])
def test_a_path_and_an_url_name_the_same_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "x.db"
    engine = open_engine(form.format(path=path))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    engine.dispose()
    assert path.exists()
    assert open_engine(path).url.database == str(path)


def test_sqlite_is_opened_to_last(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "x.db")
    with engine.connect() as connection:
        pragmas = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"]
        found = [connection.execute(text(f"PRAGMA {pragma}")).scalar_one() for pragma in pragmas]
    engine.dispose()
    assert found == ["wal", 2, 1, 10_000]


def test_a_ledger_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "typo.db"
    with pytest.raises(InvalidRequest, match="no ledger at"):
        open_engine(path, must_exist=True)
    assert not path.exists()
    path.touch()
    open_engine(path, must_exist=True).dispose()


@pytest.mark.parametrize(
    ("database", "message"),
    [
        (":memory:", "in memory"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("/no/such/folder/x.db", "no folder"),
        ("mysql://u@h/d", "no database of ours"),
        ("postgresql+asyncpg://u@h/d", "no database of ours"),
        ("postgresql://u@h:port/d", "cannot be read"),
    ],
)
def test_a_wrong_url_is_refused_with_a_remedy(database: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as refusal:
        open_engine(database)
    assert refusal.value.remedy


def test_a_refused_url_never_shows_its_password() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_url("mysql://me:hunter2@h/d")
    assert "hunter2" not in f"{refusal.value} {refusal.value.data}"


def test_postgresql_without_its_driver_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fulfillment.store.engine.find_spec", lambda _: None)
    with pytest.raises(InvalidRequest, match=r"pip install 'fulfillment\[postgres\]'"):
        open_engine("postgresql://u@h/d")


def test_the_driver_is_found_by_its_name() -> None:
    assert importlib.util.find_spec("psycopg") is not None


@pytest.fixture
def postgresql_url(tmp_path: Path):  # type: ignore[no-untyped-def]
    with ledger_database("postgresql", tmp_path) as url:
        yield url


def test_postgresql_runs_read_committed_in_utc(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"
    engine.dispose()


def test_postgresql_that_commits_without_waiting_for_the_disk_is_refused(tmp_path: Path) -> None:
    with empty_database("postgresql", tmp_path) as url:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        engine = open_engine(url)
        with pytest.raises(UnsafeDatabase, match="synchronous_commit = off") as refusal:
            engine.connect()
        engine.dispose()
    assert refusal.value.data["key"] == "synchronous_commit"


@pytest.mark.parametrize("pragma", ["journal_mode = DELETE", "synchronous = NORMAL", "foreign_keys = OFF"])
def test_sqlite_with_a_weaker_setting_is_refused(tmp_path: Path, pragma: str) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    for sound in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {sound}")
    check_sqlite(connection)
    connection.execute(f"PRAGMA {pragma}")
    with pytest.raises(UnsafeDatabase) as refusal:
        check_sqlite(connection)
    connection.close()
    assert refusal.value.data["key"] == pragma.split()[0]


def test_a_foreign_key_is_enforced(ledger: Engine) -> None:
    statement = text("INSERT INTO node_version (node_id, version) VALUES ('nowhere', 1)")
    with pytest.raises(DBAPIError), ledger.begin() as connection:
        connection.execute(statement)
