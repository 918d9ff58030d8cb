"""Many rows in one statement.

A statement that takes 64 rows costs about as much as one that takes 1, so rows travel to the database as one
parameter and are joined there like a table: arrays through ``unnest`` on PostgreSQL, a JSON text through
``json_each`` on SQLite.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    ClauseElement,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    FromClause,
    Insert,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.types import TypeEngine

from fulfillment.domain.checks import require_utc
from fulfillment.domain.errors import invariant

Rows = Mapping[Column[Any], Sequence[object]]
"""Values by column, all of one length. The column gives each its name and its type in the database."""

SameForAll = Mapping[Column[Any], object]
"""One value by column for every row: it travels once, and the database reads it once."""


def rows_of(connection: Connection, rows: Rows, name: str = "given") -> FromClause:
    """Return `rows` as something to select from, with columns named as the keys of `rows`.

    Floating-point numbers lose their last bit on the way to SQLite, where they travel as text; use
    `insert_rows` for those.
    """
    if connection.dialect.name == "postgresql":
        return _unnested(rows, name)
    return _from_json(connection.dialect, rows, name)


def execute_over(
    connection: Connection,
    build: Callable[[FromClause], Executable],
    rows: Rows,
    **more: object,
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement over `rows`; it is built once and then kept.

    Building a statement and finding it in SQLAlchemy's cache takes a millisecond, ten times as long as the
    rest of its execution: too long for those that placing orders takes.

    Parameters
    ----------
    build : callable
        A function of a module. Takes what `rows_of` would return, returns the statement.
    **more : object
        Values of the statement's other parameters.
    """
    statement = _built(build, connection.dialect.name, tuple(rows))
    return execute_kept(connection, statement, {**_values(connection.dialect, rows), **more})


