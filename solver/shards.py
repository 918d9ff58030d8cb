"""All orders at prices, shard by shard: the work of a pass, wherever it is done.

At given prices every order stands alone, so a pass over them is dealt out. The orders of a problem fall into
a fixed number of **shards**: shard k of K holds the orders k, k + K, k + 2K … A **job** does one thing to a
shard; a **pool** does a job to all of them and hands the results on in the shards' order. How many shards
there are depends on the problem alone, so sums of floating-point numbers come out the same to the last bit
whoever works: threads here, processes (`processes`), or machines (`remote_shards`).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.large_order import bound_large_order
from solver.problem import AllocationProblem, Int64s, SolverError
from solver.search import is_searchable, search_order

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")

SHARDS_MIN, SHARDS_MAX = 8, 64
SHARD_ORDERS = 15_000  # about so many a shard, between those two


class WorkersLost(SolverError):
    """Workers were lost too often, or none could be had."""


def count_shards(n_orders: int) -> int:
    """Return the number of shards: more of them for more orders, so that many workers have some each."""
    return min(SHARDS_MAX, max(SHARDS_MIN, n_orders // SHARD_ORDERS))


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `step`-th order of a problem from `first`, with the problem's arrays as kernels take them."""

    problem: AllocationProblem
    arrays: ProblemArrays
    first: int
    step: int


class Job(Protocol[R_co]):
    """What is done to each shard. It travels to other processes, so it must pickle."""

    def __call__(self, shard: Shard) -> R_co:
        """Do it; the result depends on nothing but the job and the shard's orders."""


class ShardPool(Protocol):
    """Does jobs to all shards of one problem."""

    @property
    def problem(self) -> AllocationProblem:
        """The problem whose orders these are."""

    @property
    def n_shards(self) -> int:
        """Number of shards."""

    def run(self, job: Job[R]) -> Iterator[R]:
        """Do a job to every shard; yields the results in the shards' order.

        Raises
        ------
        WorkersLost
            When workers were lost too often; threads cannot be.
        """


class ThreadShards:
    """A pool of threads: the kernels release the interpreter's lock, and all arrays are shared."""

    def __init__(self, problem: AllocationProblem, threads: int) -> None:
        self.problem = problem
        self.n_shards = count_shards(problem.n_orders)
        self._threads = threads
        arrays = ProblemArrays.of(problem)
        self._shards = [Shard(problem, arrays, shard, self.n_shards) for shard in range(self.n_shards)]

    def run(self, job: Job[R]) -> Iterator[R]:
        """Do a job to every shard; yields the results in the shards' order."""
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(job, self._shards)


@dataclass(frozen=True, slots=True)
class PriceOrders:
    """The job of the exact bound: what each order pays when it chooses alone; see `price_orders`."""

    pos_price: Int64s  # [h] micros, >= 0
    node_price: Int64s  # [n] micros, >= 0

    def __call__(self, shard: Shard) -> Int64s:
        """Return int64[orders of the shard], micros."""
        least_cost = np.zeros(len(range(shard.first, shard.problem.n_orders, shard.step)), np.int64)
        scratch = Scratch.for_problem(shard.problem)
        price_orders(
            shard.first, shard.step, shard.arrays, self.pos_price, self.node_price, scratch, least_cost
        )
        return least_cost


def least_costs(pool: ShardPool, pos_price: Int64s, node_price: Int64s) -> Int64s:
    """Let every order choose alone at prices; what each pays, prices included: int64[o], micros.

    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    """
    least_cost = np.zeros(pool.problem.n_orders, np.int64)
    for shard, part in enumerate(pool.run(PriceOrders(pos_price, node_price))):
        least_cost[shard :: pool.n_shards] = part
    return least_cost


@kernel
def price_orders(
    first: int,
    step: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    w: Scratch,
    least_cost: Int64s,
) -> None:
    """Let every `step`-th order from `first` choose alone at prices, on all stock and capacity.

    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    least_cost : int64, one for each of these orders, written: what it pays, prices included, in micros; for
    one too large for the exact search, what it pays at least.
    """
    for at, order in enumerate(range(first, len(p.order_destination), step)):
        if is_searchable(order, p):
            cost, _, _ = search_order(order, p, p.pos_free, p.node_capacity, pos_price, node_price, w)
            least_cost[at] = cost
        else:
            least_cost[at] = bound_large_order(order, p, pos_price, node_price, w.slot_of_node)
