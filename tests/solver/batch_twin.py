"""The best plan of a tiny batch, by trying everything; plain Python on top of `twin`.

Each order has a set of **options**: what it takes from every stock row and how much capacity of every node it
uses, and the least cost of doing so. A batch is one option an order, jointly within stock and capacity; what
it takes of tails is paid on top.
"""

from collections import Counter
from functools import cache
from itertools import product

import numpy as np
from ortools.sat.python import cp_model

from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from tests.solver.twin import OrderView, minus, order_ways, within

# (units by stock row, units of capacity by node) -> least cost
Options = dict[tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]], int]


def order_options(p: AllocationProblem, order: int) -> Options:
    """Every way to serve one order alone, on all stock and capacity."""
    options: Options = {}
    for way in order_ways(p, order):
        view = OrderView(p, order, p.pos_free, p.node_capacity, [0] * p.n_stock, [0] * p.n_nodes, way)
        for taken, cost in _options_of(view).items():
            options[taken] = min(options.get(taken, cost), cost)
    return options


def _options_of(view: OrderView) -> Options:
    @cache
    def send(slot: int, content: tuple[int, ...], parcels: int) -> float:
        """Least cost of sending all of `content` from one node in exactly so many parcels."""
        if parcels == 0:
            return 0 if not any(content) else float("inf")
        parts = [part for part in within(content) if any(part)]
        return min(
            (view.parcel_cost(slot, part) + send(slot, minus(content, part), parcels - 1) for part in parts),
            default=float("inf"),
        )

    options: Options = {}
    shares = [
        [part for part in within(tuple(map(min, view.qty, node[2]))) if view.is_stocked(slot, part)]
        for slot, node in enumerate(view.nodes)
    ]
    for chosen in product(*shares):
        rest = tuple(q - sum(part[k] for part in chosen) for k, q in enumerate(view.qty))
        if min(rest, default=0) < 0 or (view.is_complete and any(rest) and any(map(any, chosen))):
            continue
        counts = [
            range(1, view.most_parcels(slot, part) + 1) if any(part) else (0,)
            for slot, part in enumerate(chosen)
        ]
        for parcels in product(*counts):
            if sum(parcels) > view.parcels_max:
                continue
            cost = view.unfilled_cost(rest) + sum(
                send(slot, part, k) for slot, (part, k) in enumerate(zip(chosen, parcels, strict=True))
            )
            rows: Counter[int] = Counter()
            for slot, part in enumerate(chosen):
                rows.update(view.rows_taken(slot, part))
            uses = [
                (view.node_ids[slot], view.use(slot, part, k))
                for slot, (part, k) in enumerate(zip(chosen, parcels, strict=True))
                if k
            ]
            taken = (tuple(sorted(rows.items())), tuple(use for use in uses if use[1]))
            options[taken] = min(options.get(taken, cost), cost)
    return options


def tail_cost(tail, cost, left) -> int:
    """What is taken of tails costs, when so many units are left."""
    if not len(tail):
        return 0
    return sum(int(c) * max(0, int(t) - k) for t, c, k in zip(tail, cost, left, strict=True))


def tails_within(tail, supply: np.ndarray) -> np.ndarray:
    """A tail is no longer than what there is."""
    return np.minimum(tail, supply) if len(tail) else tail


def best_batch(p: AllocationProblem) -> int:
    """Least cost of all orders together, by recursion over every combination of options."""
    options = [order_options(p, order) for order in range(p.n_orders)]
    limited = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 0)
    stock_tail, node_tail = tails_within(p.stock_tail, p.pos_free), tails_within(p.node_tail, limited)

    @cache
    def serve(order: int, stock: tuple[int, ...], capacity: tuple[int, ...]) -> float:
        if order == p.n_orders:
            return tail_cost(stock_tail, p.stock_tail_cost, stock) + tail_cost(
                node_tail, p.node_tail_cost, capacity
            )
        least = float("inf")
        for (units, uses), cost in options[order].items():
            if cost >= least:
                continue
            left, room = list(stock), list(capacity)
            for row, k in units:
                left[row] -= k
            for node, k in uses:
                room[node] -= k if room[node] < UNLIMITED_PARCELS else 0
            if min(left, default=0) >= 0 and min(room) >= 0:
                least = min(least, cost + serve(order + 1, tuple(left), tuple(room)))
        return least

    return int(serve(0, tuple(p.pos_free.tolist()), tuple(p.node_capacity.tolist())))


def best_batch_by_mip(p: AllocationProblem) -> int:
    """The same as a 0-1 program over the options, for batches too large to recurse over; knows no tails."""
    model = cp_model.CpModel()
    taken: dict[int, list] = {}
    loaded: dict[int, list] = {}
    cost = []
    for order in range(p.n_orders):
        chosen = []
        for (units, uses), price in order_options(p, order).items():
            is_chosen = model.new_bool_var("")
            chosen.append(is_chosen)
            cost.append(price * is_chosen)
            for row, k in units:
                taken.setdefault(row, []).append(k * is_chosen)
            for node, k in uses:
                loaded.setdefault(node, []).append(k * is_chosen)
        model.add_exactly_one(chosen)
    for row, terms in taken.items():
        model.add(sum(terms) <= int(p.pos_free[row]))
    for node, terms in loaded.items():
        model.add(sum(terms) <= int(p.node_capacity[node]))
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # else Python's own handler is gone afterwards
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)
