"""The bound of a scenario's tables by blind enumeration: no arrays, no solver, nothing of the verifier.

Every way of every order, every way to put its units into parcels and parcels at nodes, in plain Python. Money
is in micros. Kits are whole: a unit of a kit goes into one parcel, and takes its components from its node.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from math import prod
from zoneinfo import ZoneInfo

from fulfillment.scenario.tables import METHODS, UNLIMITED_PARCELS, Scenario
from tests.planning.pinned import MINUTE, PinnedJudge, first_cutoff, price_of

PENALTY = 50_000_000
STATES_MAX = 512  # counts of an order that the formula asks an exact minimum of
Steps = list[tuple[int, int]]
Vector = tuple[int, ...]
FREE_RIDE: Steps = [(10**18, 0)]


class BlindBound:
    """Bounds a scenario at prices by (node, SKU) and by node; what is not named costs nothing."""

    def __init__(
        self, scenario: Scenario, stock: Mapping[tuple[int, int], int], capacity: Mapping[int, int]
    ) -> None:
        self.s, self.stock_price, self.capacity_price = scenario, stock, capacity
        self.judge = PinnedJudge(scenario)
        s = scenario.stock
        self.free = {
            (n, k): max(0, a - kept)
            for n, k, a, kept in zip(
                s.node.tolist(), s.sku.tolist(), s.available.tolist(), s.safety_stock.tolist(), strict=True
            )
        }
        kits = scenario.kits
        self.recipe = {sku: {sku: 1} for sku in range(len(scenario.skus)) if sku not in kits.kit}
        for kit, component, qty in zip(
            kits.kit.tolist(), kits.component.tolist(), kits.qty.tolist(), strict=True
        ):
            self.recipe.setdefault(kit, {})[component] = qty

    def bound(self) -> int:
        stock = sum(price * self.free[at] for at, price in self.stock_price.items())
        capacity = sum(p * int(self.s.nodes.capacity_parcels[n]) for n, p in self.capacity_price.items())
        return sum(self.least(order) for order in range(len(self.s.orders))) - stock - capacity

    def least(self, order: int) -> int:
        lines = self.s.order_lines
        wanted = [
            (int(sku), int(qty)) for o, sku, qty in zip(lines.order, lines.sku, lines.qty, strict=True)
            if o == order
        ]  # fmt: skip
        merged: Counter[int] = Counter()
        for sku, qty in wanted:
            merged[sku] += qty
        searches = [_Search(self, order, way, wanted) for way in self.ways(order)]
        if prod(units + 1 for units in merged.values()) > STATES_MAX:
            return min(search.unit_by_unit() for search in searches)
        return min(search.least() for search in searches)

    def ways(self, order: int) -> list[tuple[str, int]]:
        further = self.s.alternatives
        return [
            (self.s.orders.method[order], int(self.s.orders.pickup_node[order])),
            *(
                (METHODS[method], int(node))
                for o, method, node in zip(further.order, further.method, further.pickup_node, strict=True)
                if o == order
            ),
        ]

    def rides(self, order: int, way: tuple[str, int], node: int) -> list[Steps]:
        """Price lists on which the node's parcels reach the customer in time."""
        nodes, orders, rates = self.s.nodes, self.s.orders, self.s.rates
        method, pickup = way
        placed = orders.placed_at[order].astype("datetime64[us]").astype(datetime).replace(tzinfo=UTC)
        due = orders.promise_by[order]
        promise = None if str(due) == "NaT" else due.astype(datetime).replace(tzinfo=UTC)
        ready = placed + int(nodes.processing_minutes[node]) * MINUTE
        if method == "PICK_UP" and not nodes.pickup[pickup]:
            return []
        if method == "PICK_UP" and pickup == node:
            return [FREE_RIDE] if promise is None or ready <= promise else []
        km = self.judge._distance_km(node, order, method, pickup)
        if not nodes.ships[node] or (method == "LOCAL" and km > nodes.same_day_radius_km[node]):
            return []
        departs = first_cutoff(ready, nodes.cutoff_local[node], ZoneInfo(nodes.timezone[node]))
        zones = [
            self.judge._zone(carrier, service, method, km)
            for carrier, service in sorted(set(zip(rates.carrier, rates.service, strict=True)))
        ]
        return [
            steps
            for steps, days in (zone for zone in zones if zone is not None)
            if promise is None or departs + timedelta(days=days) <= promise
        ]


