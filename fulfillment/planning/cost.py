"""What a plan costs: in the pinned meaning, whatever the policy weighs, and to the policy, part by part."""

from dataclasses import dataclass, fields

import numpy as np

from fulfillment.domain.errors import invariant
from fulfillment.domain.kinds import NodeKind
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.items import kind_of_nodes, units_taken
from fulfillment.planning.unfilled import Unfilled
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from solver.check import PlanCheck
from solver.problem import AllocationPlan

UNFILLED_CENTS_PER_UNIT = 5_000  # plus the unit's price


@dataclass(frozen=True, slots=True)
class PlanCost:
    """The parts of a plan's cost in the pinned meaning, in micros; exact."""

    transport_micros: int
    handling_micros: int
    unfilled_micros: int

    @property
    def total_micros(self) -> int:
        """The plan's cost."""
        return self.transport_micros + self.handling_micros + self.unfilled_micros

    def in_cents(self) -> dict[str, float]:
        """Round each total to a hundredth of a cent, which is exact but for finer prices."""
        return {
            "total_cents": to_cents(self.total_micros),
            "transport_cents": to_cents(self.transport_micros),
            "handling_cents": to_cents(self.handling_micros),
            "unfilled_cents": to_cents(self.unfilled_micros),
        }


@dataclass(frozen=True, slots=True)
class PolicyCost:
    """The parts of what a plan costs to its policy, in micros; exact.

    Transport and handling are those of the pinned meaning; unfilled units count with the policy's penalty and
    percentages, and the rest is what its rules charge on top.
    """

    transport_micros: int
    handling_micros: int
    unfilled_micros: int
    lateness_micros: int
    last_units_micros: int
    balance_micros: int
    vendors_last_micros: int

    @property
    def total_micros(self) -> int:
        """What the solver minimised."""
        return sum(self.in_micros().values())

    def in_micros(self) -> dict[str, int]:
        """Name the parts."""
        return {part.name.removesuffix("_micros"): getattr(self, part.name) for part in fields(self)}

    def in_cents(self) -> dict[str, float]:
        """Name the parts, rounded as those of `PlanCost`."""
        return {name: to_cents(micros) for name, micros in self.in_micros().items()}


def to_cents(micros: int) -> float:
    """Cents to two decimals."""
    return round(micros / MICROS_PER_CENT, 2)


def policy_cost(
    scenario: Scenario, policy: Policy, built: BuiltProblem, plan: AllocationPlan, checked: PlanCheck
) -> PolicyCost:
    """Take a plan's cost apart.

    Raises
    ------
    InvariantViolation
        When the parts are not the plan's cost as `checked` found it.
    """
    late_micros = np.array([entry.late_micros for entry in built.tariffs.lists], np.int64)
    lateness = int(late_micros[plan.parcel_list].sum())
    vendors = _vendors_last(scenario, policy, built, plan)
    cost = PolicyCost(
        transport_micros=checked.transport_micros - lateness,
        handling_micros=checked.handling_micros - vendors,
        unfilled_micros=checked.unfilled_micros,
        lateness_micros=lateness,
        last_units_micros=_last_units(built, plan),
        balance_micros=_balance(built, plan),
        vendors_last_micros=vendors,
    )
    invariant(
        cost.total_micros == checked.total_micros,
        "the parts of a plan's cost add up to it",
        parts=cost.in_cents(),
        checked_micros=checked.total_micros,
    )
    return cost


def pinned_cost(scenario: Scenario, to_policy: PolicyCost, unfilled: Unfilled) -> PlanCost:
    """Price a plan in the pinned meaning: unfilled units at 5,000 cents plus their price."""
    sku = scenario.order_lines.sku[unfilled.line]
    penalty = UNFILLED_CENTS_PER_UNIT * MICROS_PER_CENT + scenario.skus.price_micros[sku]
    return PlanCost(to_policy.transport_micros, to_policy.handling_micros, int(np.dot(unfilled.qty, penalty)))


def _vendors_last(scenario: Scenario, policy: Policy, built: BuiltProblem, plan: AllocationPlan) -> int:
    kinds = kind_of_nodes(scenario.nodes)
    is_vendor = np.array([kind is NodeKind.VENDOR for kind in kinds], bool)[plan.parcel_node]
    item = built.problem.line_sku[plan.entry_line]
    by_vendor = np.repeat(is_vendor, np.diff(plan.parcel_ptr))
    units = int((plan.entry_qty * built.items.handled_units[item])[by_vendor].sum())
    weights = policy.vendors_last
    cents = int(is_vendor.sum()) * weights.cents_per_parcel + units * weights.cents_per_unit
    return cents * MICROS_PER_CENT


def _last_units(built: BuiltProblem, plan: AllocationPlan) -> int:
    problem = built.problem
    if len(problem.stock_tail) == 0:
        return 0
    untroubled = problem.pos_free - problem.stock_tail
    beyond = np.maximum(0, units_taken(problem, plan) - untroubled)
    return int(beyond @ problem.stock_tail_cost)


def _balance(built: BuiltProblem, plan: AllocationPlan) -> int:
    problem = built.problem
    if len(problem.node_tail) == 0:
        return 0
    parcels = np.bincount(plan.parcel_node, minlength=problem.n_nodes)
    beyond = np.maximum(0, parcels - (problem.node_capacity - problem.node_tail))
    return int(beyond @ problem.node_tail_cost)
