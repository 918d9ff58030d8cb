"""Improve a plan: let one order have what it wants, and find new places for the ones it displaces.

A ruin-and-recreate search (Schrimpf et al. 2000) with ruins chosen by conflict. An order that pays more than
it would alone is drawn; it takes its best plan on *all* stock and capacity, at a random share of the dual
prices, and whoever holds the units or parcels it needs is displaced. The displaced are served again, in
random sequence, from what is left. The change is kept when the total does not rise by more than a threshold
that falls to zero (threshold accepting, Dueck & Scheuer 1990), else undone.
"""

from typing import NamedTuple

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.by_pointer import by_pointer
from solver.jit import inner_kernel, kernel
from solver.joint import capacity_left, capacity_of_units, need_of_row, needs_of
from solver.occupancy import NO_SLOT, Occupancy, enter_order, remove_order
from solver.order_kernel import STATES_MAX
from solver.plan_state import PlanState, release_order, shelves_of, take, take_parcels, take_units
from solver.prices import Prices
from solver.problem import AllocationProblem, Int32s, Int64s
from solver.search import is_searchable, search_order
from solver.sequence import price_tails

DISPLACED_MAX = 24
PRICE_SHARES = (0.8, 1.0)  # of the dual prices; an order decides at one of them, drawn at random


@by_pointer
class Undo(NamedTuple):
    """Plans of the orders that a move touches, as they were.

    Axes: ``m`` touched orders, ``u`` their slots.
    """

    order: Int64s  # [m]
    sequence: Int64s  # [m] in which the displaced are served again
    begin: Int64s  # [m + 1]
    n_parcels: Int64s  # [m]
    cost: Int64s  # [m]
    parcel_node: Int32s  # [u]
    alternative: Int32s  # [m]
    tail_cost: Int64s  # [1] micros of the whole plan
    parcel_list: Int32s  # [u]
    parcel_use: Int64s  # [u]
    entry_end: Int64s  # [u] relative to the order's first slot
    entry_line: Int32s  # [u]
    entry_pos: Int64s  # [u]
    entry_qty: Int64s  # [u]

    @classmethod
    def allocate(cls) -> "Undo":
        """Allocate room for a move that touches the most orders."""
        orders, slots = DISPLACED_MAX + 1, (DISPLACED_MAX + 1) * STATES_MAX
        return cls(
            order=np.zeros(orders + 1, np.int64),
            sequence=np.zeros(orders + 1, np.int64),
            begin=np.zeros(orders + 1, np.int64),
            n_parcels=np.zeros(orders + 1, np.int64),
            cost=np.zeros(orders + 1, np.int64),
            parcel_node=np.zeros(slots, np.int32),
            alternative=np.zeros(orders + 1, np.int32),
            tail_cost=np.zeros(1, np.int64),
            parcel_list=np.zeros(slots, np.int32),
            parcel_use=np.zeros(slots, np.int64),
            entry_end=np.zeros(slots, np.int64),
            entry_line=np.zeros(slots, np.int32),
            entry_pos=np.zeros(slots, np.int64),
            entry_qty=np.zeros(slots, np.int64),
        )


class DisplacementSearch:
    """A search under way: its plan, which may be worse than the best one it met, and who holds what in it."""

    def __init__(
        self,
        problem: AllocationProblem,
        plan: PlanState,
        prices: Prices,
        lone_cost: Int64s,
        rng: np.random.Generator,
    ) -> None:
        """Begin at `plan`.

        lone_cost : int64[o], micros, what each order costs at prices of nothing. No plan has it cheaper, so
        who pays no more wants nothing. Tails are on neither side: they are the plan's cost and no order's, so
        who could only save those is left to be displaced by others.
        """
        self.plan = plan.copy()
        self._arrays = ProblemArrays.of(problem)
        self._scratch = Scratch.for_problem(problem)
        self._occupancy = Occupancy.of(problem, self.plan)
        self._undo = Undo.allocate()
        self._rng = rng
        self._shares = tuple(
            ((prices.stock * share).astype(np.int64), (prices.capacity * share).astype(np.int64))
            for share in PRICE_SHARES
        )
        self._lone_cost = lone_cost

    def run(self, moves: int, threshold: float) -> None:
        """Make `moves` moves; each kept one raises the total by at most `threshold` micros."""
        improve_by_displacing(
            moves, threshold, self._lone_cost, self._arrays, self._shares, self._scratch, self.plan,
            self._occupancy, self._undo, self._rng,
        )  # fmt: skip


