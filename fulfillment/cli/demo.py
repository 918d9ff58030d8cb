"""`fulfillment demo`: a made-up retailer's day, from files to work for every node."""

import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from fulfillment.cli.database import LEDGER_HELP
from fulfillment.cli.demo_folder import DemoFolder
from fulfillment.cli.exits import ExitCode
from fulfillment.cli.import_ import load_with_progress
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.cli.plan_ledger import LedgerPlan, plan_ledger
from fulfillment.cli.plan_search import Search
from fulfillment.domain.policy import Policy
from fulfillment.scenario.generator.params import GeneratorParams

# A day on which most things go well, so that what does not is worth a look.
RETAILER = GeneratorParams(scarcity=0.03, tight_nodes=0.05)


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another retailer.")] = 0,
    database: Annotated[
        str | None,
        typer.Option("--db", help=f"{LEDGER_HELP} By default a SQLite file in DIR.", metavar="URL"),
    ] = None,
    keep: Annotated[
        Path,
        typer.Option("--keep", help="Where everything is kept; an earlier demo is replaced.", metavar="DIR"),
    ] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Make up a retailer, plan his day from the ledger, commit the plan, and say what happened."""
    from fulfillment.cli.demo_story import ways
    from fulfillment.planning.compile_ahead import compiling_ahead
    from fulfillment.store.engine import parse_url

    with open_output(as_json) as out:
        if database is not None:
            parse_url(database)  # a mistyped one is refused before a folder is made
        began = time.monotonic()
        folder = DemoFolder(keep)
        folder.clear()
        with compiling_ahead():
            planned = _make_load_and_plan(out, folder, database, seed)
        out.line(f"All of this took {time.monotonic() - began:.0f} s; it is kept in {keep}.")
        out.line()
        _suggest(out, folder, database or str(folder.ledger))
        out.result({**planned.run, "units_by_way": ways(planned.day), "folder": str(keep)})
        if planned.day.result.stop_reason == "interrupted":
            raise typer.Exit(ExitCode.INTERRUPTED)


def _make_load_and_plan(out: Output, folder: DemoFolder, database: str | None, seed: int) -> LedgerPlan:
    from fulfillment.cli.demo_story import tell_day, tell_retailer
    from fulfillment.scenario.generate import generate
    from fulfillment.scenario.write import write_scenario
    from fulfillment.store.ledger import open_ledger

    scenario = generate(RETAILER, seed)
    write_scenario(scenario, folder.day)
    folder.write_policy()
    tell_retailer(out, scenario)
    with open_ledger(database or folder.ledger, make=True) as ledger:
        load_with_progress(out, scenario, ledger)
        out.line("the first plan on a machine compiles the solver: most of a minute, once")
        planned = plan_ledger(
            out, ledger, Search(policy=Policy.default(), seed=seed), folder.plan, tell=tell_day
        )
    out.line()
    return planned


def _suggest(out: Output, folder: DemoFolder, database: str) -> None:
    """Print commands that work as they stand."""
    command = _command()
    day, plan, policy = (shlex.quote(str(path)) for path in (folder.day, folder.plan, folder.policy))
    what_if = shlex.quote(str(folder.root / "what-if"))
    out.line("What to try next")
    for why, line in (
        ("why each missing unit is missing, with what was looked at", f"head {plan}/unfilled.csv"),
        ("the files that a retailer would bring", f"{command} validate {day}"),
        (
            "the same day if stores sent no parcels (a policy; compare the cost)",
            f"{command} plan {day} --policy {policy} --out {what_if}",
        ),
        (
            "plan the ledger again: what was decided is left alone",
            f"{command} plan --db {shlex.quote(database)}",
        ),
    ):
        out.line(f"  {why}:")
        out.line(f"    {line}")


def _command() -> str:
    """Name the program as the user's shell finds it: by its path when its environment is not active."""
    used = Path(sys.argv[0])
    return (
        shlex.quote(str(used))
        if used.name == "fulfillment" and not shutil.which(used.name)
        else "fulfillment"
    )
