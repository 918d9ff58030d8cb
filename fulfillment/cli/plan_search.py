"""Search for a plan, show how far it is, and tell what the plan does."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fulfillment.cli.output import Output
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy

if TYPE_CHECKING:
    from fulfillment.planning.earlier_plan import EarlierPlan
    from fulfillment.planning.plan_day import PlannedDay
    from fulfillment.scenario.tables import Scenario
    from solver.remote_shards import Workforce
    from solver.stop import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a plan is searched for."""

    policy: Policy
    method: str = "optimal"
    seed: int = 0
    time_limit: float | None = None  # seconds
    gap_percent: float | None = None  # that is near enough
    threads: int = 2
    workforce: "Workforce | None" = None  # in place of threads
    earlier: "EarlierPlan | None" = None  # to start from


def check_method(method: str, time_limit: float | None, gap_percent: float | None) -> None:
    """Refuse a method that does not exist, and a limit for one that does not search.

    Raises
    ------
    InvalidRequest
        Before any work is done.
    """
    from fulfillment.planning.methods import OPTIMAL, require_method

    require_method(method)
    for key, limit in (("time_limit", time_limit), ("gap", gap_percent)):
        if method != OPTIMAL and limit is not None:
            raise InvalidRequest(
                f"{method} is a rule: it serves every order once, so there is no search to limit",
                remedy=f"leave --{key.replace('_', '-')} out",
                key=key,
                value=limit,
            )


def read_earlier(folder: Path | None, method: str) -> "EarlierPlan | None":
    """Read the plan to start from, if one is named.

    Raises
    ------
    InvalidRequest
        When the folder holds no plan, or the method does not search.
    """
    from fulfillment.planning.earlier_plan import EarlierPlan
    from fulfillment.planning.methods import OPTIMAL

    if folder is None:
        return None
    if method != OPTIMAL:
        raise InvalidRequest(
            f"{method} is a rule: it serves every order afresh, from no earlier plan",
            remedy="leave --from out",
            key="from",
            value=str(folder),
        )
    return EarlierPlan.read(folder)


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
    try:
        return Policy.from_toml(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"{path}: {error.message}", remedy=error.remedy, **error.data) from error


def plan_with_progress(out: Output, scenario: "Scenario", search: Search) -> "PlannedDay":
    """Plan a scenario and show how far it is."""
    from fulfillment.planning.methods import OPTIMAL
    from fulfillment.planning.plan_day import plan_day
    from solver.baselines.run import STEPS
    from solver.solve import SolveParams
    from solver.stop import Progress

    params = SolveParams.for_size(len(scenario.orders), search.threads)
    searches = search.method == OPTIMAL
    passes = params.passes_planned if search.earlier is None else params.warm_passes_planned
    with out.progress("plan", total=passes if searches else STEPS) as step:
        done = 0

        def on_progress(progress: Progress) -> None:
            nonlocal done
            reached = (passes if searches else STEPS) - (progress.passes_planned - progress.passes)
            step.advance(reached - done, note=f"gap {progress.gap:.2%}" if searches else "")
            done = reached

        return plan_day(
            scenario,
            search.policy,
            method=search.method,
            seed=search.seed,
            stop=_stop_of(search),
            params=params,
            on_progress=on_progress,
            workforce=search.workforce,
            earlier=search.earlier,
        )


def _stop_of(search: Search) -> "Stop | None":
    from solver.stop import FirstOf, MaxGap, MaxSeconds

    stops: list[Stop] = []
    if search.gap_percent is not None:
        stops.append(MaxGap(search.gap_percent / 100))
    if search.time_limit is not None:
        stops.append(MaxSeconds(search.time_limit))
    return FirstOf(tuple(stops)) if stops else None


def tell(out: Output, day: "PlannedDay") -> None:
    """Say what a plan does, in a few lines."""
    from fulfillment.planning.certificate import why_no_pinned_bound
    from fulfillment.planning.manifest import counts, units_by_reason
    from solver.solve import Status

    count = counts(day)
    cost, result = day.cost, day.result
    if day.started_from is not None:
        known = day.started_from
        out.line(
            f"started from an earlier plan: {known.orders_found:,} of its orders are here; passed over "
            f"{known.orders_passed_over:,} orders and {known.prices_passed_over:,} prices"
        )
    out.line(f"{count['orders']:,} orders, {count['units']:,} units, {count['parcels']:,} parcels")
    out.line(
        f"{count['orders_filled']:,} orders filled whole, {count['orders_split']:,} split, "
        f"{count['units_unfilled']:,} units unfilled"
    )
    out.line(
        f"cost {dollars(cost.total_micros)} = transport {dollars(cost.transport_micros)} "
        f"+ handling {dollars(cost.handling_micros)} + unfilled {dollars(cost.unfilled_micros)}"
    )
    if not day.policy.has_pinned_meaning:
        out.line(f"to the policy it costs {_policy_parts(day)}")
    no_pinned_bound = why_no_pinned_bound(day)
    if no_pinned_bound is not None:
        out.line(no_pinned_bound)
    if count["orders_with_alternatives"]:
        out.line(
            f"{count['orders_served_by_alternative']:,} of {count['orders_with_alternatives']:,} orders with "
            "alternatives take one of them"
        )
    measure = "" if day.policy.has_pinned_meaning else " to the policy"
    out.line(
        f"first-come would cost {dollars(result.first_come_cost)}{measure}; no plan costs less than "
        f"{dollars(result.lower_bound)}: at most {result.gap:.2%} above the best possible"
    )
    for reason, units in units_by_reason(day).items():
        out.line(f"  unfilled, {reason}: {units:,} units")
    if result.status is Status.STOPPED and not result.repeatable:
        out.line(f"stopped early ({result.stop_reason}); such a plan may not repeat")


def _policy_parts(day: "PlannedDay") -> str:
    """Tell a plan's cost to its policy apart; parts of zero are left out."""
    parts = day.policy_cost.in_micros()
    told = [f"{part.replace('_', ' ')} {dollars(micros)}" for part, micros in parts.items() if micros]
    return f"{dollars(day.policy_cost.total_micros)} = {' + '.join(told) or '0'}"


def dollars(micros: int) -> str:
    """Write an amount in the currency's major unit."""
    return f"{micros / 1_000_000:,.2f}"
