"""Plan orders one after another, each on what the ones before it left."""

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.large_order import serve_large_order
from solver.plan_state import PlanState, release_order, take_parcels
from solver.problem import Int64s
from solver.search import is_searchable, search_order


@kernel
def plan_in_sequence(
    sequence: Int64s, p: ProblemArrays, pos_price: Int64s, node_price: Int64s, w: Scratch, plan: PlanState
) -> None:
    """Plan each order of `sequence` afresh at the given prices; what it took before is given back first.

    At prices of zero, first-come: each order gets the cheapest plan on what the ones before it left.

    sequence : int64, orders; one may stand there more than once.
    pos_price, node_price : int64[p], int64[n], micros, >= 0.
    w : scratch.   plan : changed in place.
    """
    for order in sequence:
        release_order(order, plan)
        if is_searchable(order, p):
            _, n_out, _ = search_order(order, p, plan.pos_left, plan.node_left, pos_price, node_price, w)
            take_parcels(order, n_out, p, w, plan)
        else:
            serve_large_order(order, p, pos_price, node_price, w.slot_of_node, plan)
