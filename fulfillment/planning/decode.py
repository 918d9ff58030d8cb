"""From the solver's plan back to the retailer's words."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.planning.build import BuiltProblem
from fulfillment.planning.rules import methods_of_alternatives
from fulfillment.scenario.tables import NO_INDEX, Scenario
from solver.problem import OWN_WAY, AllocationPlan

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Allocations:
    """What each parcel holds, one entry a (parcel, order line); indices into the scenario's tables.

    Sorted by order, parcel and line. Parcels are numbered from 0 within their order.
    """

    order: Int64s
    line: Int64s  # index into OrderLines
    node: Int64s
    parcel: Int64s  # number within the order
    price_list: Int64s  # index into Tariffs.lists
    qty: Int64s
    alternative: Int64s  # of the order: index into Alternatives, NO_INDEX where it is served its own way

    def __len__(self) -> int:
        return len(self.order)

    def parcel_ids(self, scenario: Scenario) -> list[str]:
        """Name each entry's parcel: the order's id and the parcel's number, from 1."""
        ids = scenario.orders.order_id
        return [f"{ids[order]}-{parcel + 1}" for order, parcel in zip(self.order, self.parcel, strict=True)]

    def methods(self, scenario: Scenario) -> list[str]:
        """Name the method by which each entry reaches the customer."""
        further, own = methods_of_alternatives(scenario), scenario.orders.method
        return [
            own[order] if alternative == NO_INDEX else further[alternative]
            for order, alternative in zip(self.order.tolist(), self.alternative.tolist(), strict=True)
        ]


def decode_plan(scenario: Scenario, built: BuiltProblem, plan: AllocationPlan) -> Allocations:
    """Hand the units of each merged line out to the scenario's lines it stands for, in the order of line_no.

    A kit stays a kit; a pack comes back as the units that it is.

    Parcels and scenario lines cut the units of a merged line in two ways; each entry is the overlap of a
    parcel's stretch with a line's stretch.
    """
    parcel = np.repeat(np.arange(len(plan.parcel_order)), np.diff(plan.parcel_ptr))
    entries = np.lexsort((parcel, plan.entry_line))
    merged = plan.entry_line[entries].astype(np.int64)
    qty = plan.entry_qty[entries] * built.items.units[built.problem.line_sku[merged]]  # a pack is several
    taken_end = np.cumsum(qty) - _units_before(merged, qty)
    lines = np.lexsort((scenario.order_lines.line_no, built.merged_line))
    owner, wanted = built.merged_line[lines], scenario.order_lines.qty[lines]
    line_end = np.cumsum(wanted) - _units_before(owner, wanted)
    rows: list[tuple[int, int, int]] = []  # (entry, line, qty)
    first_line = np.searchsorted(owner, merged)
    single = np.bincount(owner, minlength=int(owner.max(initial=-1)) + 1)[merged] == 1
    for e in np.flatnonzero(~single):
        begin, end = taken_end[e] - qty[e], taken_end[e]
        k = first_line[e]
        while k < len(owner) and owner[k] == merged[e]:
            overlap = min(end, line_end[k]) - max(begin, line_end[k] - wanted[k])
            if overlap > 0:
                rows.append((int(e), int(lines[k]), int(overlap)))
            k += 1
    plain = np.flatnonzero(single)
    split = np.array(rows, np.int64).reshape(-1, 3)
    entry = np.concatenate((plain, split[:, 0]))
    line = np.concatenate((lines[first_line[plain]], split[:, 1]))
    units = np.concatenate((qty[plain], split[:, 2]))
    of_parcel = parcel[entries][entry]
    order = built.order[plan.parcel_order[of_parcel]]
    number = of_parcel - np.searchsorted(plan.parcel_order, plan.parcel_order[of_parcel])
    rank = np.lexsort((line, number, order))
    return Allocations(
        order=order[rank],
        line=line[rank].astype(np.int64),
        node=plan.parcel_node[of_parcel][rank].astype(np.int64),
        parcel=number[rank].astype(np.int64),
        price_list=plan.parcel_list[of_parcel][rank].astype(np.int64),
        qty=units[rank].astype(np.int64),
        alternative=_alternatives(built, plan)[plan.parcel_order[of_parcel]][rank],
    )


def _alternatives(built: BuiltProblem, plan: AllocationPlan) -> Int64s:
    """Find the scenario's alternative that each of the solver's orders takes, or NO_INDEX; int64[o]."""
    taken = np.full(built.problem.n_orders, NO_INDEX, np.int64)
    further = np.flatnonzero(plan.order_alternative != OWN_WAY)  # empty where no order has alternatives
    taken[further] = built.alternative[plan.order_alternative[further]]
    return taken


def _units_before(group: Int64s, units: Int64s) -> Int64s:
    """Units of all earlier groups, for entries sorted by group."""
    total = np.concatenate(([0], np.cumsum(units)))
    return np.asarray(total[np.searchsorted(group, group)])
