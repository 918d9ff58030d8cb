"""Bring a database to this version's schema, or back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from fulfillment.domain.errors import InvalidRequest

_ADVISORY_LOCK = 0x66756C66696C6C  # "fulfill"; any constant that nobody else locks


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Take every step that the database lacks, in one transaction; a second caller waits and finds none."""
    with engine.begin() as connection:
        _lock(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take steps back to `revision`, or to nothing for ``base``. Data of dropped tables is gone."""
    with engine.begin() as connection:
        _lock(connection)
        command.downgrade(_config(connection), revision)


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not this version's.

    Raises
    ------
    InvalidRequest
        Naming the revision that was found and the one that is needed.
    """
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        needed = ScriptDirectory.from_config(_config(connection)).get_current_head()
    if found != needed:
        raise InvalidRequest(
            f"the database is at schema {found or 'none'}, this version needs {needed}",
            remedy="run `fulfillment import DIR --db URL`, which brings it up to date",
            key="db",
            found=found,
            needed=needed,
        )


def _lock(connection: Connection) -> None:
    # SQLite's BEGIN IMMEDIATE is such a lock already.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    # '%' would start an interpolation in Alembic's configuration parser.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
