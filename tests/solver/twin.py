"""Plain-Python twins of the kernels: slow, written differently, and free of numba and of
`solver.order_kernel`.

`cheapest_plan` walks node by node and never relaxes anything. `enumerate_plans` is blinder still: every way
to hand every unit to a (node, parcel) pair.
"""

from functools import cache
from itertools import product

from solver.problem import AllocationProblem

Vector = tuple[int, ...]


def transport(p: AllocationProblem, tariff: int, weight: int) -> int:
    prices = []
    for r in p.tariff_list[p.tariff_ptr[tariff] : p.tariff_ptr[tariff + 1]]:
        steps = p.list_weight[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
        costs = p.list_cost[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
        cost, rest = 0, weight
        while rest > steps[-1]:
            cost, rest = cost + costs[-1], rest - steps[-1]
        prices.append(cost + next(c for g, c in zip(steps, costs, strict=True) if g >= rest))
    return min(prices)


class OrderView:
    """What one order may take from each node, in plain Python."""

    def __init__(self, p: AllocationProblem, order, pos_left, node_left, pos_price, node_price):
        lines = range(p.order_ptr[order], p.order_ptr[order + 1])
        self.p = p
        self.qty = tuple(int(p.line_qty[line]) for line in lines)
        self.weight = [int(p.sku_weight[p.line_sku[line]]) for line in lines]
        self.penalty = [int(p.line_penalty[line]) for line in lines]
        self.nodes, self.node_ids = [], []
        for node in range(p.n_nodes):
            band = int(p.lane_band[p.order_destination[order], node])
            slack = int(p.transit_slack[p.order_promise_class[order], p.node_departure_class[node]])
            if band < 0 or slack < 0 or p.tariff_of[band, slack] < 0 or node_left[node] <= 0:
                continue
            avail, unit = [], []
            for line in lines:
                sku = p.line_sku[line]
                held = [i for i in range(p.sku_ptr[sku], p.sku_ptr[sku + 1]) if p.pos_node[i] == node]
                avail.append(max(0, int(pos_left[held[0]])) if held else 0)
                unit.append(int(p.pos_unit_cost[held[0]] + pos_price[held[0]]) if held else 0)
            fixed = int(p.node_parcel_cost[node] + node_price[node])
            self.node_ids.append(node)
            self.nodes.append((int(p.tariff_of[band, slack]), fixed, avail, unit, int(node_left[node])))

    def parcel_cost(self, node: int, content: Vector) -> int:
        tariff, fixed, _, unit, _ = self.nodes[node]
        weight = sum(k * g for k, g in zip(content, self.weight, strict=True))
        return (
            fixed + transport(self.p, tariff, weight) + sum(k * u for k, u in zip(content, unit, strict=True))
        )

    def unfilled_cost(self, content: Vector) -> int:
        return sum(k * c for k, c in zip(content, self.penalty, strict=True))


def within(limit: Vector):
    return product(*(range(k + 1) for k in limit))


def minus(a: Vector, b: Vector) -> Vector:
    return tuple(i - j for i, j in zip(a, b, strict=True))


def cheapest_plan(p, order, pos_left, node_left, pos_price, node_price) -> int:
    """Least cost of an order, node by node: what each node sends in all, cut into at most so many parcels."""
    view = OrderView(p, order, pos_left, node_left, pos_price, node_price)

    @cache
    def send(node: int, content: Vector, parcels: int) -> float:
        if not any(content):
            return 0
        if parcels == 0:
            return float("inf")
        return min(
            view.parcel_cost(node, part) + send(node, minus(content, part), parcels - 1)
            for part in within(content)
            if any(part)
        )

    @cache
    def serve(node: int, rest: Vector) -> float:
        if node == len(view.nodes):
            return view.unfilled_cost(rest)
        avail, parcels = view.nodes[node][2], view.nodes[node][4]
        limit = tuple(min(a, b) for a, b in zip(rest, avail, strict=True))
        return min(
            send(node, part, min(parcels, sum(part))) + serve(node + 1, minus(rest, part))
            for part in within(limit)
        )

    return int(serve(0, view.qty))


def enumerate_plans(p, order, pos_left, node_left, pos_price, node_price) -> int:
    """Least cost of an order over every assignment of every unit to a (node, parcel) pair or to none."""
    view = OrderView(p, order, pos_left, node_left, pos_price, node_price)
    units = [line for line, k in enumerate(view.qty) for _ in range(k)]
    places = [None] + [
        (n, k) for n in range(len(view.nodes)) for k in range(min(view.nodes[n][4], len(units)))
    ]
    least = None
    for chosen in product(places, repeat=len(units)):
        contents: dict[tuple[int, int], list[int]] = {}
        left_out = [0] * len(view.qty)
        for line, place in zip(units, chosen, strict=True):
            target = left_out if place is None else contents.setdefault(place, [0] * len(view.qty))
            target[line] += 1
        taken = {n: [0] * len(view.qty) for n, _ in contents}
        for (n, _), content in contents.items():
            taken[n] = [a + b for a, b in zip(taken[n], content, strict=True)]
        if any(k > a for n, t in taken.items() for k, a in zip(t, view.nodes[n][2], strict=True)):
            continue
        cost = view.unfilled_cost(tuple(left_out))
        cost += sum(view.parcel_cost(n, tuple(content)) for (n, _), content in contents.items())
        least = cost if least is None else min(least, cost)
    assert least is not None
    return least
