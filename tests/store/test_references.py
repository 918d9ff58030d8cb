"""What orders and entries refer to is there: looked up a statement at a time, by triggers on PostgreSQL."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKeyConstraint, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from fulfillment.store.schema import metadata
from fulfillment.store.schema.base import AT_ONCE
from tests.support.ledgers import stock_up
from tests.support.placing import a_committer, a_placement

NOWHERE = "nowhere"
BROKEN: dict[str, dict[str, object]] = {
    "fk_stock_entry_node_id_sku_id": {"position": 99, "entry_id": "new", "sku_id": NOWHERE},
    "fk_order_line_order_id": {"order_id": NOWHERE},
    "fk_order_line_sku_id": {"line_no": 99, "sku_id": NOWHERE},
    "fk_fulfillment_order_order_id": {"fulfillment_order_id": "new", "order_id": NOWHERE},
    "fk_fulfillment_order_node_id": {"fulfillment_order_id": "new", "node_id": NOWHERE},
    "fk_fulfillment_order_decision_id": {"fulfillment_order_id": "new", "decision_id": NOWHERE},
    "fk_fulfillment_order_line_fulfillment_order_id": {"fulfillment_order_id": NOWHERE},
    "fk_fulfillment_order_line_order_id_line_no": {"line_no": 99},
    "fk_fulfillment_order_line_sku_id": {"fulfillment_order_id": "F", "sku_id": NOWHERE},
    "fk_parcel_fulfillment_order_id": {"parcel_id": "new", "fulfillment_order_id": NOWHERE},
    "fk_parcel_node_id": {"parcel_id": "new", "node_id": NOWHERE},
    "fk_parcel_line_parcel_id": {"parcel_id": NOWHERE},
    "fk_parcel_line_fulfillment_order_id_line_no": {"line_no": 99},
}
"""By reference: what makes a copy of a good row a row whose reference is to nothing."""

KEPT = ("stock", "node", "sku", "decision", "orders", "order_line", "fulfillment_order", "parcel")
"""Tables whose rows are never deleted."""


@pytest.fixture
def ledger_with_an_order(postgresql_ledger: Engine) -> Engine:
    stock_up(postgresql_ledger, {("L1", "V"): 5})
    with a_committer(postgresql_ledger) as committer:
        committer.submit(a_placement("O1", ("V", 2))).result(30)
    with postgresql_ledger.begin() as connection:  # work without lines, to give one to
        connection.execute(text(_copy_of("fulfillment_order")), {"change": '{"fulfillment_order_id": "F"}'})
    return postgresql_ledger


def references() -> dict[str, ForeignKeyConstraint]:
    return {
        str(each.name): each
        for table in metadata.tables.values()
        for each in table.foreign_key_constraints
        if each.info.get(AT_ONCE)
    }


def _copy_of(table: str) -> str:
    changed = "(jsonb_populate_record(t, CAST(:change AS jsonb))).*"
    return f"INSERT INTO {table} SELECT {changed} FROM {table} t LIMIT 1"


def add_changed_copy(ledger: Engine, table: str, change: dict[str, object]) -> None:
    with ledger.begin() as connection:
        connection.execute(text(_copy_of(table)), {"change": json.dumps(change)})


def code_of(error: DBAPIError) -> tuple[Any, Any]:
    diagnostics: Any = getattr(error.orig, "diag", None)
    return diagnostics.sqlstate, diagnostics.constraint_name


def test_every_reference_that_is_looked_up_at_once_is_tried_here() -> None:
    assert set(references()) == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_a_row_that_refers_to_nothing_is_refused(ledger_with_an_order: Engine, name: str) -> None:
    table = str(references()[name].table.name)
    with pytest.raises(IntegrityError) as refusal:
        add_changed_copy(ledger_with_an_order, table, BROKEN[name])
    assert code_of(refusal.value) == ("23503", name)
    # The broken twin: without its trigger the row goes in.
    with ledger_with_an_order.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_refers"))
    try:
        add_changed_copy(ledger_with_an_order, table, BROKEN[name])
    finally:
        with ledger_with_an_order.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_refers"))


def test_one_bad_row_among_many_is_found(ledger_with_an_order: Engine) -> None:
    lines = "SELECT 'O1', g, CASE g WHEN 77 THEN 'nowhere' ELSE 'V' END, 1, 0 FROM generate_series(2, 99) g"
    with pytest.raises(IntegrityError, match="order_line refers to what is not in sku"):
        _execute(ledger_with_an_order, f"INSERT INTO order_line {lines}")


def test_an_order_and_its_lines_may_come_in_one_statement(ledger_with_an_order: Engine) -> None:
    order = 'SELECT (jsonb_populate_record(o, \'{"order_id": "O2"}\')).* FROM orders o'
    added = f"WITH added AS (INSERT INTO orders {order} RETURNING order_id)"
    _execute(
        ledger_with_an_order,
        f"{added} INSERT INTO order_line SELECT order_id, 1, 'V', 1, 0 FROM added",
    )


@pytest.mark.parametrize("table", KEPT)
def test_what_may_be_referred_to_is_neither_deleted_nor_renamed(
    ledger_with_an_order: Engine, table: str
) -> None:
    key = inspect(ledger_with_an_order).get_pk_constraint(table)["constrained_columns"][0]
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {key} = 'other'"):
        with pytest.raises(IntegrityError) as refusal:
            _execute(ledger_with_an_order, statement)
        assert code_of(refusal.value)[0] == "23503"


def test_a_line_stays_while_a_parcel_holds_its_units(ledger_with_an_order: Engine) -> None:
    with pytest.raises(IntegrityError, match="a parcel holds units of the line"):
        _execute(ledger_with_an_order, "DELETE FROM fulfillment_order_line")
    _execute(ledger_with_an_order, "DELETE FROM parcel_line")
    _execute(ledger_with_an_order, "DELETE FROM fulfillment_order_line")


def _execute(ledger: Engine, statement: str) -> None:
    with ledger.begin() as connection:
        connection.execute(text(statement))
