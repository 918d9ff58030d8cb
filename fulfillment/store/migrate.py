"""Bring a database to this version's schema, or back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

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


def make_current(engine: Engine) -> None:
    """Make an empty database a ledger, or bring an older version's ledger up to date.

    Raises
    ------
    InvalidRequest
        When the database holds something else, or a ledger of a newer version; nothing was written.
    """
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(_config(connection))
        tables = inspect(connection).get_table_names()
    known = {script.revision for script in scripts.walk_revisions()}
    if found is None and tables:
        raise InvalidRequest(
            f"the database holds tables that are no ledger's ({', '.join(sorted(tables)[:3])} ...)",
            remedy="name an empty database, or a file that is not there yet",
            key="db",
        )
    if found is not None and found not in known:
        raise InvalidRequest(
            f"the database is at schema {found}, which this version does not know",
            remedy="use the version of fulfillment that made it, or name an empty database",
            key="db",
            found=found,
        )
    if found != scripts.get_current_head():
        upgrade(engine)


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
