"""`fulfillment plan`: the best way to serve a day's orders, into a folder or into the ledger."""

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from fulfillment.cli.database import DATABASE_HELP, ledger_named
from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.cli.plan_ledger import plan_ledger
from fulfillment.cli.plan_search import (
    Search,
    check_method,
    plan_with_progress,
    read_earlier,
    read_policy,
    tell,
)
from fulfillment.cli.plan_workers import DEFAULT_THREADS, open_workforce
from fulfillment.domain.errors import InvalidRequest

SIDE_BY_SIDE_MAX = 64  # thousands of threads make a day of seconds one of minutes
USES = "`fulfillment plan DIR --out OUT` plans a folder, `fulfillment plan --db URL` a ledger"


def plan(
    directory: Annotated[
        Path | None,
        typer.Argument(help="The scenario's folder; or name a ledger with --db.", metavar="[DIR]"),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where the plan goes; a plan there is replaced. Needed with DIR."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--db", help=f"{DATABASE_HELP} Its waiting orders are planned and committed.", metavar="URL"
        ),
    ] = None,
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="A policy in TOML; without it the pinned costs apply.")
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="The folder of an earlier plan, of this or another day, to start from: its prices, and what "
            "its orders took.",
            metavar="PLAN_DIR",
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="How to plan; a name that does not exist lists them all.")
    ] = "optimal",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same plan.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(min=0, help="Seconds to search; such a plan may not repeat.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="Stop when it is proved that no plan costs less by more than so much; such a plan repeats.",
            metavar="PERCENT",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=SIDE_BY_SIDE_MAX,
            help=f"Threads to search for prices with, {DEFAULT_THREADS} unless said otherwise. The plan does "
            "not depend on this or the next two.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=SIDE_BY_SIDE_MAX,
            help="Processes to search for prices with, in place of threads; each keeps a part of the orders, "
            "and one that dies is replaced.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="The address of a dask scheduler, such as tcp://10.0.0.5:8786, whose workers search for "
            "prices.",
            metavar="ADDRESS",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan the orders of a folder into OUT, or those that wait in a ledger, and commit them there.

    OUT holds the allocations, the units left unfilled with their reasons, and a manifest. With --db it is
    written if it is named.
    """
    with open_output(as_json) as out, contextlib.ExitStack() as stack:
        check_method(method, time_limit, gap)
        search = Search(
            policy=read_policy(policy_file),
            method=method,
            seed=seed,
            time_limit=time_limit,
            gap_percent=gap,
            threads=threads or DEFAULT_THREADS,
            earlier=read_earlier(earlier, method),
            workforce=stack.enter_context(open_workforce(method, threads, workers, cluster)),
        )
        if directory is None:
            database = ledger_named(database)
        match directory, out_folder, database:
            case Path(), Path(), None:
                run = _plan_folder(out, directory, out_folder, search)
            case None, _, str():
                run = _plan_database(out, database, out_folder, search)
            case _:
                raise _unclear(directory, database)
        out.result(run)
        if code := _code_of(str(run["stop_reason"])):
            raise typer.Exit(code)


def _code_of(stop_reason: str) -> ExitCode:
    """Say what it means that a search ended so; what was reached is written in any case."""
    from solver.solve import INTERRUPTED, WORKERS_LOST

    if stop_reason.startswith(WORKERS_LOST):
        return ExitCode.UNPROVED
    return ExitCode.INTERRUPTED if stop_reason == INTERRUPTED else ExitCode.DONE


def _plan_folder(out: Output, directory: Path, out_folder: Path, search: Search) -> dict[str, object]:
    from fulfillment.planning.folder import require_writable, write_plan
    from fulfillment.planning.manifest import files_read, run_document
    from fulfillment.planning.plan_facts import PlanFacts
    from fulfillment.scenario.folder import table_files
    from fulfillment.scenario.read import read_scenario

    require_writable(out_folder)
    began = time.monotonic()
    with out.progress("read and validate"):
        scenario = read_scenario(directory)
    seconds = {"read": time.monotonic() - began}
    day = plan_with_progress(out, scenario, search)
    run = run_document(day, files_read(table_files(directory)), seconds)
    write_plan(PlanFacts.of(day, run), out_folder)
    tell(out, day)
    out.line(f"written to {out_folder}")
    return run


def _plan_database(out: Output, database: str, out_folder: Path | None, search: Search) -> dict[str, object]:
    from fulfillment.planning.folder import require_writable
    from fulfillment.store.ledger import open_ledger

    if out_folder is not None:
        require_writable(out_folder)
    with open_ledger(database) as ledger:
        planned = plan_ledger(out, ledger, search, out_folder)
    if out_folder is not None:
        out.line(f"written to {out_folder}")
    return planned.run


def _unclear(directory: Path | None, database: str | None) -> InvalidRequest:
    if directory is not None and database is not None:
        return InvalidRequest("DIR and --db exclude each other", remedy=USES, key="db")
    if directory is not None:
        return InvalidRequest("the plan of a folder needs --out OUT", remedy=USES, key="out")
    return InvalidRequest("name DIR or --db URL", remedy=USES, key="db")
