"""`fulfillment import`: a retailer's day from a folder into the ledger."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.database import Database, settings_for
from fulfillment.cli.output import AsJson, Output, open_output

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fulfillment.scenario.tables import Scenario
    from fulfillment.services.load_day import DayLoaded

ACTOR = "fulfillment import"


def import_(
    directory: Annotated[Path, typer.Argument(help="The scenario's folder.", metavar="DIR")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Load a scenario's network, stock and orders into the ledger; loading twice is harmless."""
    from fulfillment.scenario.read import read_scenario
    from fulfillment.store.ledger import open_ledger

    with open_output(as_json) as out:
        with out.progress("read and validate"):
            scenario = read_scenario(directory)
        with open_ledger(settings_for(database).database_url, make=True) as ledger:
            loaded, seconds = load_with_progress(out, scenario, ledger)
        _tell(out, loaded)
        rows = count_rows(scenario)
        out.line(f"{rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows a second")
        out.result(
            {
                "network_versions_added": loaded.network_versions,
                "positions_added": loaded.positions_added,
                "positions_known": loaded.positions_known,
                "orders_added": loaded.orders_added,
                "orders_known": loaded.orders_known,
                "rows": rows,
                "seconds": round(seconds, 3),
            }
        )


def load_with_progress(out: Output, scenario: "Scenario", ledger: "Engine") -> "tuple[DayLoaded, float]":
    """Load a scenario and show how far it is; return what was new, and the seconds it took."""
    from fulfillment.clock import SystemClock
    from fulfillment.planning.to_ledger import retail_day
    from fulfillment.services.load_day import load_day

    began = time.monotonic()
    day = retail_day(scenario)
    with_units = int((scenario.stock.available > 0).sum())
    with out.progress("load", total=with_units + len(scenario.orders)) as step:
        loaded = load_day(
            ledger,
            day,
            actor=ACTOR,
            clock=SystemClock(),
            on_progress=lambda what, done: step.advance(done, note=what),
        )
    return loaded, time.monotonic() - began


def count_rows(scenario: "Scenario") -> int:
    """Count the rows of all tables."""
    tables = (
        scenario.nodes,
        scenario.skus,
        scenario.postal_codes,
        scenario.rates,
        scenario.stock,
        scenario.orders,
        scenario.order_lines,
    )
    return sum(len(table) for table in tables)


def _tell(out: Output, loaded: "DayLoaded") -> None:
    if not (loaded.network_versions or loaded.positions_added or loaded.orders_added):
        out.line(
            f"nothing new: the ledger has all of it, {loaded.positions_known:,} positions with units "
            f"and {loaded.orders_known:,} orders"
        )
        return
    out.line(
        f"added {loaded.positions_added:,} positions with units, {loaded.orders_added:,} orders, "
        f"{loaded.network_versions:,} versions of nodes, products, places, prices and safety stocks"
    )
    if loaded.positions_known or loaded.orders_known:
        out.line(
            f"already there: {loaded.positions_known:,} positions with units, {loaded.orders_known:,} orders"
        )
