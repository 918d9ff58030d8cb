"""What each order asks for, as the solver's lines.

Equal SKUs of an order are one line. Where the policy does not split a SKU, all units of such a line are one
**pack**, a line of quantity 1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.policy import Policy
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Axes: ``o`` orders in the sequence of their arrival, ``l`` lines, ``k`` packs."""

    order_ptr: Int64s  # [o+1]
    sku: Int64s  # [l] of the scenario
    qty: Int64s  # [l] units
    packs: Int64s  # [k, 2] a SKU and how many units of it leave together
    pack: Int64s  # [l] the pack that a line is, or -1
    merged_line: Int64s  # [scenario line] index into the lines

    @classmethod
    def of(cls, scenario: Scenario, policy: Policy, arrival: Int64s) -> "Lines":
        """Add up the lines of an order that ask for the same SKU; orders in the sequence of `arrival`."""
        lines, n_skus = scenario.order_lines, max(1, len(scenario.skus))
        rank = np.empty_like(arrival)
        rank[arrival] = np.arange(len(arrival))
        keys, merged_line = np.unique(rank[lines.order] * n_skus + lines.sku, return_inverse=True)
        qty = np.zeros(len(keys), np.int64)
        np.add.at(qty, merged_line, lines.qty)
        sku = keys % n_skus
        whole = np.flatnonzero(_are_unsplit(scenario, policy)[sku] & (qty > 1))
        packs, which = np.unique(np.column_stack((sku[whole], qty[whole])), axis=0, return_inverse=True)
        pack = np.full(len(keys), -1, np.int64)
        pack[whole] = which.reshape(-1)
        return cls(
            order_ptr=np.searchsorted(keys // n_skus, np.arange(len(arrival) + 1)).astype(np.int64),
            sku=sku,
            qty=qty,
            packs=packs.reshape(-1, 2),
            pack=pack,
            merged_line=merged_line.astype(np.int64),
        )

    def penalties(self, scenario: Scenario, policy: Policy, arrival: Int64s) -> Int64s:
        """Micros for each unit of a line that stays unfilled, weighted by its order's priority; int64[l]."""
        unfilled = policy.unfilled
        penalty = np.full(len(self.sku), unfilled.penalty_cents_per_unit * MICROS_PER_CENT, np.int64)
        if unfilled.price_is_added:
            penalty += scenario.skus.price_micros[self.sku]
        priorities, which = np.unique(scenario.orders.priority[arrival], return_inverse=True)
        percent = np.array([unfilled.percent(int(priority)) for priority in priorities], np.int64)
        of_line = np.repeat(percent[which], np.diff(self.order_ptr)) if len(which) else percent
        return penalty * of_line // 100


def _are_unsplit(scenario: Scenario, policy: Policy) -> npt.NDArray[np.bool_]:
    return np.array([sku_id in policy.parcels.unsplit_skus for sku_id in scenario.skus.sku_id], bool)
