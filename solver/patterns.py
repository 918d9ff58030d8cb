"""Order patterns: plans of single orders that were met on the way, the columns of a master problem.

A **pattern** is one way to serve one order: what it costs, and how many units of which rows it takes. Rows
are the stock rows, then the capacities of the nodes. Which parcels it stands for is not kept: the exact
search, shown only these units, finds parcels that cost no more (`claims`).

Rows that cannot run out are left out, and so is the pattern that takes nothing: every order has it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays, Scratch
from solver.jit import inner_kernel, kernel
from solver.large_order import bound_large_order
from solver.plan_state import PlanState
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int32s, Int64s
from solver.search import is_searchable, search_order
from solver.shards import Shard

Bools = npt.NDArray[np.bool_]


class Patterns(NamedTuple):
    """Patterns in the sequence of their orders. Axes: ``j`` patterns, ``e`` entries (a row in a pattern)."""

    order: Int64s  # [j] ascending
    cost: Int64s  # [j] micros, unfilled units included, prices not
    key: Int64s  # [j] equal for equal patterns of an order
    entry_ptr: Int64s  # [j+1]
    row: Int32s  # [e] a stock row, or n_stock + a node
    qty: Int64s  # [e] units of stock or of capacity, >= 1

    @classmethod
    def none(cls) -> "Patterns":
        """Return no patterns at all."""
        return cls.with_room(0, 0)

    @classmethod
    def with_room(cls, n_patterns: int, n_entries: int) -> "Patterns":
        """Allocate arrays for so many patterns and entries."""
        return cls(
            order=np.zeros(n_patterns, np.int64),
            cost=np.zeros(n_patterns, np.int64),
            key=np.zeros(n_patterns, np.int64),
            entry_ptr=np.zeros(n_patterns + 1, np.int64),
            row=np.zeros(n_entries, np.int32),
            qty=np.zeros(n_entries, np.int64),
        )

    def chosen(self, which: Int64s) -> "Patterns":
        """Keep the patterns at the ascending positions `which`."""
        count = np.diff(self.entry_ptr)[which]
        entry_ptr = np.concatenate(([0], np.cumsum(count)))
        entry = np.repeat(self.entry_ptr[which] - entry_ptr[:-1], count) + np.arange(entry_ptr[-1])
        return Patterns(
            self.order[which], self.cost[which], self.key[which], entry_ptr, self.row[entry], self.qty[entry]
        )

    def cut(self, n_patterns: int) -> "Patterns":
        """Keep the first `n_patterns`."""
        return self.chosen(np.arange(n_patterns))


def rows_that_bind(problem: AllocationProblem) -> Bools:
    """Rows that all interested orders together could use up; bool[h + n]."""
    wanted = np.zeros(problem.n_skus, np.int64)
    np.add.at(wanted, problem.line_sku, problem.line_qty)
    of_position = np.repeat(wanted, np.diff(problem.sku_ptr))
    wanted_of_row = of_position[: problem.n_stock].copy()
    if problem.n_positions > problem.n_stock:
        component = np.repeat(of_position[problem.n_stock :], np.diff(problem.recipe_ptr))
        np.add.at(wanted_of_row, problem.recipe_pos, component * problem.recipe_qty)
    can_run_out = (problem.pos_free > 0) & (problem.pos_free < wanted_of_row)
    has_tail = problem.stock_tail > 0 if problem.stock_tail.size else False
    return np.concatenate([can_run_out | has_tail, problem.node_capacity < UNLIMITED_PARCELS])


def patterns_of_plan(problem: AllocationProblem, plan: PlanState, binds: Bools) -> Patterns:
    """Write down what each order of a plan takes; orders that take nothing have no pattern."""
    arrays = ProblemArrays.of(problem)
    orders = np.flatnonzero(plan.n_parcels)
    written = Patterns.with_room(len(orders), _most_entries(problem, orders))
    write_plan_patterns(orders, arrays, plan, binds, written)
    return written.cut(len(orders))


def patterns_of_single_nodes(problem: AllocationProblem, binds: Bools) -> Patterns:
    """Write down each order's best plan from each node alone; a search for every order and node."""
    arrays, scratch = ProblemArrays.of(problem), Scratch.for_problem(problem)
    orders = np.arange(problem.n_orders)
    least_cost = np.zeros(problem.n_orders, np.int64)
    found = Patterns.with_room(problem.n_orders, _most_entries(problem, orders))
    no_price = np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64)
    patterns = Patterns.none()
    for node in range(problem.n_nodes):
        here = np.where(problem.pos_node[: problem.n_stock] == node, problem.pos_free, 0)
        n = find_patterns(
            orders, arrays, here, problem.node_capacity, *no_price, binds, scratch, least_cost, found
        )
        patterns = merge(patterns, found.cut(n))
    return patterns


