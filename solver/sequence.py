"""Plan orders one after another, each on what the ones before it left."""

from solver.arrays import ProblemArrays, Scratch
from solver.jit import inner_kernel, kernel
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

    sequence : int64, orders; one may stand there more than once. A number below zero gives back what order
    -1 - number takes and leaves its parcels to be read: who plans that order again takes them off first, by
    setting its ``n_parcels`` to 0.
    pos_price, node_price : int64[h], int64[n], micros, >= 0.
    w : scratch.   plan : changed in place.
    """
    for order in sequence:
        if order < 0:
            n_parcels = plan.n_parcels[-1 - order]
            release_order(-1 - order, p, plan)
            plan.n_parcels[-1 - order] = n_parcels
            continue
        release_order(order, p, plan)
        stock_price, capacity_price = pos_price, node_price
        if p.has_tails:
            price_tails(order, p, pos_price, node_price, w, plan)
            stock_price, capacity_price = w.left_price, w.left_node_price
        if is_searchable(order, p):
            _, n_out, _ = search_order(
                order, p, plan.pos_left, plan.node_left, stock_price, capacity_price, w
            )
            take_parcels(order, n_out, p, w, plan)
        else:
            serve_large_order(order, p, stock_price, capacity_price, w.slot_of_node, plan)


@inner_kernel
def price_tails(
    order: int, p: ProblemArrays, pos_price: Int64s, node_price: Int64s, w: Scratch, plan: PlanState
) -> None:
    """Write the prices of all that `order` could take, tails included, to ``left_price`` of `w`.

    Where the next unit of a row or a node belongs to its tail, that unit's cost is its price, if it is
    higher: a price of the dual covers what a tail costs already. An estimate, as the order may take units on
    both sides of where a tail begins.
    """
    n_stock = len(plan.pos_left)
    for line in range(p.order_ptr[order], p.order_ptr[order + 1]):
        for pos in range(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1]):
            node = p.pos_node[pos]
            w.left_node_price[node] = node_price[node]
            if plan.node_left[node] <= p.node_tail[node]:
                w.left_node_price[node] = max(node_price[node], p.node_tail_cost[node])
            begin, end = 0, 1
            if pos >= n_stock:
                begin, end = p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]
            for r in range(begin, end):
                row = pos if pos < n_stock else p.recipe_pos[r]
                w.left_price[row] = pos_price[row]
                if plan.pos_left[row] <= p.stock_tail[row]:
                    w.left_price[row] = max(pos_price[row], p.stock_tail_cost[row])
