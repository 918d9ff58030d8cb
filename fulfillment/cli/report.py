"""`fulfillment report`: the report of a plan, made again from its files."""

from pathlib import Path
from typing import Annotated

import typer

from fulfillment.cli.output import AsJson, open_output


def report(
    plan_directory: Annotated[Path, typer.Argument(help="The plan's folder.", metavar="PLAN_DIR")],
    as_json: AsJson = False,
) -> None:
    """Make the report of a plan again, from the files in PLAN_DIR alone; `plan` makes it the first time.

    The report is one HTML file that opens without a network.
    """
    from fulfillment.planning.folder import replace_report
    from fulfillment.planning.plan_facts import PlanFacts

    with open_output(as_json) as out:
        path = replace_report(PlanFacts.read(plan_directory), plan_directory)
        out.line(f"written to {path}")
        out.result({"report": str(path)})
