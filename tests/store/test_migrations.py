"""The steps lead to the schema that the code expects, and back to nothing."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from fulfillment.domain.errors import InvalidRequest
from fulfillment.store import migrations
from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import downgrade, require_current, upgrade
from fulfillment.store.schema import metadata
from fulfillment.store.schema.base import AT_ONCE
from tests.support.databases import KINDS, empty_database

REVISIONS = sorted(path.name[1:5] for path in Path(migrations.__file__).parent.glob("versions/v*.py"))


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with empty_database(request.param, tmp_path) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def shape(engine: Engine) -> dict[str, object]:
    """Everything that the database says about its tables, CHECK constraints included."""
    inspector = inspect(engine)

    def sorted_by_name(found: list[dict[str, object]]) -> list[dict[str, object]]:
        return sorted(found, key=lambda one: str(one["name"]))

    return {
        table: {
            "columns": [{**c, "type": str(c["type"])} for c in sorted_by_name(inspector.get_columns(table))],
            "key": inspector.get_pk_constraint(table),
            "checks": sorted_by_name(inspector.get_check_constraints(table)),
            "uniques": sorted_by_name(inspector.get_unique_constraints(table)),
            "references": sorted_by_name(inspector.get_foreign_keys(table)),
            "indexes": [
                {**i, "dialect_options": {k: str(v) for k, v in i.get("dialect_options", {}).items()}}
                for i in sorted_by_name(inspector.get_indexes(table))
            ],
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_migrated_schema_needs_no_further_step(empty: Engine) -> None:
    upgrade(empty)

    def is_in_database(item: object, _name: str, kind: str, *_: object) -> bool:
        """Triggers keep some references on PostgreSQL; `test_references.py` looks at those."""
        at_once = kind == "foreign_key_constraint" and getattr(item, "info", {}).get(AT_ONCE)
        return not (at_once and empty.dialect.name == "postgresql")

    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_in_database})
        assert compare_metadata(context, metadata) == []


def test_migrated_schema_equals_the_metadata_to_the_last_constraint(empty: Engine, tmp_path: Path) -> None:
    """Alembic's comparison looks at no CHECK constraint, so both ways are built and read back."""
    upgrade(empty)
    with empty_database(empty.dialect.name, tmp_path) as url:
        created = open_engine(url)
        metadata.create_all(created)
        expected = shape(created)
        created.dispose()
    assert expected
    assert shape(empty) == expected


def test_comparison_sees_a_missing_check(empty: Engine, tmp_path: Path) -> None:
    """The broken twin of the comparison above."""
    upgrade(empty)
    before = shape(empty)
    with empty.begin() as connection:
        if empty.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE stock DROP CONSTRAINT ck_stock_available_at_least_0"))
        else:
            connection.execute(text("DROP TABLE transfer_line"))
    assert shape(empty) != before


def test_every_step_goes_up_and_down(empty: Engine) -> None:
    for revision in REVISIONS:
        upgrade(empty, revision)
        downgrade(empty, "-1")
        upgrade(empty, revision)
    assert set(inspect(empty).get_table_names()) == {"alembic_version", *metadata.tables}
    for _ in REVISIONS:
        downgrade(empty, "-1")
    assert inspect(empty).get_table_names() == ["alembic_version"]
    upgrade(empty)
    require_current(empty)


def test_upgrading_twice_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    before = shape(empty)
    upgrade(empty)
    assert shape(empty) == before


def test_two_upgrades_at_once_both_succeed(empty: Engine) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            upgrade(empty)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    require_current(empty)


def test_a_database_without_schema_is_refused_with_the_remedy(empty: Engine) -> None:
    with pytest.raises(InvalidRequest, match="fulfillment import") as refusal:
        require_current(empty)
    assert refusal.value.data == {"key": "db", "found": None, "needed": REVISIONS[-1]}


def test_units_that_a_customer_was_told_he_would_not_get_are_known_after_the_step(empty: Engine) -> None:
    """Of five units, two had a node before lines told what was cancelled."""
    upgrade(empty, "0015")
    states = [("partial", "allocated"), ("backorder", "back_ordered"), ("reject", "cancelled")]
    with empty.begin() as connection:
        at = "'2026-11-20 12:00:00'"
        connection.execute(text(f"INSERT INTO sku (sku_id, recorded_at) VALUES ('V', {at})"))
        for on_short, state in states:
            allocated = 0 if state == "cancelled" else 2
            connection.execute(
                text(
                    "INSERT INTO orders (order_id, state, placed_at, channel, postal_code, method, service,"
                    " priority, customer_id, content_digest, recorded_at, version, on_short)"
                    f" VALUES ('{on_short}', '{state}', {at}, 'web', '10001', 'SHIPPING', '', 1, 'C', '',"
                    f" {at}, 1, '{on_short}')"
                )
            )
            connection.execute(text(f"INSERT INTO order_line VALUES ('{on_short}', 1, 'V', 5, {allocated})"))
    upgrade(empty)
    with empty.connect() as connection:
        rows = connection.execute(text("SELECT order_id, cancelled FROM order_line"))
        assert {order_id: qty for order_id, qty in rows} == {"partial": 3, "backorder": 0, "reject": 5}


def test_text_is_compared_byte_by_byte_and_its_guards_stay(empty: Engine) -> None:
    upgrade(empty, "0019")
    add = text("INSERT INTO sku (sku_id, recorded_at) VALUES (:sku_id, '2026-03-02 12:00:00+00')")
    with empty.begin() as connection:
        connection.execute(add, [{"sku_id": each} for each in ("b", "É", "B", "a-1", "a1", "é")])
        guards = _triggers(connection)
    upgrade(empty)
    with empty.connect() as connection:
        in_order = connection.execute(text("SELECT sku_id FROM sku ORDER BY sku_id")).scalars().all()
        assert in_order == sorted(in_order)
        assert _triggers(connection) == guards
        assert guards
        if empty.dialect.name == "postgresql":
            other = "attcollation <> '\"C\"'::regcollation AND attrelid <> 'alembic_version'::regclass"
            assert _text_columns(connection, "attcollation = '\"C\"'::regcollation") > 100
            assert _text_columns(connection, other) == 0


def _triggers(connection: Connection) -> list[str]:
    asked = {
        "postgresql": "SELECT pg_get_triggerdef(oid) AS it FROM pg_trigger WHERE NOT tgisinternal",
        "sqlite": "SELECT sql AS it FROM sqlite_master WHERE type = 'trigger'",
    }
    return sorted(connection.execute(text(asked[connection.dialect.name])).scalars())


def _text_columns(connection: Connection, which: str) -> int:
    of_tables = (
        "attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)"
    )
    found = connection.execute(
        text(
            f"SELECT count(*) FROM pg_attribute WHERE {which} AND attnum > 0 AND NOT attisdropped"
            f" AND atttypid = 'text'::regtype AND {of_tables}"
        )
    )
    return int(found.scalar_one())
