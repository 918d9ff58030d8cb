"""`fulfillment audit`: replay every entry of the ledger and compare all that it claims."""

from typing import TYPE_CHECKING

import typer

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, open_output

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fulfillment.store.entries import Audit, Disagreement

DISAGREEMENTS_NAMED_MAX = 100


def audit(
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Prove every balance from its entries, and every claim from whoever has it; ends with 1 if one differs.

    Everything is read at one moment, and nothing is locked: the service may run.
    """
    from fulfillment.store.claims_audit import audit_claims
    from fulfillment.store.entries import audit as audit_entries
    from fulfillment.store.ledger import open_ledger
    from fulfillment.store.transaction import read_snapshot

    def read(connection: "Connection") -> "tuple[Audit, list[Disagreement]]":
        return audit_entries(connection), audit_claims(connection)

    with open_output(as_json) as out, open_ledger(settings_for(database).database_url) as ledger:
        with out.progress("replay"):
            replayed, claims = read_snapshot(ledger, read)
        found = [*replayed.disagreements, *claims]
        named = found[:DISAGREEMENTS_NAMED_MAX]
        out.result(
            {
                "ok": not found,
                "positions": replayed.positions,
                "entries": replayed.entries,
                "disagreements": [
                    {"node_id": each.node_id, "sku_id": each.sku_id, "message": each.message}
                    for each in named
                ],
                "disagreements_total": len(found),
            }
        )
        for each in named:
            out.line(f"{each.sku_id} at {each.node_id}: {each.message}")
        if len(found) > len(named):
            out.line(f"and {len(found) - len(named):,} more")
        if found:
            out.line(f"not proved: {len(found):,} of {replayed.positions:,} balances or claims differ")
            raise typer.Exit(ExitCode.UNPROVED)
        out.line(f"proved: {replayed.positions:,} balances by {replayed.entries:,} entries")
