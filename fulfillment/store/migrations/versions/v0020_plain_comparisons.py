"""On PostgreSQL, text is compared byte by byte, as Python and SQLite do.

By default a database compares text by the rules of its language, at every step through every index: from a
twelfth of the server's time for an order, where the language has no rules, to several times as much where it
has. Indexes of text are built anew, and no row is written.
"""

from alembic import op
from sqlalchemy import text

revision: str = "0020"
down_revision: str | None = "0019"

_COLUMNS = text("""
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'alembic_version'
  AND a.atttypid = 'text'::regtype AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
""")
# PostgreSQL changes the type of no column that a trigger names.
_TRIGGERS = text("""
SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgattr <> ''
""")


def upgrade() -> None:
    """Step forward."""
    _compare_by('"C"')


def downgrade() -> None:
    """Step back."""
    _compare_by('"default"')


def _compare_by(collation: str) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    triggers = connection.execute(_TRIGGERS).all()
    for name, table, _ in triggers:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(_COLUMNS):
        columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        # All columns of a table at once: each of its indexes is built once.
        changes = (f"ALTER COLUMN {name} TYPE text COLLATE {collation}" for name in names)
        op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
    for _, _, definition in triggers:
        op.execute(definition)
