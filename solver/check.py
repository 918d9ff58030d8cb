"""Feasibility and cost of a plan, added up from the arrays; shares no code with the solvers.

It imports only the definition of the problem. Written for clarity over whole arrays, one rule after another.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.problem import NO_LANE, UNLIMITED_PARCELS, AllocationPlan, AllocationProblem, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """What a plan is worth and what is wrong with it."""

    violations: tuple[str, ...]  # each a rule, how often it is broken, and the first index at which it is
    transport_micros: int
    handling_micros: int
    unfilled_micros: int
    tail_micros: int  # what the last units of stock rows and capacities cost beside that
    unfilled: Int64s  # [l] units of each line that no parcel holds

    @property
    def is_feasible(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    @property
    def total_micros(self) -> int:
        """The plan's cost."""
        return self.transport_micros + self.handling_micros + self.unfilled_micros + self.tail_micros


def check_plan(problem: AllocationProblem, plan: AllocationPlan) -> PlanCheck:
    """Check every rule of the problem's formulation and price the plan afresh.

    A broken rule is a violation in the answer, not an exception.
    """
    p, violations = problem, list[str]()

    def forbid(broken: np.ndarray, rule: str) -> None:
        if np.any(broken):
            violations.append(f"{rule}: {int(np.count_nonzero(broken))}, first at {int(np.argmax(broken))}")

    parcel = np.repeat(np.arange(len(plan.parcel_order)), np.diff(plan.parcel_ptr))
    node, order = plan.parcel_node[parcel], plan.parcel_order[parcel]
    sku = p.line_sku[plan.entry_line]
    forbid(plan.entry_qty < 1, "an entry holds less than one unit")
    forbid(np.diff(plan.parcel_ptr) < 1, "a parcel is empty")
    order_of_line = np.searchsorted(p.order_ptr, np.arange(p.n_lines), side="right") - 1
    forbid(order_of_line[plan.entry_line] != order, "a parcel holds a line of another order")

    held = np.zeros(p.n_lines, np.int64)
    np.add.at(held, plan.entry_line, plan.entry_qty)
    forbid(held > p.line_qty, "a line is filled beyond its quantity")
    short = np.bincount(order_of_line, held < p.line_qty, minlength=p.n_orders) > 0
    parcels = np.bincount(plan.parcel_order, minlength=p.n_orders)
    if p.order_complete.size:
        in_part = (p.order_complete == 1) & (parcels > 0) & short
        forbid(in_part, "an order is sent in part that must be complete")
    if p.order_parcels_max.size:
        forbid(parcels > p.order_parcels_max, "an order has more parcels than it may")

    pos, exists = _positions(p, sku, node)
    forbid(~exists, "an entry names a position that does not exist")
    taken = np.zeros(p.n_positions, np.int64)
    np.add.at(taken, pos[exists], plan.entry_qty[exists])
    rows_taken = taken[: p.n_stock].copy()
    of_recipe = np.repeat(taken[p.n_stock :], np.diff(p.recipe_ptr))
    np.add.at(rows_taken, p.recipe_pos, of_recipe * p.recipe_qty)
    forbid(rows_taken > p.pos_free, "a position is oversold")
    node_used = _capacity_used(p, plan, taken)
    limited = p.node_capacity < UNLIMITED_PARCELS
    forbid(limited & (node_used > p.node_capacity), "a node sends more than it can")

    destination, promise_class = _ways(p, plan, forbid)
    band = p.lane_band[destination[plan.parcel_order], plan.parcel_node]
    departure = p.node_departure_class[plan.parcel_node]
    slack = p.transit_slack[promise_class[plan.parcel_order], departure]
    tariff = np.where((band == NO_LANE) | (slack < 0), -1, p.tariff_of[band, slack])
    forbid(tariff < 0, "a parcel has no lane that arrives in time")
    allowed = [
        t >= 0 and r in p.tariff_list[p.tariff_ptr[t] : p.tariff_ptr[t + 1]]
        for t, r in zip(tariff, plan.parcel_list, strict=True)
    ]
    forbid(~np.array(allowed, bool), "a parcel rides a price list outside its tariff")

    weight = np.zeros(len(plan.parcel_order), np.int64)
    np.add.at(weight, parcel, plan.entry_qty * p.sku_weight[sku])
    handling = int(p.node_parcel_cost[plan.parcel_node].sum())
    handling += int((plan.entry_qty[exists] * p.pos_unit_cost[pos[exists]]).sum())
    tails = _cost_of_tail(p.stock_tail, p.stock_tail_cost, rows_taken, p.pos_free)
    tails += _cost_of_tail(
        p.node_tail, p.node_tail_cost, np.where(limited, node_used, 0), np.where(limited, p.node_capacity, 0)
    )
    unfilled = p.line_qty - held
    return PlanCheck(
        violations=tuple(violations),
        transport_micros=sum(
            _price_of_list(p, int(r), int(g)) for r, g in zip(plan.parcel_list, weight, strict=True)
        ),
        handling_micros=handling,
        unfilled_micros=int((np.maximum(0, unfilled) * p.line_penalty).sum()),
        tail_micros=tails,
        unfilled=unfilled,
    )


