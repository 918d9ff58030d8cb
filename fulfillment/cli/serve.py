"""`fulfillment serve`: the HTTP service."""

from typing import Annotated

import typer

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.output import AsJson, open_output

WORKERS_MAX = 64


def serve(
    database: Database = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=WORKERS_MAX, help="Processes; one that dies is replaced.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Answer requests until it is told to stop; what was accepted is finished first.

    It refuses to start on a database that may lose what was acknowledged, or that another version made.
    """
    with open_output(as_json) as out:
        settings = settings_for(database)
        from api.server import serve as run
        from fulfillment.clock import SystemClock
        from fulfillment.store.clock_skew import require_close_clocks
        from fulfillment.store.ledger import open_ledger

        # Before any process starts, so that a refusal is one sentence.
        with open_ledger(settings.database_url) as ledger:
            require_close_clocks(ledger, SystemClock())
        out.line("starting; the first start on a machine compiles what decides, which takes a minute")

        def tell(bound: int) -> None:
            out.line(f"serving on http://{host}:{bound}, pages at /docs; stop with Ctrl-C")

        run(settings, host=host, port=port, workers=workers, on_ready=tell)
        out.line("stopped")
        out.result({"stopped": True})
