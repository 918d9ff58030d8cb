"""What a warm start saves: the next window planned cold, and from the plan of the window before.

usage: python -m benchmarks.warm DIR_OR_CASE

The next window is the same day with one order in ten replaced (a new order with another's place and other
SKUs) and one stock position in ten sold off or filled up. Both runs make all their passes; the table says
after how many passes, and how many seconds of processor time, each reached a gap first.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.cases import Case
from benchmarks.plans import find_day
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.planning.certificate import capacity_prices_table, stock_prices_table
from fulfillment.planning.earlier_plan import EarlierPlan, start_from
from fulfillment.planning.plan_day import plan_day
from fulfillment.planning.plan_tables import allocations_table
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.tables import Scenario
from solver.problem import AllocationProblem
from solver.solve import Result, SolveParams, solve
from solver.start import Start
from solver.stop import Progress

CHANGED = 0.1
GAPS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001)
Reached = list[tuple[float, int, float]]  # gap, passes, seconds of processor time


def next_window(day: Scenario, seed: int = 1) -> Scenario:
    """Replace orders and change stock; the same every time."""
    rng = np.random.default_rng(seed)
    orders, lines, stock = day.orders, day.order_lines, day.stock
    is_new = rng.random(len(orders)) < CHANGED
    names = [f"{name}-new" if new else name for name, new in zip(orders.order_id, is_new, strict=True)]
    new = np.flatnonzero(is_new)
    postal = orders.postal.copy()
    shipped = new[np.array([orders.method[k] == "SHIPPING" for k in new], bool)]
    postal[shipped] = rng.permutation(postal[shipped])
    sku = np.where(is_new[lines.order], rng.permutation(lines.sku), lines.sku)
    changes = rng.random(len(stock)) < CHANGED
    available = np.where(changes, rng.poisson(stock.available), stock.available)
    return replace(
        day,
        orders=replace(orders, order_id=names, postal=postal),
        order_lines=replace(lines, sku=sku),
        stock=replace(stock, available=available),
    )


def run(problem: AllocationProblem, start: Start | None) -> tuple[Result, Reached]:
    """Solve and note each pass."""
    reached: Reached = []
    began = time.process_time()

    def note(progress: Progress) -> None:
        reached.append((progress.gap, progress.passes, time.process_time() - began))

    return solve(problem, on_progress=note, start=start), reached


def when(reached: Reached, gap: float) -> str:
    """Tell when a gap was reached, in passes and seconds."""
    for found, passes, seconds in reached:
        if found <= gap:
            return f"{passes:>7,} {seconds:>9.1f}"
    return f"{'-':>7} {'-':>9}"


def main(arguments: list[str], write: Callable[[str], object] = sys.stdout.write) -> int:
    """Plan a day, then the next window twice, and write the table."""
    (name,) = arguments
    found = find_day(name, {})
    day = found.generate() if isinstance(found, Case) else read_scenario(Path(found))
    before = plan_day(day, Policy.default(), params=SolveParams.for_size(len(day.orders)))
    earlier = EarlierPlan(
        allocations_table(before), stock_prices_table(before), capacity_prices_table(before), {}
    )
    window = next_window(day)
    built = build_problem(window, Policy.default())
    start, known = start_from(earlier, window, built)
    cold, cold_reached = run(built.problem, None)
    warm, warm_reached = run(built.problem, start)
    write(f"{name}: {known.orders_found:,} orders planned before, {known.orders_passed_over:,} gone\n")
    write(f"{'gap':>10}  cold: passes  CPU s   warm: passes  CPU s\n")
    for gap in sorted({*GAPS, cold.gap}, reverse=True):
        write(f"{gap:>10.3%}      {when(cold_reached, gap)}      {when(warm_reached, gap)}\n")
    for label, result, reached in (("cold", cold, cold_reached), ("warm", warm, warm_reached)):
        write(
            f"{label} ends at {result.gap:.3%}, cost {result.cost / 1e6:,.0f}, bound "
            f"{result.lower_bound / 1e6:,.0f}, after {result.passes} passes, {reached[-1][2]:.1f} CPU s\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
