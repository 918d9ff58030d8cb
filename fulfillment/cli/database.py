"""Which ledger a command works on: `--db`, else the environment, else the embedded default."""

from dataclasses import replace
from typing import Annotated

import typer

from fulfillment.settings import Settings, read_settings

LEDGER_HELP = "The ledger: a SQLite file, or postgresql://USER@HOST/DATABASE."
DATABASE_HELP = f"{LEDGER_HELP} By default what FULFILLMENT_DATABASE_URL says."
Database = Annotated[str | None, typer.Option("--db", help=DATABASE_HELP, metavar="URL")]


def settings_for(database: str | None) -> Settings:
    """Read the settings, and let `--db` have its way.

    Raises
    ------
    InvalidRequest
        On a bad variable, or a database that is none of ours.
    """
    from fulfillment.store.engine import parse_url

    settings = read_settings()
    url = parse_url(database or settings.database_url)
    return replace(settings, database_url=url.render_as_string(hide_password=False))


def ledger_named(database: str | None) -> str | None:
    """Return the ledger that `--db` or the environment names, None when neither does."""
    url = settings_for(database).database_url
    return None if database is None and url == Settings().database_url else url
