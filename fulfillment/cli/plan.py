"""`fulfillment plan`: the best way to serve a day's orders, written as a folder."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy

if TYPE_CHECKING:
    from fulfillment.planning.plan_day import PlannedDay
    from fulfillment.scenario.tables import Scenario


def plan(
    directory: Annotated[Path, typer.Argument(help="The scenario's folder.", metavar="DIR")],
    out_folder: Annotated[Path, typer.Option("--out", help="Where the plan goes; a plan there is replaced.")],
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="A policy in TOML; without it the pinned costs apply.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same plan.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(min=0, help="Seconds to search; such a plan may not repeat.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Threads; the plan does not depend on it.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Plan a day's orders and write allocations, unfilled units with reasons, and a manifest."""
    from fulfillment.planning.folder import require_writable, write_plan
    from fulfillment.planning.manifest import hash_files, run_document
    from fulfillment.scenario.folder import table_files
    from fulfillment.scenario.read import read_scenario

    with open_output(as_json) as out:
        policy = read_policy(policy_file)
        require_writable(out_folder)
        began = time.monotonic()
        with out.progress("read and validate"):
            scenario = read_scenario(directory)
        seconds = {"read": time.monotonic() - began}
        day = plan_with_progress(out, scenario, policy, seed=seed, time_limit=time_limit, workers=workers)
        run = run_document(day, hash_files(table_files(directory)), seconds)
        write_plan(day, run, out_folder)
        tell(out, day)
        out.line(f"written to {out_folder}")
        out.result(run)
        if day.result.stop_reason == "interrupted":
            raise typer.Exit(ExitCode.INTERRUPTED)


def read_policy(path: Path | None) -> Policy:
    """Read a policy from a TOML file, or take the default.

    Raises
    ------
    InvalidRequest
        When the file can't be read, or says what a policy can't.
    """
    if path is None:
        return Policy.default()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"the policy {path} can't be read: {error}", remedy="name a TOML file", path=str(path)
        ) from error
    return Policy.from_toml(text)


def plan_with_progress(
    out: Output, scenario: "Scenario", policy: Policy, *, seed: int, time_limit: float | None, workers: int
) -> "PlannedDay":
    """Plan a scenario and show how far it is."""
    from fulfillment.planning.plan_day import plan_day
    from solver.solve import SolveParams
    from solver.stop import MaxSeconds, Progress

    stop = None if time_limit is None else MaxSeconds(time_limit)
    params = SolveParams(workers=workers)
    with out.progress("plan", total=params.passes_planned) as step:
        done = 0

        def on_progress(progress: Progress) -> None:
            nonlocal done
            step.advance(progress.passes - done, note=f"gap {progress.gap:.2%}")
            done = progress.passes

        return plan_day(scenario, policy, seed=seed, stop=stop, params=params, on_progress=on_progress)


def tell(out: Output, day: "PlannedDay") -> None:
    """Say what a plan does, in a few lines."""
    from fulfillment.planning.manifest import counts, units_by_reason

    count = counts(day)
    cost, result = day.cost, day.result
    out.line(f"{count['orders']:,} orders, {count['units']:,} units, {count['parcels']:,} parcels")
    out.line(
        f"{count['orders_filled']:,} orders filled whole, {count['orders_split']:,} split, "
        f"{count['units_unfilled']:,} units unfilled"
    )
    out.line(
        f"cost {dollars(cost.total_micros)} = transport {dollars(cost.transport_micros)} "
        f"+ handling {dollars(cost.handling_micros)} + unfilled {dollars(cost.unfilled_micros)}"
    )
    out.line(
        f"first-come would cost {dollars(result.first_come_cost)}; no plan costs less than "
        f"{dollars(result.lower_bound)}: at most {result.gap:.2%} above the best possible"
    )
    for reason, units in units_by_reason(day).items():
        out.line(f"  unfilled, {reason}: {units:,} units")
    if not result.repeatable:
        out.line(f"stopped early ({result.stop_reason}); a plan stopped by the clock may not repeat")


def dollars(micros: int) -> str:
    """Write an amount in the currency's major unit."""
    return f"{micros / 1_000_000:,.2f}"
