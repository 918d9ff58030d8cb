"""Feasibility and cost of a plan, added up from the arrays; shares no code with the solvers.

It imports only the definition of the problem. Written for clarity over whole arrays, one rule after another.
"""

from dataclasses import dataclass

import numpy as np

from solver.problem import NO_LANE, AllocationPlan, AllocationProblem, Int64s


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """What a plan is worth and what is wrong with it."""

    violations: tuple[str, ...]  # each a rule, how often it is broken, and the first index at which it is
    transport_micros: int
    handling_micros: int
    unfilled_micros: int
    unfilled: Int64s  # [l] units of each line that no parcel holds

    @property
    def is_feasible(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    @property
    def total_micros(self) -> int:
        """The plan's cost."""
        return self.transport_micros + self.handling_micros + self.unfilled_micros


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
    order_of_line = np.searchsorted(p.order_ptr, plan.entry_line, side="right") - 1
    forbid(order_of_line != order, "a parcel holds a line of another order")

    held = np.zeros(p.n_lines, np.int64)
    np.add.at(held, plan.entry_line, plan.entry_qty)
    forbid(held > p.line_qty, "a line is filled beyond its quantity")

    sku_of_pos = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))
    keys = sku_of_pos * np.int64(p.n_nodes) + p.pos_node
    wanted = sku * np.int64(p.n_nodes) + node
    pos = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    exists = keys[pos] == wanted if len(keys) else np.zeros(len(wanted), bool)
    forbid(~exists, "an entry names a position that does not exist")
    taken = np.zeros(p.n_positions, np.int64)
    np.add.at(taken, pos[exists], plan.entry_qty[exists])
    forbid(taken > p.pos_free, "a position is oversold")
    parcels_of_node = np.bincount(plan.parcel_node, minlength=p.n_nodes)
    forbid(parcels_of_node > p.node_capacity, "a node sends more parcels than it can")

    band = p.lane_band[p.order_destination[plan.parcel_order], plan.parcel_node]
    departure = p.node_departure_class[plan.parcel_node]
    slack = p.transit_slack[p.order_promise_class[plan.parcel_order], departure]
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
    unfilled = p.line_qty - held
    return PlanCheck(
        violations=tuple(violations),
        transport_micros=sum(
            _price_of_list(p, int(r), int(g)) for r, g in zip(plan.parcel_list, weight, strict=True)
        ),
        handling_micros=handling,
        unfilled_micros=int((np.maximum(0, unfilled) * p.line_penalty).sum()),
        unfilled=unfilled,
    )


def _price_of_list(p: AllocationProblem, price_list: int, weight_g: int) -> int:
    """Price of a parcel: full multiples of the last step, and the first step that holds the rest."""
    steps = p.list_weight[p.list_ptr[price_list] : p.list_ptr[price_list + 1]]
    costs = p.list_cost[p.list_ptr[price_list] : p.list_ptr[price_list + 1]]
    full = max(0, -(-weight_g // int(steps[-1])) - 1)
    rest = weight_g - full * int(steps[-1])
    return full * int(costs[-1]) + int(costs[np.argmax(steps >= rest)])
