"""Opening a ledger, and what becomes of a database that fails while it is used."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from fulfillment.domain.errors import Busy
from fulfillment.store.ledger import ledger_position, open_ledger
from tests.support.databases import ledger_database
from tests.support.ledgers import stock_up


def test_the_position_is_the_last_entry_that_is_seen(ledger: Engine) -> None:
    with ledger.connect() as connection:
        assert ledger_position(connection) == 0
    stock_up(ledger, {("L1", "V"): 5, ("L1", "W"): 1})
    with ledger.connect() as connection:
        first = ledger_position(connection)
    assert first >= 2
    stock_up(ledger, {("L2", "X"): 1})
    with ledger.connect() as connection:
        assert ledger_position(connection) > first


def fill_the_disk(ledger: Engine) -> None:
    with ledger.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more pages than there are
        connection.exec_driver_sql("CREATE TABLE more AS SELECT hex(randomblob(500000)) AS text")


def test_a_full_disk_is_busy_and_what_was_committed_stays(tmp_path: Path) -> None:
    with ledger_database("sqlite", tmp_path) as url:
        with open_ledger(url) as ledger:
            stock_up(ledger, {("L1", "V"): 5})
        with pytest.raises(Busy, match="full; repeat the command"), open_ledger(url) as ledger:
            fill_the_disk(ledger)
        with open_ledger(url) as ledger, ledger.connect() as connection:
            assert ledger_position(connection) > 0


def test_a_server_that_goes_away_is_busy(tmp_path: Path) -> None:
    with (
        ledger_database("postgresql", tmp_path) as url,
        pytest.raises(Busy, match="repeat the command"),
        open_ledger(url) as ledger,
        ledger.connect() as connection,
    ):
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_wrong_statement_is_a_defect_and_not_busy(tmp_path: Path) -> None:
    with (
        ledger_database("sqlite", tmp_path) as url,
        pytest.raises(OperationalError, match="no such table"),
        open_ledger(url) as ledger,
        ledger.connect() as connection,
    ):
        connection.execute(text("SELECT * FROM missing"))