class _Search:
    """One order on one of its ways."""

    def __init__(
        self, blind: BlindBound, order: int, way: tuple[str, int], wanted: list[tuple[int, int]]
    ) -> None:
        self.blind, self.wanted = blind, wanted
        self.rides = {node: blind.rides(order, way, node) for node in range(len(blind.s.nodes))}

    def least(self) -> int:
        whole = tuple(qty for _, qty in self.wanted)
        return self._least(whole, whole, Counter(), Counter())

    def _least(self, left: Vector, last: Vector, taken: Counter[tuple[int, int]], sent: Counter[int]) -> int:
        """Least cost of what is left, in parcels none of which is larger than the last."""
        price = self.blind.s.skus.price_micros
        best = sum(n * (PENALTY + int(price[sku])) for n, (sku, _) in zip(left, self.wanted, strict=True))
        for content in _contents(left, last):
            for node, rides in self.rides.items():
                capacity = int(self.blind.s.nodes.capacity_parcels[node])
                if not rides or (capacity != UNLIMITED_PARCELS and sent[node] == capacity):
                    continue
                now = taken + self._need(content, node)
                if any(units > self.blind.free.get(at, 0) for at, units in now.items()):
                    continue
                rest = tuple(a - b for a, b in zip(left, content, strict=True))
                cost = self._parcel(content, node, rides)
                best = min(best, cost + self._least(rest, content, now, sent + Counter([node])))
        return best

    def _need(self, content: Vector, node: int) -> Counter[tuple[int, int]]:
        need: Counter[tuple[int, int]] = Counter()
        for n, (sku, _) in zip(content, self.wanted, strict=True):
            for component, qty in self.blind.recipe[sku].items():
                need[node, component] += n * qty
        return need

    def _parcel(self, content: Vector, node: int, rides: list[Steps]) -> int:
        s = self.blind.s
        grams = sum(n * int(s.skus.weight_g[sku]) for n, (sku, _) in zip(content, self.wanted, strict=True))
        need = self._need(content, node)
        goods = sum(
            n * int(s.skus.price_micros[sku]) for n, (sku, _) in zip(content, self.wanted, strict=True)
        )
        cost = min(price_of(steps, grams) for steps in rides) + self.blind.capacity_price.get(node, 0)
        cost += int(s.nodes.handling_micros_per_parcel[node])
        cost += int(s.nodes.handling_micros_per_unit[node]) * sum(need.values())
        cost += goods * round(100 * float(s.nodes.commission_pct[node])) // 10_000
        return cost + sum(self.blind.stock_price.get(at, 0) * units for at, units in need.items())

    def unit_by_unit(self) -> int:
        """Bound by the least that each unit can cost alone; where a parcel may leave, transport is free."""
        price, total = self.blind.s.skus.price_micros, 0
        for sku, qty in self.wanted:
            costs = [PENALTY + int(price[sku])]
            for node, rides in self.rides.items():
                need = {(node, component): n for component, n in self.blind.recipe[sku].items()}
                there = all(self.blind.free.get(at, 0) >= n for at, n in need.items())
                if rides and there and self.blind.s.nodes.capacity_parcels[node] > 0:
                    nodes = self.blind.s.nodes
                    commission = int(price[sku]) * round(100 * float(nodes.commission_pct[node])) // 10_000
                    handled = int(nodes.handling_micros_per_unit[node]) * sum(need.values())
                    taken = sum(self.blind.stock_price.get(at, 0) * n for at, n in need.items())
                    costs.append(handled + commission + taken)
            total += qty * min(costs)
        return total


def _contents(left: Vector, last: Vector) -> Iterator[Vector]:
    """Contents of a parcel, not empty and not above `last`, so that no two orders of parcels are tried."""
    for content in product(*(range(n + 1) for n in left)):
        if any(content) and content <= last:
            yield content
