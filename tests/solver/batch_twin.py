"""The best plan of a tiny batch, by trying everything; plain Python on top of `twin`.

Each order has a set of **options**: what it takes from every position and how many parcels from every node,
and the least cost of doing so. A batch is one option an order, jointly within stock and capacity.
"""

from functools import cache
from itertools import product

from ortools.sat.python import cp_model

from solver.problem import AllocationProblem
from tests.solver.twin import OrderView, minus, within

# (units by position, parcels by node) -> least cost
Options = dict[tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]], int]


def order_options(p: AllocationProblem, order: int) -> Options:
    """Every way to serve one order alone, on all stock and capacity."""
    no_pos, no_node = [0] * p.n_positions, [0] * p.n_nodes
    view = OrderView(p, order, p.pos_free, p.node_capacity, no_pos, no_node)
    skus = [int(p.line_sku[line]) for line in range(p.order_ptr[order], p.order_ptr[order + 1])]

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
        [part for part in within(view.qty) if all(k <= a for k, a in zip(part, avail, strict=True))]
        for _, _, avail, _, _ in view.nodes
    ]
    for chosen in product(*shares):
        rest = tuple(q - sum(part[k] for part in chosen) for k, q in enumerate(view.qty))
        if min(rest, default=0) < 0:
            continue
        counts = [
            range(1, min(sum(part), view.nodes[i][4]) + 1) if any(part) else (0,)
            for i, part in enumerate(chosen)
        ]
        for parcels in product(*counts):
            cost = view.unfilled_cost(rest) + sum(
                send(i, part, k) for i, (part, k) in enumerate(zip(chosen, parcels, strict=True))
            )
            units = tuple(
                (_position(p, view.node_ids[i], skus[k]), part[k])
                for i, part in enumerate(chosen)
                for k in range(len(skus))
                if part[k]
            )
            used = tuple((view.node_ids[i], k) for i, k in enumerate(parcels) if k)
            options[units, used] = min(options.get((units, used), cost), cost)
    return options


def _position(p: AllocationProblem, node: int, sku: int) -> int:
    return next(i for i in range(p.sku_ptr[sku], p.sku_ptr[sku + 1]) if p.pos_node[i] == node)


def best_batch(p: AllocationProblem) -> int:
    """Least cost of all orders together, by recursion over every combination of options."""
    options = [order_options(p, order) for order in range(p.n_orders)]

    @cache
    def serve(order: int, stock: tuple[int, ...], capacity: tuple[int, ...]) -> float:
        if order == p.n_orders:
            return 0
        least = float("inf")
        for (units, parcels), cost in options[order].items():
            if cost >= least:
                continue
            left, room = list(stock), list(capacity)
            for pos, k in units:
                left[pos] -= k
            for node, k in parcels:
                room[node] -= k
            if min(left, default=0) >= 0 and min(room) >= 0:
                least = min(least, cost + serve(order + 1, tuple(left), tuple(room)))
        return least

    return int(serve(0, tuple(p.pos_free.tolist()), tuple(p.node_capacity.tolist())))


def best_batch_by_mip(p: AllocationProblem) -> int:
    """The same as a 0-1 program over the options, for batches too large to recurse over."""
    model = cp_model.CpModel()
    taken: dict[int, list] = {}
    loaded: dict[int, list] = {}
    cost = []
    for order in range(p.n_orders):
        chosen = []
        for (units, parcels), price in order_options(p, order).items():
            is_chosen = model.new_bool_var("")
            chosen.append(is_chosen)
            cost.append(price * is_chosen)
            for pos, k in units:
                taken.setdefault(pos, []).append(k * is_chosen)
            for node, k in parcels:
                loaded.setdefault(node, []).append(k * is_chosen)
        model.add_exactly_one(chosen)
    for pos, terms in taken.items():
        model.add(sum(terms) <= int(p.pos_free[pos]))
    for node, terms in loaded.items():
        model.add(sum(terms) <= int(p.node_capacity[node]))
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # else Python's own handler is gone afterwards
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)
