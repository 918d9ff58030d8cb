"""Dual prices on stock and capacity, and the lower bound they prove.

Give every unit of a stock row a price ``lambda >= 0`` and every unit of a node's capacity a price ``mu >=
0``, and let each order choose alone, paying them (Lagrangian relaxation; Fisher 1981) ::

    bound(lambda, mu) = sum over orders of min(cost + sum lambda*units + sum mu*use)
                        - sum worth(lambda, free) - sum worth(mu, capacity)

    worth(price, supply) = price*(supply - tail) + max(0, price - tail_cost)*tail

Without tails ``worth`` is what all there is would pay: for every feasible plan the prices paid are at most
that, so no plan costs less than the bound, whatever the prices. With a tail the plan itself pays ``tail(u) =
tail_cost * max(0, u - (supply - tail))`` for u units of a row, and what the row earns beyond that, ``price*u
- tail(u)``, is at most its maximum over 0 <= u <= supply. The term is concave in u, and its maximum is
``worth``: all units before the tail, and the tail where the price exceeds its cost (the convex conjugate of
``tail``; Rockafellar 1970). Each order's minimum is over all plans that its own rules allow: alternatives,
most parcels, complete or nothing, recipes. What a rule forbids raises that minimum, and every plan of the
batch is one such choice an order.

The sums are of integers, so the bound is exact and the same whoever adds them up. An order too large
for the exact search counts with `large_order.bound_large_order`.
"""

from dataclasses import dataclass

import numpy as np

from solver.arrays import ProblemArrays
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s
from solver.shards import ShardPool, ThreadShards, least_costs


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices and the lower bound they prove, all in micros."""

    stock: Int64s  # [h] >= 0
    capacity: Int64s  # [n] >= 0; 0 where capacity is unlimited
    lower_bound: int

    @classmethod
    def zero(cls, problem: AllocationProblem) -> "Prices":
        """Return prices of zero, as if nothing were scarce; costs are never negative, so 0 is a bound."""
        return cls(np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64), 0)


def lower_bound(
    problem: AllocationProblem, pos_price: Int64s, node_price: Int64s, pool: ShardPool | None = None
) -> int:
    """Compute the bound that prices prove, exactly, in micros.

    pos_price, node_price : int64[h], int64[n], micros, >= 0; 0 where capacity is unlimited.
    pool : who prices the orders of `problem`; by default one thread.
    """
    total = int(least_costs(pool or ThreadShards(problem, 1), pos_price, node_price).sum())
    return total - worth_of_supply(ProblemArrays.of(problem), pos_price, node_price)


def worth_of_supply(arrays: ProblemArrays, pos_price: Int64s, node_price: Int64s) -> int:
    """Add up ``worth`` of all stock and capacity at prices, in micros; see the module's docstring.

    pos_price, node_price : int64[h], int64[n], micros, >= 0; 0 where capacity is unlimited.
    """
    limited = np.where(arrays.node_capacity < UNLIMITED_PARCELS, arrays.node_capacity, 0)
    above_stock = np.maximum(0, pos_price - arrays.stock_tail_cost)
    above_node = np.maximum(0, node_price - arrays.node_tail_cost)
    worth = pos_price @ (arrays.pos_free - arrays.stock_tail) + above_stock @ arrays.stock_tail
    worth += node_price @ (limited - arrays.node_tail) + above_node @ arrays.node_tail
    return int(worth)


def cost_step(problem: AllocationProblem) -> int:
    """Return what divides every amount that a plan's cost adds up, and so every plan's cost; micros, >= 1."""
    amounts = (
        problem.node_parcel_cost, problem.pos_unit_cost, problem.line_penalty, problem.list_cost,
        problem.list_fixed, problem.stock_tail_cost, problem.node_tail_cost,
    )  # fmt: skip
    return max(1, int(np.gcd.reduce(np.concatenate(amounts))))


def limited_capacity(problem: AllocationProblem) -> Int64s:
    """Units of capacity, 0 where it is unlimited and so can have no price; int64[n]."""
    unlimited = problem.node_capacity >= UNLIMITED_PARCELS
    return np.where(unlimited, 0, problem.node_capacity)
