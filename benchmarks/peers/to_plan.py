"""From the columns of a solution back to parcels."""

import numpy as np

from benchmarks.peers.formulation import Floats, Formulation
from benchmarks.peers.pieces import cheapest_list
from benchmarks.peers.sites import Sites
from solver.problem import AllocationPlan, AllocationProblem


def to_plan(problem: AllocationProblem, sites: Sites, model: Formulation, values: Floats) -> AllocationPlan:
    """Say a solution as parcels; each rides the cheapest list of its tariff at the weight it has.

    values : float64[v], of the columns, integer but for the solver's tolerance.
    """
    p = problem
    count = np.rint(values[model.load_col]).astype(np.int64)
    is_listed = model.load_qty > 0
    times = np.where(is_listed, count, np.minimum(count, 1))  # parcels that hold so much of the line
    load = np.repeat(np.arange(len(times)), times)
    copy = np.arange(len(load)) - np.repeat(np.cumsum(times) - times, times)
    # A content that is sent twice is two parcels; orders stand together.
    box = model.load_box[load]
    by_parcel = np.lexsort((load, copy, box, sites.order[model.box_site[box]]))
    load, copy, box = load[by_parcel], copy[by_parcel], box[by_parcel]
    first = np.flatnonzero(np.diff(box, prepend=-1) | np.diff(copy, prepend=-1))
    ptr = np.append(first, len(load)).astype(np.int64)
    line, qty = model.load_line[load], np.where(is_listed, model.load_qty, count)[load]
    site = model.box_site[box[first]]
    weight = np.diff(np.append(0, np.cumsum(qty * p.sku_weight[p.line_sku[line]]))[ptr])
    lists = [
        cheapest_list(g, t, p.tariff_ptr, p.tariff_list, p.list_ptr, p.list_weight, p.list_cost)[1]
        for g, t in zip(weight, sites.tariff[site], strict=True)
    ]
    return AllocationPlan(
        parcel_order=sites.order[site].astype(np.int32),
        parcel_node=sites.node[site].astype(np.int32),
        parcel_list=np.array(lists, np.int32),
        parcel_ptr=ptr,
        entry_line=line.astype(np.int32),
        entry_qty=qty,
    )
