"""`fulfillment compare`: plans of one day side by side, or the methods that could plan it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.cli.plan_search import Search, plan_with_progress, read_policy
from fulfillment.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from fulfillment.planning.plan_facts import PlanFacts
    from fulfillment.planning.report.comparison import Comparison

ALL = "all"
USES = (
    "`fulfillment compare PLAN_DIR PLAN_DIR ...` compares plans, "
    "`fulfillment compare DIR --methods all` plans a day by every method and compares"
)


def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Plans; or a scenario's folder, with --methods.", metavar="PLAN_DIR ..."),
    ],
    methods: Annotated[
        str | None,
        typer.Option(help="Plan the day in DIR by each of these, as nearest,optimal; `all` for every one."),
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write the comparison as a page, too.", metavar="FILE")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", help="With --methods: keep each plan in a folder of its name.", metavar="FOLDER"
        ),
    ] = None,
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="With --methods: the policy of every plan, in TOML.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="With --methods: of the optimiser.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(min=0, help="With --methods: seconds that the optimiser may search.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set plans of one day side by side: cost, gap, parcels, distance, and who wins or loses by it.

    All plans are compared with the first. Plans of different days are refused.
    """
    with open_output(as_json) as out:
        from fulfillment.planning.report.comparison import compare as compare_plans
        from fulfillment.planning.report.side_by_side import comparison_lines

        _require_place(out_file)
        if methods is None:
            plans = _read_plans(folders)
        else:
            search = Search(policy=read_policy(policy_file), seed=seed, time_limit=time_limit)
            plans = dict(_plan_by_each(out, folders, methods, search, keep))
        comparison = compare_plans(plans)
        for line in comparison_lines(comparison):
            out.line(line)
        out.result(comparison.document())
        if out_file is not None:
            _write_page(comparison, out_file)
            out.line(f"written to {out_file}")
        if any(facts.run["stop_reason"] == "interrupted" for facts in plans.values()):
            raise typer.Exit(ExitCode.INTERRUPTED)


def _read_plans(folders: list[Path]) -> dict[str, "PlanFacts"]:
    from fulfillment.planning.plan_facts import PlanFacts

    if len(folders) < 2:
        raise InvalidRequest("one folder is nothing to compare", remedy=USES, key="PLAN_DIR")
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    if len(set(names)) < len(names):
        raise InvalidRequest("a plan is named twice", remedy="name each plan once", key="PLAN_DIR")
    return {name: PlanFacts.read(folder) for name, folder in zip(names, folders, strict=True)}


def _plan_by_each(
    out: Output, folders: list[Path], methods: str, search: Search, keep: Path | None
) -> Iterator[tuple[str, "PlanFacts"]]:
    """Plan one day by each method in turn; an interrupt ends it after the plan it fell into."""
    from fulfillment.planning.folder import require_writable, write_plan
    from fulfillment.planning.manifest import files_read, run_document
    from fulfillment.planning.methods import OPTIMAL
    from fulfillment.planning.plan_facts import PlanFacts
    from fulfillment.scenario.folder import table_files
    from fulfillment.scenario.read import read_scenario

    if len(folders) != 1:
        raise InvalidRequest("--methods plans the day of one folder", remedy=USES, key="methods")
    names = _methods(methods)
    kept = {name: keep / name for name in names} if keep else {}
    for folder in kept.values():
        require_writable(folder)
    with out.progress("read and validate"):
        scenario = read_scenario(folders[0])
    inputs = files_read(table_files(folders[0]))
    for name in names:
        out.line(f"by the method {name}")
        limit = search.time_limit if name == OPTIMAL else None
        day = plan_with_progress(out, scenario, replace(search, method=name, time_limit=limit))
        facts = PlanFacts.of(day, run_document(day, inputs, {}))
        if name in kept:
            write_plan(facts, kept[name])
        yield name, facts
        if day.result.stop_reason == "interrupted":
            return


def _methods(listed: str) -> list[str]:
    from fulfillment.planning.methods import METHODS, require_method

    names = list(METHODS) if listed == ALL else [name.strip() for name in listed.split(",")]
    for name in names:
        require_method(name)
    if len(set(names)) < len(names):
        raise InvalidRequest(f"--methods {listed} names one twice", remedy="name each once", key="methods")
    return names


def _require_place(path: Path | None) -> None:
    """Refuse a place for the page before any work is done."""
    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise InvalidRequest(
            f"{path} can't be a page", remedy="name a file in a folder that is there", path=str(path)
        )


def _write_page(comparison: "Comparison", path: Path) -> None:
    from fulfillment.planning.report.side_by_side import comparison_page

    try:
        path.write_text(comparison_page(comparison), encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(
            f"{path} can't be written: {error.strerror}",
            remedy="name a file that you may write",
            path=str(path),
        ) from error
