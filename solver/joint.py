"""What one node can send of an order jointly: shared components, and capacity that units use.

`gather_candidates` says how many units of each line a node can send when it sends nothing else. Two lines of
an order may share a component, units may use capacity beside the parcels, and several parcels may leave one
node: what all that takes together is added up here.
"""

from typing import NamedTuple

from solver.arrays import ProblemArrays
from solver.jit import inner_kernel
from solver.order_kernel import COST_MAX
from solver.problem import UNLIMITED_PARCELS, Int64s


class Needs(NamedTuple):
    """What units need beyond one of their own position, and parcels beyond themselves.

    The arrays of `ProblemArrays` of these names: handing all of those to small kernels takes the compiler
    long.
    """

    is_joint: bool
    node_parcel_use: Int64s
    pos_capacity_use: Int64s
    pos_free: Int64s
    recipe_ptr: Int64s
    recipe_pos: Int64s
    recipe_qty: Int64s


@inner_kernel
def needs_of(p: ProblemArrays) -> Needs:
    """Pick them out of a problem's arrays."""
    return Needs(
        p.is_joint,
        p.node_parcel_use,
        p.pos_capacity_use,
        p.pos_free,
        p.recipe_ptr,
        p.recipe_pos,
        p.recipe_qty,
    )


@inner_kernel
def capacity_left(left: int) -> int:
    """Units of capacity to count with: a number that no order uses up where there is no limit."""
    return COST_MAX if left >= UNLIMITED_PARCELS else left


@inner_kernel
def need_of_row(row: int, units: Int64s, positions: Int64s, needs: Needs) -> int:
    """Count the units of a stock row that an order's units take.

    units, positions : int64[l], units of each line and the position they come from; read where units > 0.
    """
    need = 0
    n_stock = len(needs.pos_free)
    for k in range(len(units)):
        if units[k] == 0:
            continue
        pos = positions[k]
        if pos < n_stock:
            need += units[k] * (pos == row)
        else:
            for r in range(needs.recipe_ptr[pos - n_stock], needs.recipe_ptr[pos - n_stock + 1]):
                need += units[k] * needs.recipe_qty[r] * (needs.recipe_pos[r] == row)
    return need


@inner_kernel
def stock_is_enough(units: Int64s, positions: Int64s, pos_left: Int64s, needs: Needs) -> bool:
    """Whether the stock rows of a node hold all that `units` take jointly; arrays as in `need_of_row`."""
    n_stock = len(needs.pos_free)
    for k in range(len(units)):
        if units[k] == 0:
            continue
        pos = positions[k]
        begin, end = 0, 1
        if pos >= n_stock:
            begin, end = needs.recipe_ptr[pos - n_stock], needs.recipe_ptr[pos - n_stock + 1]
        for r in range(begin, end):
            row = pos if pos < n_stock else needs.recipe_pos[r]
            if need_of_row(row, units, positions, needs) > pos_left[row]:
                return False
    return True


@inner_kernel
def capacity_of_units(units: Int64s, positions: Int64s, needs: Needs) -> int:
    """Add up the capacity that units use beside their parcels; arrays as in `need_of_row`."""
    use = 0
    for k in range(len(units)):
        if units[k] > 0:
            use += units[k] * needs.pos_capacity_use[positions[k]]
    return use


@inner_kernel
def parcels_that_fit(
    units: Int64s,
    avail: Int64s,
    positions: Int64s,
    capacity: int,
    parcel_use: int,
    pos_left: Int64s,
    needs: Needs,
) -> int:
    """Count the parcels in which a node can send all of `units`, at most; 0 if in none.

    units, avail, positions : int64[l], units to send, units of each line that it could send alone, and the
    positions they come from.   capacity : units of it that are left, as `capacity_left` counts.
    """
    for k in range(len(units)):
        if units[k] > avail[k]:
            return 0
    if needs.is_joint:
        if not stock_is_enough(units, positions, pos_left, needs):
            return 0
        capacity -= capacity_of_units(units, positions, needs)
    if capacity < 0:
        return 0
    return capacity // parcel_use if parcel_use > 0 else UNLIMITED_PARCELS