def excess_at_prices(patterns: Patterns, nothing: Int64s, prices: Int64s) -> tuple[Int64s, Int64s]:
    """Return what each costs above its order's best at prices, int64[j], and that best, int64[o]; micros.

    nothing : int64[o], micros, what taking nothing costs.   prices : int64[h + n], micros.
    """
    paid = np.concatenate(([0], np.cumsum(patterns.qty * prices[patterns.row])))
    priced = patterns.cost + np.diff(paid[patterns.entry_ptr])
    least = nothing.copy()
    np.minimum.at(least, patterns.order, priced)
    return np.asarray(priced - least[patterns.order]), least


@kernel
def write_plan_patterns(
    orders: Int64s, p: ProblemArrays, plan: PlanState, binds: Bools, written: Patterns
) -> None:
    """Write the pattern of each of `orders` as `plan` has it; each must hold a parcel."""
    n_stock = len(p.pos_free)
    entry = 0
    for n in range(len(orders)):
        order = orders[n]
        slot = plan.slot_ptr[order]
        last = slot + plan.n_parcels[order] - 1
        begin = entry
        for e in range(slot, plan.entry_end[last]):
            entry = write_units(plan.entry_pos[e], plan.entry_qty[e], p, written, entry)
        for parcel in range(slot, last + 1):
            written.row[entry] = n_stock + plan.parcel_node[parcel]
            written.qty[entry] = plan.parcel_use[parcel]
            entry += 1
        entry, key = keep_binding(begin, entry, binds, written)
        written.order[n], written.cost[n], written.key[n] = order, plan.order_cost[order], key
        written.entry_ptr[n + 1] = entry


@dataclass(frozen=True, slots=True)
class Found:
    """What a shard's orders choose at prices."""

    least_cost: Int64s  # of each of its orders, prices included, in micros; see `shards.price_orders`
    patterns: Patterns  # their ``order`` counts within the shard, which may stand on another machine


@dataclass(frozen=True, slots=True)
class FindPatterns:
    """The job of a pricing pass: each order's cheapest plan at prices, as a pattern."""

    pos_price: Int64s  # [h] micros, >= 0
    node_price: Int64s  # [n] micros, >= 0
    binds: Bools  # [h + n] rows that are kept

    def __call__(self, shard: Shard) -> Found:
        """Price the shard's orders."""
        p = shard.arrays
        orders = np.arange(shard.first, shard.problem.n_orders, shard.step)
        least_cost = np.zeros(len(orders), np.int64)
        room = _most_entries(shard.problem, orders)
        found = Patterns.with_room(len(orders), room)
        n = find_patterns(
            orders, p, p.pos_free, p.node_capacity, self.pos_price, self.node_price, self.binds,
            Scratch.for_problem(shard.problem), least_cost, found,
        )  # fmt: skip
        return Found(least_cost, found.cut(n))


def _most_entries(problem: AllocationProblem, orders: Int64s) -> int:
    """Count the entries that patterns of `orders` can have at most: each unit in a parcel of its own."""
    units = np.concatenate(([0], np.cumsum(problem.line_qty)))[problem.order_ptr]
    widest_recipe = int(np.diff(problem.recipe_ptr).max(initial=1))
    return int(np.diff(units)[orders].sum()) * (widest_recipe + 1)


@kernel
def find_patterns(
    orders: Int64s,
    p: ProblemArrays,
    pos_left: Int64s,
    node_left: Int64s,
    pos_price: Int64s,
    node_price: Int64s,
    binds: Bools,
    w: Scratch,
    least_cost: Int64s,
    found: Patterns,
) -> int:
    """Search each order's cheapest plan on what is left, at prices, and write it down as a pattern.

    least_cost : int64, one for each of `orders`, written: micros, prices included; for an order too large
    for the exact search what it pays at least, and no pattern.   found : written.
    Returns the number of patterns.
    """
    n, entry = 0, 0
    for at in range(len(orders)):
        order = orders[at]
        if not is_searchable(order, p):
            least_cost[at] = bound_large_order(order, p, pos_price, node_price, w.slot_of_node)
            continue
        least_cost[at], n_out, _ = search_order(order, p, pos_left, node_left, pos_price, node_price, w)
        if n_out == 0:
            continue
        entry_end, paid = list_rows(order, n_out, p, pos_price, node_price, w, found, entry)
        entry, key = keep_binding(entry, entry_end, binds, found)
        found.order[n], found.cost[n], found.key[n] = at, least_cost[at] - paid, key
        n += 1
        found.entry_ptr[n] = entry
    return n


