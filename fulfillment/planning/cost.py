"""What a plan costs in the pinned meaning, whatever the policy weighs."""

from dataclasses import dataclass

import numpy as np

from fulfillment.planning.unfilled import Unfilled
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from solver.check import PlanCheck

UNFILLED_CENTS_PER_UNIT = 5_000  # plus the unit's price


@dataclass(frozen=True, slots=True)
class PlanCost:
    """The parts of a plan's cost in micros; exact."""

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


def to_cents(micros: int) -> float:
    """Cents to two decimals."""
    return round(micros / MICROS_PER_CENT, 2)


def pinned_cost(scenario: Scenario, checked: PlanCheck, unfilled: Unfilled) -> PlanCost:
    """Price a plan in the pinned meaning: unfilled units at 5,000 cents plus their price."""
    sku = scenario.order_lines.sku[unfilled.line]
    penalty = UNFILLED_CENTS_PER_UNIT * MICROS_PER_CENT + scenario.skus.price_micros[sku]
    return PlanCost(checked.transport_micros, checked.handling_micros, int(np.dot(unfilled.qty, penalty)))