@inner_kernel
def displace(
    order: int, touched: int, p: ProblemArrays, plan: PlanState, occupancy: Occupancy, undo: Undo
) -> int:
    """Remember the plan of `order` and give back all it holds; returns the number of touched orders."""
    first = plan.slot_ptr[order]
    if touched == 0:
        undo.tail_cost[0] = plan.tail_cost[0]
    begin = undo.begin[touched]
    n_parcels = plan.n_parcels[order]
    n_entries = 0
    for k in range(n_parcels):
        undo.parcel_node[begin + k] = plan.parcel_node[first + k]
        undo.parcel_list[begin + k] = plan.parcel_list[first + k]
        undo.parcel_use[begin + k] = plan.parcel_use[first + k]
        undo.entry_end[begin + k] = plan.entry_end[first + k] - first
        n_entries = plan.entry_end[first + k] - first
    for k in range(n_entries):
        undo.entry_line[begin + k] = plan.entry_line[first + k]
        undo.entry_pos[begin + k] = plan.entry_pos[first + k]
        undo.entry_qty[begin + k] = plan.entry_qty[first + k]
    undo.order[touched] = order
    undo.n_parcels[touched] = n_parcels
    undo.cost[touched] = plan.order_cost[order]
    undo.alternative[touched] = plan.order_alternative[order]
    undo.begin[touched + 1] = begin + max(n_parcels, n_entries)
    remove_order(order, plan, occupancy)
    release_order(order, p, plan)
    return touched + 1


@inner_kernel
def restore(touched: int, p: ProblemArrays, plan: PlanState, occupancy: Occupancy, undo: Undo) -> None:
    """Put every touched order back as it was."""
    for m in range(touched):
        order = undo.order[m]
        remove_order(order, plan, occupancy)
        release_order(order, p, plan)
    shelves = shelves_of(p, plan)
    for m in range(touched):
        order, begin = undo.order[m], undo.begin[m]
        first = plan.slot_ptr[order]
        n_entries = 0
        for k in range(undo.n_parcels[m]):
            plan.parcel_node[first + k] = undo.parcel_node[begin + k]
            plan.parcel_list[first + k] = undo.parcel_list[begin + k]
            plan.parcel_use[first + k] = undo.parcel_use[begin + k]
            plan.entry_end[first + k] = undo.entry_end[begin + k] + first
            node, use = undo.parcel_node[begin + k], undo.parcel_use[begin + k]
            take(node, use, plan.node_left, p.node_tail, p.node_tail_cost, plan.tail_cost)
            n_entries = undo.entry_end[begin + k]
        for k in range(n_entries):
            plan.entry_line[first + k] = undo.entry_line[begin + k]
            plan.entry_pos[first + k] = undo.entry_pos[begin + k]
            plan.entry_qty[first + k] = undo.entry_qty[begin + k]
            take_units(undo.entry_pos[begin + k], undo.entry_qty[begin + k], shelves)
        plan.n_parcels[order] = undo.n_parcels[m]
        plan.order_cost[order] = undo.cost[m]
        plan.order_alternative[order] = undo.alternative[m]
        enter_order(order, plan, occupancy)


