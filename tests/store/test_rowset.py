"""Rows travel to the database and back unchanged, whatever stands in them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Date, Engine, Integer, MetaData, Table, Text, select

from fulfillment.domain.errors import InvalidRequest, InvariantViolation
from fulfillment.store.rowset import Inserts, TableRows, _array_text, rows_of
from fulfillment.store.schema.base import Document, UtcDateTime
from fulfillment.store.schema.catalogue import sku
from fulfillment.store.schema.network import node
from fulfillment.store.schema.orders import hold

things = Table(
    "things",
    MetaData(),
    Column("name", Text),
    Column("qty", Integer),
    Column("is_open", Boolean),
    Column("on", Date),
    Column("at", UtcDateTime),
    Column("data", Document),
)
NAMES = ["plain", "", "NULL", "null", "{a,b}", 'say "b"', "back\\slash\\", " spaced ", "é\n\t'", '\\"', ","]


@pytest.mark.parametrize("of_each", [1, 3])
def test_rows_arrive_as_they_were_given(ledger: Engine, of_each: int) -> None:
    names = [*NAMES, None] * of_each
    count = len(names)
    values = {
        "name": names,
        "qty": [0, -5, None, *range(3, count)],
        "is_open": [True, False, None, *[True] * (count - 3)],
        "on": [date(2026, 2, 28), None, *[date(1999, 12, 31)] * (count - 2)],
        "at": [
            datetime(2026, 2, 28, 1, 2, 3, 456789, UTC),
            None,
            *[datetime(1999, 1, 1, tzinfo=UTC)] * (count - 2),
        ],
        "data": [{"a": [1, 'x"\\', None]}, None, "text", 4, True, *[{}] * (count - 5)],
    }
    with ledger.connect() as connection:
        given_rows = rows_of(connection, {things.c[name]: cells for name, cells in values.items()})
        if ledger.dialect.name == "sqlite":  # a document inside JSON text is not taken apart again
            values.pop("data")
        rows = connection.execute(select(*(given_rows.c[name] for name in values))).all()
    assert rows == list(zip(*values.values(), strict=True))


def test_no_rows_are_no_rows(ledger: Engine) -> None:
    with ledger.connect() as connection:
        assert connection.execute(select(rows_of(connection, {things.c.name: []}))).all() == []


def test_a_moment_that_is_not_utc_is_refused(ledger: Engine) -> None:
    with ledger.connect() as connection, pytest.raises(InvalidRequest, match="not UTC"):
        rows_of(connection, {things.c.at: [datetime(2026, 1, 1)]})


@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_text_is_written_as_the_standard_reader_of_arrays_reads_it(texts: list[str | None]) -> None:
    """psycopg's own reader of PostgreSQL's array texts is the judge."""
    from psycopg.adapt import Transformer
    from psycopg.postgres import types
    from psycopg.pq import Format

    loader = Transformer().get_loader(types["text"].array_oid, Format.TEXT)
    written = _array_text(Column("name", Text), texts)
    assert loader.load(written.encode()) == [
        None if text is None else text.encode().decode() for text in texts
    ]


def test_rows_of_several_tables_are_inserted_with_what_is_the_same_for_all(ledger: Engine) -> None:
    at = datetime(2026, 2, 28, 1, 2, 3, tzinfo=UTC)
    tables = [(node, node.c.node_id, ["N1", "N2"]), (sku, sku.c.sku_id, ['S"1']), (hold, hold.c.hold_id, [])]
    with ledger.begin() as connection:
        inserts = Inserts()
        for table, key, names in tables:
            inserts.add(table, TableRows({key: names}, {table.c.recorded_at: at}))
        with pytest.raises(InvariantViolation, match="wait once"):
            inserts.add(node, TableRows({node.c.node_id: ["N3"]}, {node.c.recorded_at: at}))
        inserts.write(connection)
        inserts.write(connection)  # nothing waits any more
        for table, key, names in tables:
            rows = connection.execute(select(key, table.c.recorded_at).order_by(key)).all()
            assert rows == [(name, at) for name in names]
