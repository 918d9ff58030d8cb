"""Plain-Python twins of the kernels: slow, written differently, and free of numba and of
`solver.order_kernel`.

`cheapest_plan` walks node by node and never relaxes anything. `enumerate_plans` is blinder still: every way
to hand every unit to a (node, parcel) pair.
"""

from collections import Counter
from functools import cache
from itertools import product

from solver.problem import UNLIMITED_PARCELS, AllocationProblem

Vector = tuple[int, ...]
NOTHING = float("inf")


def transport(p: AllocationProblem, tariff: int, weight: int) -> int:
    prices = []
    for r in p.tariff_list[p.tariff_ptr[tariff] : p.tariff_ptr[tariff + 1]]:
        steps = p.list_weight[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
        costs = p.list_cost[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
        cost, rest = int(p.list_fixed[r]) if len(p.list_fixed) else 0, weight
        while rest > steps[-1]:
            cost, rest = cost + costs[-1], rest - steps[-1]
        prices.append(cost + next(c for g, c in zip(steps, costs, strict=True) if g >= rest))
    return min(prices)


def rule(values, index: int, default: int) -> int:
    return int(values[index]) if len(values) else default


def order_ways(p: AllocationProblem, order: int) -> list[int]:
    """-1 for the order's own way, and its alternatives."""
    if not len(p.alternative_ptr):
        return [-1]
    return [-1, *range(int(p.alternative_ptr[order]), int(p.alternative_ptr[order + 1]))]


def rows_of(p: AllocationProblem, pos: int) -> dict[int, int]:
    """Stock rows that a unit of a position takes, and how many units of each."""
    if pos < len(p.pos_free):
        return {pos: 1}
    i = pos - len(p.pos_free)
    at = range(p.recipe_ptr[i], p.recipe_ptr[i + 1])
    return {int(p.recipe_pos[k]): int(p.recipe_qty[k]) for k in at}


class OrderView:
    """What one order may take from each node by one way, in plain Python."""

    def __init__(self, p: AllocationProblem, order, pos_left, node_left, pos_price, node_price, way=-1):
        lines = range(p.order_ptr[order], p.order_ptr[order + 1])
        self.p, self.pos_left = p, pos_left
        self.qty = tuple(int(p.line_qty[line]) for line in lines)
        self.weight = [int(p.sku_weight[p.line_sku[line]]) for line in lines]
        self.penalty = [int(p.line_penalty[line]) for line in lines]
        self.is_complete = rule(p.order_complete, order, 0) == 1
        self.parcels_max = min(sum(self.qty), rule(p.order_parcels_max, order, UNLIMITED_PARCELS))
        destination = p.order_destination[order] if way < 0 else p.alternative_destination[way]
        promise = p.order_promise_class[order] if way < 0 else p.alternative_promise_class[way]
        self.nodes, self.node_ids, self.positions = [], [], []
        for node in range(p.n_nodes):
            band = int(p.lane_band[destination, node])
            slack = int(p.transit_slack[promise, p.node_departure_class[node]])
            if band < 0 or slack < 0 or p.tariff_of[band, slack] < 0:
                continue
            avail, unit, positions = [], [], []
            left = int(node_left[node]) if p.node_capacity[node] < UNLIMITED_PARCELS else 10**9
            parcel_use = rule(p.node_parcel_use, node, 1)
            for line in lines:
                sku = p.line_sku[line]
                held = [i for i in range(p.sku_ptr[sku], p.sku_ptr[sku + 1]) if p.pos_node[i] == node]
                positions.append(held[0] if held else -1)
                rows = rows_of(p, held[0]) if held else {}
                price = sum(k * pos_price[r] for r, k in rows.items())
                use = rule(p.pos_capacity_use, held[0], 0) if held else 0
                stocked = min((max(0, int(pos_left[r])) // k for r, k in rows.items()), default=0)
                fitting = (k for k in range(stocked, 0, -1) if parcel_use + k * use <= left)
                avail.append(next(fitting, 0))
                unit.append(int(p.pos_unit_cost[held[0]] + price + use * node_price[node]) if held else 0)
            fixed = int(p.node_parcel_cost[node] + node_price[node] * parcel_use)
            self.node_ids.append(node)
            self.positions.append(positions)
            self.nodes.append((int(p.tariff_of[band, slack]), fixed, avail, unit, left))

    def parcel_cost(self, node: int, content: Vector) -> int:
        tariff, fixed, _, unit, _ = self.nodes[node]
        weight = sum(k * g for k, g in zip(content, self.weight, strict=True))
        return (
            fixed + transport(self.p, tariff, weight) + sum(k * u for k, u in zip(content, unit, strict=True))
        )

    def unfilled_cost(self, content: Vector) -> int:
        return sum(k * c for k, c in zip(content, self.penalty, strict=True))

    def rows_taken(self, node: int, content: Vector) -> Counter[int]:
        """Units that `content` takes of each stock row of a node."""
        taken: Counter[int] = Counter()
        for pos, units in zip(self.positions[node], content, strict=True):
            if units:
                taken.update({row: units * k for row, k in rows_of(self.p, pos).items()})
        return taken

    def use(self, node: int, content: Vector, parcels: int) -> int:
        """Units of capacity that `content` in so many parcels uses."""
        of_units = sum(
            units * rule(self.p.pos_capacity_use, pos, 0)
            for pos, units in zip(self.positions[node], content, strict=True)
            if units
        )
        return of_units + parcels * rule(self.p.node_parcel_use, self.node_ids[node], 1)

    def is_stocked(self, node: int, content: Vector) -> bool:
        avail = self.nodes[node][2]
        if any(k > a for k, a in zip(content, avail, strict=True)):
            return False
        return all(k <= self.pos_left[row] for row, k in self.rows_taken(node, content).items())

    def most_parcels(self, node: int, content: Vector) -> int:
        """Parcels in which a node can send `content`, at most; 0 if it cannot."""
        if not self.is_stocked(node, content):
            return 0
        counts = range(sum(content), 0, -1)
        return next((k for k in counts if self.use(node, content, k) <= self.nodes[node][4]), 0)


def within(limit: Vector):
    return product(*(range(k + 1) for k in limit))


def minus(a: Vector, b: Vector) -> Vector:
    return tuple(i - j for i, j in zip(a, b, strict=True))


def cheapest_plan(p, order, pos_left, node_left, pos_price, node_price) -> int:
    """Least cost of an order, way by way and node by node."""
    views = [
        OrderView(p, order, pos_left, node_left, pos_price, node_price, way) for way in order_ways(p, order)
    ]
    least = min(_cheapest_way(view) for view in views)
    return int(min(least, views[0].unfilled_cost(views[0].qty)))


def _cheapest_way(view: OrderView) -> float:
    """What each node sends in all, cut into at most so many parcels, and so many of the order."""
    counts = view.parcels_max < sum(view.qty)  # else they need not be counted

    @cache
    def send(node: int, content: Vector, parcels: int) -> float:
        if not any(content):
            return 0
        if parcels == 0:
            return NOTHING
        return min(
            view.parcel_cost(node, part) + send(node, minus(content, part), parcels - 1)
            for part in within(content)
            if any(part)
        )

    @cache
    def serve(node: int, rest: Vector, parcels: int) -> float:
        if node == len(view.nodes):
            return NOTHING if view.is_complete and any(rest) else view.unfilled_cost(rest)
        least = serve(node + 1, rest, parcels)
        for part in within(tuple(map(min, rest, view.nodes[node][2]))):
            most = min(view.most_parcels(node, part), parcels) if any(part) else 0
            for k in range(1, most + 1) if counts else [most] * (most > 0):
                left = parcels - k if counts else parcels
                least = min(least, send(node, part, k) + serve(node + 1, minus(rest, part), left))
        return least

    return serve(0, view.qty, view.parcels_max)


def enumerate_plans(p, order, pos_left, node_left, pos_price, node_price) -> int:
    """Least cost of an order over every assignment of every unit to a (node, parcel) pair or to none."""
    least = None
    for way in order_ways(p, order):
        view = OrderView(p, order, pos_left, node_left, pos_price, node_price, way)
        units = [line for line, k in enumerate(view.qty) for _ in range(k)]
        used = [n for n in range(len(view.nodes)) if any(view.nodes[n][2])]
        places = [None] + [(n, k) for n in used for k in range(len(units))]
        for chosen in product(places, repeat=len(units)):
            contents: dict[tuple[int, int], list[int]] = {}
            left_out = [0] * len(view.qty)
            for line, place in zip(units, chosen, strict=True):
                target = left_out if place is None else contents.setdefault(place, [0] * len(view.qty))
                target[line] += 1
            if not _is_allowed(view, contents, left_out):
                continue
            cost = view.unfilled_cost(tuple(left_out))
            cost += sum(view.parcel_cost(n, tuple(content)) for (n, _), content in contents.items())
            least = cost if least is None else min(least, cost)
    assert least is not None
    return least


def _is_allowed(view: OrderView, contents, left_out) -> bool:
    if len(contents) > view.parcels_max or (view.is_complete and contents and any(left_out)):
        return False
    taken = {n: [0] * len(view.qty) for n, _ in contents}
    for (n, _), content in contents.items():
        taken[n] = [a + b for a, b in zip(taken[n], content, strict=True)]
    parcels = Counter(n for n, _ in contents)
    return all(
        view.is_stocked(n, tuple(units)) and view.use(n, tuple(units), parcels[n]) <= view.nodes[n][4]
        for n, units in taken.items()
    )