@inner_kernel
def make_room(
    n_out: int,
    n_lines: int,
    p: ProblemArrays,
    seed: int,
    touched: int,
    w: Scratch,
    plan: PlanState,
    occupancy: Occupancy,
    undo: Undo,
    rng: np.random.Generator,
) -> tuple[int, bool]:
    """Displace orders until the parcels of `seed` in `w` fit.

    Returns the number of touched orders and whether they fit; they do not when too many orders, or one too
    large for the exact search, would have to go.
    """
    first = p.order_ptr[seed]
    units, needs = w.units[:n_lines], needs_of(p)
    for i in range(n_out):
        c = w.out_cand[i]
        node, positions = w.cand_node[c], w.cand_pos[c]
        parcels = 0
        units[:] = 0
        for j in range(n_out):
            if w.out_cand[j] == c:
                parcels += 1
                for k in range(n_lines):
                    units[k] += (w.out_state[j] // w.stride[k]) % (p.line_qty[first + k] + 1)
        use = parcels * p.node_parcel_use[node] + capacity_of_units(units, positions, needs)
        while capacity_left(plan.node_left[node]) < use:
            drawn = int(rng.random() * occupancy.n_members[node])
            slot = occupancy.member[occupancy.member_ptr[node] + drawn]
            order = occupancy.order_of_slot[slot]
            if not _may_displace(order, touched, p):
                return touched, False
            touched = displace(order, touched, p, plan, occupancy, undo)
        for k in range(n_lines):
            if units[k] == 0:
                continue
            pos, n_stock = positions[k], len(plan.pos_left)
            begin, end = 0, 1
            if pos >= n_stock:
                begin, end = p.recipe_ptr[pos - n_stock], p.recipe_ptr[pos - n_stock + 1]
            for r in range(begin, end):
                row = pos if pos < n_stock else p.recipe_pos[r]
                wanted = need_of_row(row, units, positions, needs)
                touched, fits = free_units(row, wanted, touched, p, plan, occupancy, undo, rng)
                if not fits:
                    return touched, False
    return touched, True


@inner_kernel
def free_units(
    row: int,
    wanted: int,
    touched: int,
    p: ProblemArrays,
    plan: PlanState,
    occupancy: Occupancy,
    undo: Undo,
    rng: np.random.Generator,
) -> tuple[int, bool]:
    """Displace users of a stock row until `wanted` units of it are left; returns as `make_room`."""
    while plan.pos_left[row] < wanted:
        entry = occupancy.user_head[user_list(row, occupancy, rng)]
        steps = int(rng.random() * 8)
        while steps > 0 and occupancy.user_next[entry] != NO_SLOT:
            entry = occupancy.user_next[entry]
            steps -= 1
        order = occupancy.order_of_slot[entry]
        if not _may_displace(order, touched, p):
            return touched, False
        touched = displace(order, touched, p, plan, occupancy, undo)
    return touched, True


@inner_kernel
def user_list(row: int, occupancy: Occupancy, rng: np.random.Generator) -> int:
    """Draw a position that has users: the row itself, or a compound one that takes its units."""
    begin = occupancy.maker_ptr[row]
    lists = occupancy.maker_ptr[row + 1] - begin + 1
    drawn = int(rng.random() * lists) if lists > 1 else 0
    pos = row
    for k in range(lists):
        at = (drawn + k) % lists
        pos = row if at == 0 else occupancy.maker[begin + at - 1]
        if occupancy.user_head[pos] != NO_SLOT:
            break
    return pos


@inner_kernel
def _may_displace(order: int, touched: int, p: ProblemArrays) -> bool:
    return touched <= DISPLACED_MAX and is_searchable(order, p)


@inner_kernel
def serve_again(
    order: int,
    p: ProblemArrays,
    pos_price: Int64s,
    node_price: Int64s,
    w: Scratch,
    plan: PlanState,
    occupancy: Occupancy,
) -> None:
    """Serve a displaced order from what is left, at prices."""
    if p.has_tails:
        price_tails(order, p, pos_price, node_price, w, plan)
        pos_price, node_price = w.left_price, w.left_node_price
    n_out = search_order(order, p, plan.pos_left, plan.node_left, pos_price, node_price, w)[1]
    take_parcels(order, n_out, p, w, plan)
    enter_order(order, plan, occupancy)


@kernel
def improve_by_displacing(
    moves: int,
    threshold: float,
    lone_cost: Int64s,
    p: ProblemArrays,
    shares: tuple[tuple[Int64s, Int64s], ...],
    w: Scratch,
    plan: PlanState,
    occupancy: Occupancy,
    undo: Undo,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Make `moves` moves.

    threshold : micros by which a kept move may raise the total.   lone_cost : int64[o], micros, what each
    order would cost if it were alone.   shares : (stock, capacity) prices at several shares of the dual
    prices. Returns (change of the total cost in micros, moves kept).
    """
    n_orders = len(p.order_destination)
    change, kept = 0, 0
    for _ in range(moves):
        seed = int(rng.random() * n_orders)
        for _ in range(2):  # of three drawn, the one that loses most
            other = int(rng.random() * n_orders)
            if plan.order_cost[other] - lone_cost[other] > plan.order_cost[seed] - lone_cost[seed]:
                seed = other
        first, end = p.order_ptr[seed], p.order_ptr[seed + 1]
        if plan.order_cost[seed] <= lone_cost[seed] or not is_searchable(seed, p):
            continue
        prices = shares[int(rng.random() * len(shares))]
        n_out = search_order(seed, p, p.pos_free, p.node_capacity, prices[0], prices[1], w)[1]
        touched = displace(seed, 0, p, plan, occupancy, undo)
        touched, fits = make_room(n_out, end - first, p, seed, touched, w, plan, occupancy, undo, rng)
        if fits:
            take_parcels(seed, n_out, p, w, plan)
            enter_order(seed, plan, occupancy)
            prices = shares[int(rng.random() * len(shares))]
            shuffle(touched, undo.sequence, rng)
            for m in range(1, touched):
                serve_again(undo.order[undo.sequence[m]], p, prices[0], prices[1], w, plan, occupancy)
        total = plan.tail_cost[0] - undo.tail_cost[0]
        for m in range(touched):
            total += plan.order_cost[undo.order[m]] - undo.cost[m]
        if fits and total <= threshold:
            change += total
            kept += 1
        else:
            restore(touched, p, plan, occupancy, undo)
    return change, kept


@inner_kernel
def shuffle(touched: int, sequence: Int64s, rng: np.random.Generator) -> None:
    """Write 0 and a random sequence of 1 to `touched` - 1 to `sequence` (Fisher-Yates)."""
    for m in range(touched):
        sequence[m] = m
    for m in range(1, touched):
        other = m + int(rng.random() * (touched - m))
        sequence[m], sequence[other] = sequence[other], sequence[m]
