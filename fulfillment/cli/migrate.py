"""`fulfillment migrate`: an empty database becomes a ledger, an older ledger one of this version."""

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.output import AsJson, open_output


def migrate(database: Database = None, as_json: AsJson = False) -> None:
    """Make the ledger's tables in an empty database, or bring an older ledger up to date."""
    from fulfillment.store.ledger import open_ledger
    from fulfillment.store.migrate import revision_of

    with open_output(as_json) as out:
        with open_ledger(settings_for(database).database_url, make=True) as ledger:
            revision = revision_of(ledger)
        out.line(f"the ledger is at schema {revision}")
        out.result({"revision": revision})
