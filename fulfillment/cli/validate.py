"""`fulfillment validate`: everything that is wrong with a scenario's files, in one go."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output

if TYPE_CHECKING:
    from fulfillment.scenario.problems import Problem, Severity, Verdict
    from fulfillment.scenario.tables import Scenario

OPTIONAL_COUNTS = ("kit_components", "alternatives")


def validate(
    directory: Annotated[Path, typer.Argument(help="The scenario's folder.", metavar="DIR")],
    as_json: AsJson = False,
) -> None:
    """Check a scenario's folder and report every problem with its place and its remedy."""
    from fulfillment.scenario.problems import Severity
    from fulfillment.scenario.validate import validate_scenario

    with open_output(as_json) as out:
        validation = validate_scenario(directory)
        verdict = validation.verdict
        counts = _count_rows(validation.scenario) if validation.scenario else None
        out.result(
            {
                "ok": counts is not None,
                "rows": counts,
                "problems": [_as_document(problem) for problem in verdict.problems],
                "problems_total": verdict.total(Severity.PROBLEM),
                "warnings": [_as_document(problem) for problem in verdict.warnings],
                "warnings_total": verdict.total(Severity.WARNING),
            }
        )
        _show(out, verdict, verdict.warnings, Severity.WARNING)
        _show(out, verdict, verdict.problems, Severity.PROBLEM)
        warned = _times(verdict.total(Severity.WARNING), "warning")
        if counts is None:
            out.line(f"not usable: {_times(verdict.total(Severity.PROBLEM), 'problem')}, {warned}")
            raise typer.Exit(ExitCode.BAD_INPUT)
        rows = ", ".join(
            f"{count:,} {table.replace('_', ' ')}"
            for table, count in counts.items()
            if count or table not in OPTIONAL_COUNTS
        )
        out.line(f"ok: {rows}; {warned}")


def _show(out: Output, verdict: "Verdict", findings: "tuple[Problem, ...]", severity: "Severity") -> None:
    """Print findings file by file, and what is too much to print as a count."""
    prefix = "warning: " if severity == "warning" else ""
    unshown = verdict.unshown(severity)
    for file, of_file in groupby(sorted(findings, key=lambda each: each.file), key=lambda each: each.file):
        for problem in of_file:
            out.line(f"{prefix}{problem}")
        for (of, column, message), more in unshown.items():
            if of == file:
                where = f"{file} {column}" if column else file
                out.line(f"{prefix}{where} — {message}: {more:,} more")
        out.line()


def _count_rows(scenario: "Scenario") -> dict[str, int]:
    return {
        "nodes": len(scenario.nodes),
        "skus": len(scenario.skus),
        "positions": len(scenario.stock),
        "orders": len(scenario.orders),
        "order_lines": len(scenario.order_lines),
        "postal_codes": len(scenario.postal_codes),
        "rates": len(scenario.rates),
        "kit_components": len(scenario.kits),
        "alternatives": len(scenario.alternatives),
    }


def _as_document(problem: "Problem") -> dict[str, object]:
    return {
        "file": problem.file,
        "row": problem.row,
        "column": problem.column,
        "value": problem.value,
        "message": problem.message,
        "remedy": problem.remedy,
    }


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
