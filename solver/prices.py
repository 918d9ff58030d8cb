"""Dual prices on stock and capacity, and the lower bound they prove.

Give every unit of a position a price ``lambda >= 0`` and every parcel of a node a price ``mu >= 0``, and let
each order choose alone, paying them (Lagrangian relaxation; Fisher 1981) ::

    bound(lambda, mu) = sum over orders of min(cost + sum lambda*units + sum mu*parcels)
                        - sum lambda*free - sum mu*capacity

For every feasible plan the prices paid are at most the prices of all there is, so no plan costs less than the
bound, whatever the prices. The sums are of integers, so the bound is exact and the same for any number of
workers. An order too large for the exact search counts with `large_order.bound_large_order`.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.large_order import bound_large_order
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.search import is_searchable, search_order


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices and the lower bound they prove, all in micros."""

    stock: Int64s  # [p] >= 0
    capacity: Int64s  # [n] >= 0; 0 where capacity is unlimited
    lower_bound: int

    @classmethod
    def zero(cls, problem: AllocationProblem) -> "Prices":
        """Return prices of zero, as if nothing were scarce; costs are never negative, so 0 is a bound."""
        return cls(np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64), 0)


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

    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    least_cost : int64[o], written for these orders: what each pays, prices included, in micros; for one too
    large for the exact search, what it pays at least.
    """
    for order in range(first, len(p.order_destination), step):
        if is_searchable(order, p):
            cost, _, _ = search_order(order, p, p.pos_free, p.node_capacity, pos_price, node_price, w)
            least_cost[order] = cost
        else:
            least_cost[order] = bound_large_order(order, p, pos_price, node_price, w.slot_of_node)


def least_costs(problem: AllocationProblem, pos_price: Int64s, node_price: Int64s, workers: int) -> Int64s:
    """Let every order choose alone at prices; what each pays, prices included: int64[o], micros.

    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    workers : threads, side by side, as the kernels release the interpreter's lock.
    """
    arrays = ProblemArrays.of(problem)
    least_cost = np.zeros(problem.n_orders, np.int64)

    def price(worker: int) -> None:
        scratch = Scratch.for_problem(problem)
        price_orders(worker, workers, arrays, pos_price, node_price, scratch, least_cost)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(price, range(workers)))
    return least_cost


def lower_bound(problem: AllocationProblem, pos_price: Int64s, node_price: Int64s, workers: int) -> int:
    """Compute the bound that prices prove, exactly, in micros.

    pos_price, node_price : int64[p], int64[n], micros, >= 0; 0 where capacity is unlimited.
    """
    total = int(least_costs(problem, pos_price, node_price, workers).sum())
    return total - int(pos_price @ problem.pos_free) - int(node_price @ limited_capacity(problem))


def limited_capacity(problem: AllocationProblem) -> Int64s:
    """Capacity in parcels, 0 where it is unlimited and so can have no price; int64[n]."""
    unlimited = problem.node_capacity >= UNLIMITED_PARCELS
    return np.where(unlimited, 0, problem.node_capacity)