def _positions(p: AllocationProblem, sku: Int32s, node: Int32s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """Find the position of each (SKU, node), and whether there is one."""
    sku_of_pos = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))
    keys = sku_of_pos * np.int64(p.n_nodes) + p.pos_node
    wanted = sku * np.int64(p.n_nodes) + node
    pos = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    return pos, keys[pos] == wanted if len(keys) else np.zeros(len(wanted), bool)


def _capacity_used(p: AllocationProblem, plan: AllocationPlan, taken: Int64s) -> Int64s:
    """Units of each node's capacity that parcels and the units taken of positions use; int64[n]."""
    used = np.bincount(plan.parcel_node, minlength=p.n_nodes).astype(np.int64)
    if p.node_parcel_use.size:
        used *= p.node_parcel_use
    if p.pos_capacity_use.size:
        np.add.at(used, p.pos_node, taken * p.pos_capacity_use)
    return used


def _ways(
    p: AllocationProblem, plan: AllocationPlan, forbid: Callable[[np.ndarray, str], None]
) -> tuple[Int32s, Int32s]:
    """Destination and promise class by which the plan serves each order; those of others are none."""
    destination, promise_class = p.order_destination, p.order_promise_class
    if plan.order_alternative.size == 0:
        return destination, promise_class
    way = plan.order_alternative
    ptr = p.alternative_ptr if p.alternative_ptr.size else np.zeros(p.n_orders + 1, np.int64)
    its_own = (way >= ptr[:-1]) & (way < ptr[1:])
    forbid(~its_own & (way != -1), "an order is served by an alternative that is not its own")
    destination, promise_class = destination.copy(), promise_class.copy()
    destination[its_own] = p.alternative_destination[way[its_own]]
    promise_class[its_own] = p.alternative_promise_class[way[its_own]]
    return destination, promise_class


def _cost_of_tail(tail: Int64s, tail_cost: Int64s, taken: Int64s, supply: Int64s) -> int:
    """Price the units taken beyond all but the last `tail` of each supply."""
    if tail.size == 0:
        return 0
    return int((np.clip(taken - np.maximum(0, supply - tail), 0, None) * tail_cost).sum())


def _price_of_list(p: AllocationProblem, price_list: int, weight_g: int) -> int:
    """Price of a parcel: full multiples of the last step, the step of the rest, and the list's own."""
    steps = p.list_weight[p.list_ptr[price_list] : p.list_ptr[price_list + 1]]
    costs = p.list_cost[p.list_ptr[price_list] : p.list_ptr[price_list + 1]]
    full = max(0, -(-weight_g // int(steps[-1])) - 1)
    rest = weight_g - full * int(steps[-1])
    fixed = int(p.list_fixed[price_list]) if p.list_fixed.size else 0
    return full * int(costs[-1]) + int(costs[np.argmax(steps >= rest)]) + fixed
