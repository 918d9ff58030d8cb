"""What one node can send of an order jointly: shared components, and capacity that units use.

`gather_candidates` says how many units of each line a node can send when it sends nothing else. Two lines of
an order may share a component, units may use capacity beside the parcels, and several parcels may leave one
node: what all that takes together is added up here.
"""

from solver.arrays import ProblemArrays, Scratch
from solver.jit import kernel
from solver.order_kernel import COST_MAX
from solver.problem import UNLIMITED_PARCELS, Int64s


@kernel
def capacity_left(left: int) -> int:
    """Units of capacity to count with: a number that no order uses up where there is no limit."""
    return COST_MAX if left >= UNLIMITED_PARCELS else left


@kernel
def need_of_row(row: int, units: Int64s, positions: Int64s, p: ProblemArrays) -> int:
    """Count the units of a stock row that an order's units take.

    units, positions : int64[l], units of each line and the position they come from; read where units > 0.
    """
    need = 0
    n_stock = len(p.pos_free)
    for k in range(len(units)):
        if units[k] == 0:
            continue
        pos = positions[k]
        if pos < n_stock:
            need += units[k] * (pos == row)
        else:
            for r in range(p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]):
                need += units[k] * p.recipe_qty[r] * (p.recipe_pos[r] == row)
    return need


@kernel
def stock_is_enough(units: Int64s, positions: Int64s, p: ProblemArrays, pos_left: Int64s) -> bool:
    """Whether the stock rows of a node hold all that `units` take jointly; arrays as in `need_of_row`."""
    n_stock = len(p.pos_free)
    for k in range(len(units)):
        if units[k] == 0:
            continue
        pos = positions[k]
        if pos < n_stock:
            if need_of_row(pos, units, positions, p) > pos_left[pos]:
                return False
        else:
            for r in range(p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]):
                if need_of_row(p.recipe_pos[r], units, positions, p) > pos_left[p.recipe_pos[r]]:
                    return False
    return True


@kernel
def capacity_of_units(units: Int64s, positions: Int64s, p: ProblemArrays) -> int:
    """Add up the capacity that units use beside their parcels; arrays as in `need_of_row`."""
    use = 0
    for k in range(len(units)):
        if units[k] > 0:
            use += units[k] * p.pos_capacity_use[positions[k]]
    return use


@kernel
def parcels_that_fit(c: int, units: Int64s, p: ProblemArrays, pos_left: Int64s, w: Scratch) -> int:
    """Count the parcels in which candidate `c` can send all of `units` (int64[l]), at most; 0 if in none."""
    for k in range(len(units)):
        if units[k] > w.cand_avail[c, k]:
            return 0
    positions = w.cand_pos[c]
    left = w.cand_left[c]
    if p.is_joint:
        if not stock_is_enough(units, positions, p, pos_left):
            return 0
        left -= capacity_of_units(units, positions, p)
    parcel_use = p.node_parcel_use[w.cand_node[c]]
    if left < 0:
        return 0
    return left // parcel_use if parcel_use > 0 else UNLIMITED_PARCELS
