"""`fulfillment verify`: what a plan's folder proves, worked out from the files alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from fulfillment.verify import Verdict


def verify(
    directory: Annotated[Path, typer.Argument(help="The scenario's folder.", metavar="DIR")],
    plan_directory: Annotated[Path, typer.Argument(help="The plan's folder.", metavar="PLAN_DIR")],
    as_json: AsJson = False,
) -> None:
    """Verify a plan: feasible, at the cost it claims, and no plan can cost less than its bound.

    Everything is worked out afresh from DIR and from the allocations and prices in PLAN_DIR, by code that the
    planner does not use.
    """
    from fulfillment.verify import UnusableInput, verify_plan

    with open_output(as_json) as out:
        try:
            with out.progress("verify"):
                verdict = verify_plan(directory, plan_directory)
        except UnusableInput as error:
            raise InvalidRequest(
                str(error),
                remedy="name a scenario's folder and a folder that `fulfillment plan` wrote for it",
            ) from error
        out.result(_as_document(verdict))
        _tell(out, verdict)
        if not verdict.holds:
            raise typer.Exit(ExitCode.UNPROVED)


def _tell(out: Output, verdict: "Verdict") -> None:
    for claim in verdict.proved:
        out.line(f"proved: {claim}")
    for violation in verdict.violations:
        out.line(f"not proved: {violation}")
    for claim in verdict.unchecked:
        out.line(f"not checked: {claim}")


def _as_document(verdict: "Verdict") -> dict[str, object]:
    return {
        "ok": verdict.holds,
        "total_cents": verdict.total_cents,
        "lower_bound_cents": verdict.lower_bound_cents,
        "gap": verdict.gap,
        "proved": list(verdict.proved),
        "violations": [
            {"rule": each.rule, "count": each.count, "examples": list(each.examples)}
            for each in verdict.violations
        ],
        "unchecked": list(verdict.unchecked),
    }