def execute_kept(
    connection: Connection, statement: Executable, values: Mapping[str, object]
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement that is made once and kept.

    On PostgreSQL as text, past what SQLAlchemy does again every time. That is most of a short statement's
    time, and nothing is lost: psycopg converts all that is stored.
    """
    if connection.dialect.name != "postgresql":
        return connection.execute(statement, values)
    text, fixed = _as_text(statement)
    return connection.exec_driver_sql(text, {**fixed, **values})


def insert_rows(connection: Connection, table: Table, rows: Rows, same: SameForAll | None = None) -> None:
    """Insert `rows`, each with the values that are the same for all; in as few round trips as can be."""
    count = max((len(values) for values in rows.values()), default=0)
    if not count:
        return
    same = same or {}
    if connection.dialect.name == "postgresql":
        values = _array_texts(_KEPT, rows) | _same_values(_KEPT, same)
        execute_kept(connection, _insert(table, tuple(rows), tuple(same), _KEPT), values)
        return
    rows = {**rows, **{key: [it] * count for key, it in same.items()}}
    names = [key.name for key in rows]
    # Past SQLAlchemy's own executemany, which handles a dictionary a row and takes most of the time.
    stored = [_as_stored(connection.dialect, key, values) for key, values in rows.items()]
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", list(zip(*stored, strict=True))
    )


class TableRows(NamedTuple):
    """Rows of one table, each with the values that are the same for all."""

    rows: Rows
    same: SameForAll

    def __bool__(self) -> bool:
        """Whether there are any."""
        return any(len(values) for values in self.rows.values())


def insert_all(connection: Connection, inserts: Mapping[Table, TableRows]) -> None:
    """Insert rows into several tables, each after those that its rows refer to.

    PostgreSQL gets them as one statement and checks foreign keys at its end: a statement costs it as much as
    ten rows.
    """
    wanted = {table: rows for table, rows in inserts.items() if rows}
    if not wanted:
        return
    if connection.dialect.name != "postgresql":
        for table, (rows, same) in wanted.items():
            insert_rows(connection, table, rows, same)
        return
    shapes = tuple((table, tuple(rows), tuple(same)) for table, (rows, same) in wanted.items())
    values: dict[str, object] = {}
    for table, (rows, same) in wanted.items():
        values |= _array_texts(table.name, rows) | _same_values(table.name, same)
    execute_kept(connection, _insert_all(shapes), values)


class Inserts:
    """Rows that wait to be inserted together with others: a table's after those that they refer to."""

    def __init__(self) -> None:
        self._rows: dict[Table, TableRows] = {}

    def add(self, table: Table, rows: TableRows) -> None:
        """Let rows of a table wait of which none waits yet."""
        invariant(table not in self._rows, "rows of a table wait once", table=table.name)
        self._rows[table] = rows

    def write(self, connection: Connection) -> None:
        """Insert all of them."""
        insert_all(connection, self._rows)
        self._rows = {}


def insert_missing(
    connection: Connection, table: Table, names: Sequence[str], rows: Select[*tuple[Any, ...]]
) -> None:
    """Insert the selected rows whose keys are not there yet; whoever else inserts one at once is waited for.

    `rows` must end in ORDER BY: it fixes the order in which two callers wait for each other, and without it
    SQLite would read ON CONFLICT as the condition of a join.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).from_select(names, rows).on_conflict_do_nothing())


def _unnested(rows: Rows, name: str) -> FromClause:
    # As text: psycopg's own adaptation of a list takes several times as long, a Python call a value.
    return _unnest([(key, literal(_array_text(key, values), Text)) for key, values in rows.items()], name)


def _unnest(texts: Sequence[tuple[Column[Any], ColumnElement[str]]], name: str) -> FromClause:
    arrays = [cast(text, postgresql.ARRAY(_without_collation(key))) for key, text in texts]
    columns = [column(key.name, key.type) for key, _ in texts]
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


def _without_collation(key: Column[Any]) -> TypeEngine[Any]:
    """Return what a value is sent as: a cast names no collation, and whom it is compared with brings one."""
    return Text() if isinstance(key.type, Text) else key.type


_PSYCOPG: Dialect = psycopg.PGDialect_psycopg()  # type: ignore[no-untyped-call]

_KEPT = "given"
"""What the parameters of kept statements are called, and the rows in them."""
_SAME = "same"


@functools.lru_cache(maxsize=1_000)
def _built(
    build: Callable[[FromClause], Executable], dialect_name: str, keys: tuple[Column[Any], ...]
) -> Executable:
    return build(_given(dialect_name, keys))


@functools.lru_cache(maxsize=1_000)
def _insert(table: Table, keys: tuple[Column[Any], ...], same: tuple[Column[Any], ...], name: str) -> Insert:
    given = _kept_arrays(name, keys)
    columns = [*(given.c[key.name] for key in keys), *(_same_for_all(name, key) for key in same)]
    return insert(table).from_select([key.name for key in (*keys, *same)], select(*columns))


def _same_for_all(name: str, key: Column[Any]) -> ColumnElement[Any]:
    kind = _without_collation(key)
    return cast(bindparam(f"{name}_{_SAME}_{key.name}", type_=kind), kind)


def _same_values(name: str, same: SameForAll) -> dict[str, object]:
    return {f"{name}_{_SAME}_{key.name}": value for key, value in same.items()}


_Shape = tuple[Table, tuple[Column[Any], ...], tuple[Column[Any], ...]]
"""A table, the columns that differ from row to row, and those that are the same for all."""


@functools.lru_cache(maxsize=1_000)
def _insert_all(shapes: tuple[_Shape, ...]) -> Insert:
    *others, last = [_insert(table, keys, same, table.name) for table, keys, same in shapes]
    return last.add_cte(*(each.cte(f"into_{each.table.name}") for each in others))


@functools.lru_cache(maxsize=1_000)
def _as_text(statement: ClauseElement) -> tuple[str, Mapping[str, object]]:
    """Return a statement as the driver takes it, and the values of parameters that are always the same."""
    compiled = statement.compile(dialect=_PSYCOPG)
    return str(compiled), compiled.params


def _given(dialect_name: str, keys: Sequence[Column[Any]]) -> FromClause:
    if dialect_name == "postgresql":
        return _kept_arrays(_KEPT, keys)
    return _extracted(bindparam(_KEPT, type_=Text), keys, _KEPT)


def _kept_arrays(name: str, keys: Sequence[Column[Any]]) -> FromClause:
    return _unnest([(key, bindparam(f"{name}_{key.name}", type_=Text)) for key in keys], name)


def _values(dialect: Dialect, rows: Rows) -> dict[str, object]:
    return _array_texts(_KEPT, rows) if dialect.name == "postgresql" else {_KEPT: _json_text(dialect, rows)}


def _array_texts(name: str, rows: Rows) -> dict[str, object]:
    return {f"{name}_{key.name}": _array_text(key, values) for key, values in rows.items()}


def _array_text(key: Column[Any], values: Sequence[object]) -> str:
    """Write values as PostgreSQL reads an array: ``{1,NULL}``, ``{"a","b"}``, escaped by backslashes."""
    if isinstance(key.type, JSON):
        values = [None if value is None else _as_json(value) for value in values]
    kinds = set(map(type, values))
    if kinds == {int} and len(set(values)) == 1:  # as changes of a state that hardly anything moves
        return f"{{{','.join([str(values[0])] * len(values))}}}"
    if kinds <= {int}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str}:
        joined = '","'.join(map(str, values))
        # No quote but those between the values: nothing is to be escaped.
        if "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):
            return f'{{"{joined}"}}'
    texts = {value: _element_text(value) for value in set(values)}
    return f"{{{','.join([texts[value] for value in values])}}}"


def _as_json(document: object) -> str:
    return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS).decode()


def _element_text(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "t" if value else "f"
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value)
        case datetime():
            require_utc("a stored moment", value)
            return f'"{value.isoformat()}"'
        case date():
            return f'"{value.isoformat()}"'
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in an array")


def _from_json(dialect: Dialect, rows: Rows, name: str) -> FromClause:
    return _extracted(literal(_json_text(dialect, rows), Text), list(rows), name)


def _extracted(text: ColumnElement[str], keys: Sequence[Column[Any]], name: str) -> FromClause:
    each = func.json_each(text).table_valued("value", name=f"{name}_json")
    return select(
        *(
            type_coerce(func.json_extract(each.c.value, f"$[{index}]"), key.type).label(key.name)
            for index, key in enumerate(keys)
        )
    ).subquery(name)


def _json_text(dialect: Dialect, rows: Rows) -> str:
    stored = [_as_stored(dialect, key, values) for key, values in rows.items()]
    return json.dumps(list(zip(*stored, strict=True)))


def _as_stored(dialect: Dialect, key: Column[Any], values: Sequence[object]) -> Sequence[object]:
    """Turn values into what SQLite stores for them: text for a datetime, 0 and 1 for a boolean."""
    bind = key.type.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    if isinstance(key.type, JSON):
        return [bind(value) for value in values]
    # Many rows share few moments, and a conversion is slow.
    stored = {value: bind(value) for value in set(values)}
    return [stored[value] for value in values]
