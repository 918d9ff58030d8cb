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
    found, needed = _find_revision(engine)
    if found != needed:
        upgrade(engine)


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not this version's.

    Raises
    ------
    InvalidRequest
        When it holds nothing or something else; else naming the revision that was found and the one needed.
    """
    found, needed = _find_revision(engine)
    if found is None:
        raise InvalidRequest(
            "the database is empty",
            remedy="run `fulfillment migrate --db URL`, or `fulfillment import DIR --db URL`, which fills it",
            key="db",
            found=found,
            needed=needed,
        )
    if found != needed:
        raise InvalidRequest(
            f"the database is at schema {found}, this version needs {needed}",
            remedy="run `fulfillment migrate --db URL`, which brings it up to date",
            key="db",
            found=found,
            needed=needed,
        )


def revision_of(engine: Engine) -> str | None:
    """Return the schema that a ledger is at, None for an empty database."""
    return _find_revision(engine)[0]


def _find_revision(engine: Engine) -> tuple[str | None, str | None]:
    """Give the database's revision, None if it has none, and this version's; refuse what is no ledger."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(_config(connection))
        tables = set(inspect(connection).get_table_names())
    known = {script.revision for script in scripts.walk_revisions()}
    refuse_other_tables(tables)
    if found is not None and found not in known:
        raise InvalidRequest(
            f"the database is at schema {found}, which this version does not know",
            remedy="use the version of fulfillment that made it, or name an empty database",
            key="db",
            found=found,
        )
    return found, scripts.get_current_head()


def refuse_other_tables(tables: set[str]) -> None:
    """Refuse a database whose tables no version of ours has made; one without tables may become a ledger.

    Raises
    ------
    InvalidRequest
        Naming some of them.
    """
    if tables and "alembic_version" not in tables:
        raise InvalidRequest(
            f"the database holds tables that are no ledger's ({', '.join(sorted(tables)[:3])} ...)",
            remedy="name an empty database, or a file that is not there yet",
            key="db",
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