@inner_kernel
def list_rows(
    order: int,
    n_out: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    w: Scratch,
    found: Patterns,
    entry: int,
) -> tuple[int, int]:
    """Write the rows that the parcels in `w` take, from `entry` on; returns the end and the prices paid."""
    first = p.order_ptr[order]
    n_lines = p.order_ptr[order + 1] - first
    n_stock = len(p.pos_free)
    begin = entry
    for i in range(n_out):
        c, state = w.out_cand[i], w.out_state[i]
        node = w.cand_node[c]
        use = p.node_parcel_use[node]
        for k in range(n_lines):
            units = (state // w.stride[k]) % (p.line_qty[first + k] + 1)
            if units > 0:
                use += units * p.pos_capacity_use[w.cand_pos[c, k]]
                entry = write_units(w.cand_pos[c, k], units, p, found, entry)
        found.row[entry], found.qty[entry] = n_stock + node, use
        entry += 1
    paid = 0
    for e in range(begin, entry):
        row = found.row[e]
        paid += found.qty[e] * (pos_price[row] if row < n_stock else node_price[row - n_stock])
    return entry, paid


@inner_kernel
def write_units(pos: int, units: int, p: ProblemArrays, patterns: Patterns, entry: int) -> int:
    """Write the stock rows that units of a position take, from `entry` on; returns the end."""
    n_stock = len(p.pos_free)
    if pos < n_stock:
        patterns.row[entry], patterns.qty[entry] = pos, units
        return entry + 1
    for r in range(p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]):
        patterns.row[entry], patterns.qty[entry] = p.recipe_pos[r], units * p.recipe_qty[r]
        entry += 1
    return entry


@inner_kernel
def keep_binding(begin: int, end: int, binds: Bools, patterns: Patterns) -> tuple[int, int]:
    """Drop the entries from `begin` to `end` whose rows cannot run out; returns the new end and a key."""
    kept, key = begin, 0
    for e in range(begin, end):
        row = patterns.row[e]
        if binds[row] and patterns.qty[e] > 0:
            patterns.row[kept], patterns.qty[kept] = row, patterns.qty[e]
            key += _mix(row) * patterns.qty[e]
            kept += 1
    return kept, key


@inner_kernel
def _mix(row: int) -> np.int64:
    """Spread a row's number over 62 bits, so that sums rarely meet (splitmix64: Steele et al. 2014)."""
    z = np.uint64(row + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64(z >> np.uint64(2))


@kernel
def merge_patterns(old: Patterns, new: Patterns, merged: Patterns) -> int:
    """Merge two sets of patterns by order into `merged`, equal ones once; returns their number.

    merged : with room for all of both.
    """
    n, entry = 0, 0
    i, j = 0, 0
    while i < len(old.order) or j < len(new.order):
        take_old = j == len(new.order) or (i < len(old.order) and old.order[i] <= new.order[j])
        source, at = (old, i) if take_old else (new, j)
        order, key = source.order[at], source.key[at]
        is_known = False
        k = n - 1
        while not is_known and k >= 0 and merged.order[k] == order:
            is_known = merged.key[k] == key and merged.cost[k] <= source.cost[at]
            k -= 1
        if not is_known:
            merged.order[n], merged.key[n], merged.cost[n] = order, key, source.cost[at]
            for e in range(source.entry_ptr[at], source.entry_ptr[at + 1]):
                merged.row[entry], merged.qty[entry] = source.row[e], source.qty[e]
                entry += 1
            n += 1
            merged.entry_ptr[n] = entry
        if take_old:
            i += 1
        else:
            j += 1
    return n


def merge(old: Patterns, new: Patterns) -> Patterns:
    """Merge two sets of patterns, each in the sequence of orders; equal ones are kept once."""
    merged = Patterns.with_room(len(old.order) + len(new.order), len(old.row) + len(new.row))
    return merged.cut(merge_patterns(old, new, merged))


def by_order(parts: list[Patterns]) -> Patterns:
    """Bring the patterns of all shards, each counting its own orders, into the sequence of all orders."""
    order = np.concatenate([part.order * len(parts) + shard for shard, part in enumerate(parts)])
    rank = np.argsort(order, kind="stable")
    count = np.concatenate([np.diff(part.entry_ptr) for part in parts])
    begin = np.concatenate(([0], np.cumsum(count)))[:-1][rank]
    entry_ptr = np.concatenate(([0], np.cumsum(count[rank])))
    entry = np.repeat(begin - entry_ptr[:-1], count[rank]) + np.arange(entry_ptr[-1])
    return Patterns(
        order=order[rank],
        cost=np.concatenate([part.cost for part in parts])[rank],
        key=np.concatenate([part.key for part in parts])[rank],
        entry_ptr=entry_ptr,
        row=np.concatenate([part.row for part in parts])[entry],
        qty=np.concatenate([part.qty for part in parts])[entry],
    )
