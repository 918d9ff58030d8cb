"""Plan a batch: the one way in.

1. First come, first served, exactly (`sequence` at zero prices): a feasible plan at once. A warm
   `start` adds the plan before, as far as it still fits, the other orders planned at its prices, and begins
   the search at these prices and not hot.
2. Prices of stock and capacity (`price_search`) begin at what scarce units are worth (`scarcity`). Each step
   climbs the dual over the order patterns that are known and proves an exact bound at the prices it reaches;
   what it came to says how far the next one may go (`price_box`), how smooth its dual is, and when more steps
   would not pay (`cooling`). Now and then the orders are planned in sequence at these prices, so that each
   leaves what is worth more elsewhere. Where the linear program over the patterns is small, its duals are the
   last prices.
3. The best plan is improved by letting orders displace each other (`improve`), then by integer programs over
   patterns, block by block (`columns`), and so on in turn; a tiny batch is one block in the end. Orders too
   large for the exact search are planned again by a program of their own (`replan`).

A stop at any moment leaves the best plan and the best bound so far. The result depends on the problem, the
parameters and the seed, not on who evaluates the shards of orders.
"""

from collections.abc import Callable

import numpy as np

from solver.params import SolveParams
from solver.problem import AllocationProblem
from solver.result import INTERRUPTED, WORKERS_LOST, Result, Status, TracePoint
from solver.run import Run, Stopped
from solver.shards import ShardPool, ThreadShards, WorkersLost
from solver.start import Start
from solver.stop import NeverStop, Progress, Stop

__all__ = ["INTERRUPTED", "WORKERS_LOST", "Result", "SolveParams", "Status", "TracePoint", "solve"]


def solve(
    problem: AllocationProblem,
    stop: Stop | None = None,
    seed: int = 0,
    params: SolveParams | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    pool: ShardPool | None = None,
    start: Start | None = None,
) -> Result:
    """Plan all orders of a problem.

    Parameters
    ----------
    problem : AllocationProblem
    stop : Stop, optional
        Asked after every pass over the orders; by default all passes are done.
    seed : int
        Seeds the sequences in which orders are served anew.
    params : SolveParams, optional
    on_progress : callable, optional
        Told after every pass.
    pool : ShardPool, optional
        Who evaluates the orders at prices; by default `params.threads` threads. Whoever made it closes it.
    start : Start, optional
        Prices and claims of an earlier plan, which need not fit.

    Returns
    -------
    Result
        Also on KeyboardInterrupt and when the pool loses its workers for good, with status STOPPED.

    Raises
    ------
    ValueError
        When the pool or the start is of another problem.
    """
    params = params or SolveParams.for_size(problem.n_orders)
    pool = pool or ThreadShards(problem, params.threads)
    if pool.problem is not problem:
        raise ValueError("the pool must hold the orders of this problem")
    if start is not None:
        start.require_fits(problem)
    run = Run(problem, stop or NeverStop(), params, np.random.default_rng(seed), on_progress, pool, start)
    try:
        run.first_come()
        run.begin_prices()
        run.climb_and_plan()
        run.polish_prices()
        run.improve()
        run.replan()
        run.prove()
        reason = "passes done"
    except Stopped as stopped:
        reason = stopped.reason
    except KeyboardInterrupt:
        reason = INTERRUPTED
    except WorkersLost as lost:
        reason = f"{WORKERS_LOST}: {lost}"
    return run.result(reason)
