from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, text, update

from fulfillment.domain.stock import Balance, EntryReason, replay
from fulfillment.store.entries import audit, balances, balances_as_of, history
from fulfillment.store.schema.stock import stock, stock_entry
from tests.support.ledgers import NOON, A, R, a_group, a_receipt, an_entry, post_all, stock_up

V, W = ("L1", "V"), ("L2", "W")
LATER = NOON + timedelta(hours=1)


def test_past_balances_are_what_was_recorded_by_then(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    post_all(ledger, a_group(an_entry(V, 2, at=LATER)), a_group(an_entry(V, 1, at=LATER)))
    with ledger.connect() as connection:
        assert balances_as_of(connection, NOON - timedelta(seconds=1)) == {}
        assert balances_as_of(connection, NOON) == {V: Balance(available=5, version=1)}
        assert balances_as_of(connection, LATER) == {V: Balance(available=2, committed=3, version=3)}


def test_history_replays_to_the_balance(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 9})
    entry = an_entry(V, 2, EntryReason.HOLD, A, R, at=LATER)
    post_all(ledger, a_group(entry))
    with ledger.connect() as connection:
        entries = history(connection, V)
        assert entries[1] == entry
        assert replay(entries)[V] == balances(connection)[V]


def test_audit_counts_what_it_read(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 9})
    post_all(ledger, a_group(an_entry(V, 2), an_entry(V, 1)))
    with ledger.connect() as connection:
        found = audit(connection)
    assert (found.positions, found.entries, found.disagreements) == (2, 4, ())


@pytest.mark.parametrize("column", ["available", "reserved", "committed", "unavailable", "version"])
def test_audit_sees_a_balance_that_moved_without_an_entry(ledger: Engine, column: str) -> None:
    stock_up(ledger, {V: 5, W: 9})
    with ledger.begin() as connection:
        connection.execute(update(stock).where(stock.c.sku_id == "V").values({column: stock.c[column] + 1}))
        (found,) = audit(connection).disagreements
    assert (found.node_id, found.sku_id) == V
    assert "the stock row says" in found.message


def test_audit_sees_units_that_no_entry_brought(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 9})
    with ledger.begin() as connection:
        connection.execute(
            insert(stock).values(
                node_id="L1", sku_id="W", available=1, reserved=0, committed=0, unavailable=0, version=0
            )
        )
        (found,) = audit(connection).disagreements
    assert "has no entry" in found.message


def test_audit_sees_an_entry_that_was_tampered_with(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    post_all(ledger, a_group(a_receipt(V, 4)))
    with ledger.connect() as connection:  # rolled back: the trigger stays for others
        if ledger.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE stock_entry DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("DROP TRIGGER stock_entry_refuses_UPDATE"))
        connection.execute(update(stock_entry).where(stock_entry.c.qty == 5).values(qty=6))
        (found,) = audit(connection).disagreements
    assert "it keeps" in found.message
