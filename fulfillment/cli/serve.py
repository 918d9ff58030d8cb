"""`fulfillment serve`: the HTTP service."""

import os
from typing import Annotated

import typer

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.output import AsJson, open_output

WORKERS_MAX = 64
WORKERS_HELP = (
    "Processes; one that dies is replaced. By default one for each core on PostgreSQL, and one on SQLite, "
    "which has one writer at a time."
)


def serve(
    database: Database = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int | None, typer.Option(min=1, max=WORKERS_MAX, help=WORKERS_HELP, show_default=False)
    ] = None,
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
            count = workers or workers_for(ledger.dialect.name)
        out.line("starting; the first start on a machine compiles what decides, which takes a minute")

        def tell(bound: int) -> None:
            served_by = f"{count} processes" if count > 1 else "1 process"
            out.line(f"serving on http://{host}:{bound} by {served_by}, pages at /docs; stop with Ctrl-C")

        run(settings, host=host, port=port, workers=count, on_ready=tell)
        out.line("stopped")
        out.result({"stopped": True})


def workers_for(database_kind: str) -> int:
    """Return how many processes make use of this machine's cores, as far as this process may run on them."""
    if database_kind == "sqlite":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(WORKERS_MAX, cores)
