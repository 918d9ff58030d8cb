"""As few parcels as possible, and among equals the ones that travel least.

What retailers ask for who count packages: customers dislike split orders, and every box costs. Many order
systems call it split minimisation. Here it is exact for each order: as many units as there are, then the
fewest parcels, then the fewest metres, found by the one-order search over costs that say just that, in all
its ways to be served. What a parcel really costs plays no part, so a dear vendor that has all lines beats two
cheap warehouses.

An order too large for the exact search goes node by node, the one that fills most first.
"""

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.baselines.node_by_node import DISTANCE, NO_WEIGHTS, NOT_FILLED, RuleScratch, serve_node_by_node
from solver.baselines.places import Places, distance_km
from solver.baselines.run import Server
from solver.jit import kernel
from solver.plan_state import PlanState, release_order, take_parcels
from solver.problem import OWN_WAY, AllocationProblem, Int64s
from solver.search import is_searchable, search_order

# An order of the exact search has at most 511 units, so at most as many parcels, of at most 20,038 km each:
# all metres together weigh less than a parcel, and all parcels together less than a unit.
PARCEL = 2**34
UNIT = 2**44


def fewest_parcels(problem: AllocationProblem, places: Places) -> Server:
    """Fill most units, then open fewest parcels, then travel least."""
    arrays = ProblemArrays.of(problem)
    counted = arrays._replace(
        node_parcel_cost=np.zeros_like(arrays.node_parcel_cost),
        pos_unit_cost=np.zeros_like(arrays.pos_unit_cost),
        line_penalty=np.full_like(arrays.line_penalty, UNIT),
        list_cost=np.zeros_like(arrays.list_cost),
        list_fixed=np.zeros_like(arrays.list_fixed),
        order_destination=arrays.order_destination.copy(),
        order_promise_class=arrays.order_promise_class.copy(),
        alternative_ptr=np.zeros_like(arrays.alternative_ptr),
    )
    scratch, rule_scratch = Scratch.for_problem(problem), RuleScratch.for_problem(problem)
    no_stock_price = np.zeros_like(arrays.pos_free)
    no_node_price = np.zeros_like(arrays.node_capacity)

    def serve(sequence: Int64s, plan: PlanState) -> None:
        _serve(sequence, arrays, counted, places, no_stock_price, no_node_price, scratch, rule_scratch, plan)

    return serve


@kernel
def _serve(
    sequence: Int64s,
    p: ProblemArrays,
    counted: ProblemArrays,
    places: Places,
    no_stock_price: Int64s,
    no_node_price: Int64s,
    w: Scratch,
    rule_w: RuleScratch,
    plan: PlanState,
) -> None:
    """Serve each order of `sequence` by what its parcels count for, and enter what they cost.

    counted : the problem in which a parcel costs PARCEL and its metres, and an order has one way to be
    served; what a parcel costs and the order's destination and promise class are written.
    """
    by_units = np.array((NOT_FILLED, DISTANCE))
    for order in sequence:
        if not is_searchable(order, p):
            serve_node_by_node(np.array((order,)), p, places, by_units, NO_WEIGHTS, rule_w, plan)
            continue
        release_order(order, p, plan)
        best, searched = OWN_WAY, OWN_WAY
        least, n_out = _count_way(order, best, p, counted, places, no_stock_price, no_node_price, w, plan)
        for way in range(p.alternative_ptr[order], p.alternative_ptr[order + 1]):
            searched = way
            found = _count_way(order, way, p, counted, places, no_stock_price, no_node_price, w, plan)
            if found[0] < least:
                best = way
                least, n_out = found
        if searched != best:  # the buffers hold another way
            _, n_out = _count_way(order, best, p, counted, places, no_stock_price, no_node_price, w, plan)
        w.way[0] = best
        take_parcels(order, n_out, p, w, plan)


@kernel
def _count_way(
    order: int,
    way: int,
    p: ProblemArrays,
    counted: ProblemArrays,
    places: Places,
    no_stock_price: Int64s,
    no_node_price: Int64s,
    w: Scratch,
    plan: PlanState,
) -> tuple[int, int]:
    """Search one way to serve an order, an alternative or OWN_WAY; returns (count, number of parcels)."""
    to, promise_class = p.order_destination[order], p.order_promise_class[order]
    if way != OWN_WAY:
        to, promise_class = p.alternative_destination[way], p.alternative_promise_class[way]
    counted.order_destination[order], counted.order_promise_class[order] = to, promise_class
    for node in range(len(counted.node_capacity)):
        counted.node_parcel_cost[node] = PARCEL + int(1000 * distance_km(to, node, places))
    count, n_out, _ = search_order(
        order, counted, plan.pos_left, plan.node_left, no_stock_price, no_node_price, w
    )
    return count, n_out
