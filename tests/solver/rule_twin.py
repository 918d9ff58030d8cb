"""Plain-Python twin of `node_by_node`, written from its description."""

import math

from solver.baselines.node_by_node import DISTANCE, KIND, LOW_STOCK, NOT_FILLED, NOT_OWN, SCORE
from solver.baselines.places import Places
from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS, AllocationProblem

Parcels = list[tuple[int, int, tuple[tuple[int, int], ...]]]  # (order, node, ((line, units), ...))


def serve(p: AllocationProblem, places: Places, rank_by: tuple[int, ...], weights) -> Parcels:
    """Every order in turn; the parcels in the order in which they are opened."""
    left = {
        (int(p.pos_node[k]), s): int(p.pos_free[k])
        for s in range(p.n_skus)
        for k in range(p.sku_ptr[s], p.sku_ptr[s + 1])
    }
    room = p.node_capacity.tolist()
    parcels: Parcels = []
    for order in range(p.n_orders):
        lines = range(p.order_ptr[order], p.order_ptr[order + 1])
        rest = {line: int(p.line_qty[line]) for line in lines}
        while True:
            ranked = []
            for node in range(p.n_nodes):
                tariff = tariff_of(p, order, node)
                units = {line: min(rest[line], left.get((node, int(p.line_sku[line])), 0)) for line in lines}
                sent = sum(units.values())
                if tariff == NO_TARIFF or room[node] <= 0 or not sent:
                    continue
                seen = sight(p, places, order, node, tariff, rest, units, left, room, weights)
                ranked.append((tuple(seen[code] for code in rank_by), node, units))
            if not ranked:
                break
            _, node, units = min(ranked, key=lambda each: each[:2])
            room[node] -= 1
            for line, qty in units.items():
                rest[line] -= qty
                if qty:
                    left[node, int(p.line_sku[line])] -= qty
            parcels.append((order, node, tuple((line, qty) for line, qty in units.items() if qty)))
    return parcels


def tariff_of(p: AllocationProblem, order: int, node: int) -> int:
    band = p.lane_band[p.order_destination[order], node]
    slack = p.transit_slack[p.order_promise_class[order], p.node_departure_class[node]]
    return NO_TARIFF if band == NO_LANE or slack < 0 else int(p.tariff_of[band, slack])


def sight(p, places, order, node, tariff, rest, units, left, room, weights) -> dict[int, float]:
    to = p.order_destination[order]
    dot = sum(float(a) * float(b) for a, b in zip(places.destination[to], places.node[node], strict=True))
    km = 6371.0 * math.acos(max(-1.0, min(1.0, dot)))
    held = {line: left.get((node, int(p.line_sku[line])), 0) for line in units}
    sent = sum(units.values())
    cost = int(p.node_parcel_cost[node])
    grams = 0
    scarcity = 0.0
    for line, qty in units.items():
        if qty:
            at = slice(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1])
            cost += qty * int(p.pos_unit_cost[at][p.pos_node[at] == node][0])
            grams += qty * int(p.sku_weight[p.line_sku[line]])
            scarcity += qty * qty / held[line]
    lists = p.tariff_list[p.tariff_ptr[tariff] : p.tariff_ptr[tariff + 1]]
    cost += min(price(p, int(r), grams) for r in lists)
    limited = p.node_capacity[node] < UNLIMITED_PARCELS
    load = 1 - room[node] / int(p.node_capacity[node]) if limited else 0.0
    return {
        DISTANCE: km,
        NOT_OWN: float(places.own_node[to] != node),
        KIND: float(places.node_kind[node]),
        NOT_FILLED: float(sum(rest.values()) - sent),
        LOW_STOCK: -float(sum(held[line] for line in units if rest[line])),
        SCORE: (weights[0] * cost + weights[1] * km + weights[2] * load + weights[3] * scarcity) / sent,
    }


def price(p: AllocationProblem, r: int, grams: int) -> int:
    steps = p.list_weight[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
    costs = p.list_cost[p.list_ptr[r] : p.list_ptr[r + 1]].tolist()
    total = 0
    while grams > steps[-1]:
        total += costs[-1]
        grams -= steps[-1]
    return total + next(c for s, c in zip(steps, costs, strict=True) if grams <= s)
