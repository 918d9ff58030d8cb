"""What all tables share: one metadata, named constraints, and the column types of the ledger."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    types,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

from fulfillment.domain.checks import require_utc

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name that a later migration can drop and an error can be told by."""

metadata = MetaData(naming_convention=NAMES)

AT_ONCE = "at_once"
"""Marks a reference that is no foreign key of PostgreSQL's own."""

Text = types.Text().with_variant(types.Text(collation="C"), "postgresql")
"""Text that is compared byte by byte, as Python and SQLite do, whatever the language of the database."""

Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document that the database stores but does not judge."""

Verbatim = JSON(none_as_null=True)
"""A JSON document that comes back letter by letter: PostgreSQL sorts the keys of a `Document`."""

Sequence64 = BigInteger().with_variant(Integer, "sqlite")
"""A generated 64-bit key; SQLite generates keys for a column named INTEGER alone."""


class own_transaction(GenericFunction[int]):
    """The id of the transaction that runs; 0 on SQLite, whose writers commit one after another."""

    type = BigInteger()
    inherit_cache = True


@compiles(own_transaction, "postgresql")
def _own_transaction_on_postgresql(_: own_transaction, _compiler: SQLCompiler, **_more: object) -> str:
    return "((pg_current_xact_id())::text)::bigint"


@compiles(own_transaction, "sqlite")
def _own_transaction_on_sqlite(_: own_transaction, _compiler: SQLCompiler, **_more: object) -> str:
    return "0"


def xid_column() -> Column[int]:
    """Which transaction wrote the row; filled by the database, read by `fulfillment/store/feed.py`."""
    return Column("xid", BigInteger, server_default=own_transaction(), nullable=False)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no time zones, holds it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment that is not UTC before it reaches the database."""
        if value is not None:
            require_utc("a stored moment", value)
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC, whatever the session's time zone is."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: type[StrEnum] | Iterable[str], name: str | None = None) -> CheckConstraint:
    """Let `column` hold only the given words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def at_least(column: str, least: int) -> CheckConstraint:
    """Let `column` hold no number below `least`."""
    return CheckConstraint(f"{column} >= {least}", name=f"{column}_at_least_{least}")


def not_empty(column: str) -> CheckConstraint:
    """Let `column` hold no empty text."""
    return CheckConstraint(f"{column} <> ''", name=f"{column}_not_empty")


def refers(columns: list[str], to: Table, to_columns: list[str] | None = None) -> ForeignKeyConstraint:
    """Refer to the row of another table with the same (or the given) columns."""
    return ForeignKeyConstraint(columns, [to.c[name] for name in to_columns or columns])


def refers_at_once(columns: list[str], to: Table) -> ForeignKeyConstraint:
    """Refer as `refers` does; on PostgreSQL a trigger looks all rows of a statement up together.

    For tables that take many rows a statement (migration 0015); what they refer to is never deleted.
    """
    reference = refers(columns, to)
    reference.info[AT_ONCE] = True
    return reference.ddl_if(dialect="sqlite")


def version_column() -> Column[int]:
    """Part of a versioned row's key: the row with the highest version of its key is the current one."""
    return Column("version", Integer, primary_key=True, autoincrement=False)
