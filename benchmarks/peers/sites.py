"""Which node can send which units of which order, at which prices: the arrays that a model is built from."""

from dataclasses import MISSING, dataclass, fields

import numpy as np
import numpy.typing as npt

from benchmarks.peers.pieces import count_units, cut_pieces
from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS, AllocationProblem, Int32s, Int64s

CONTENTS_MANY = 2**20
# A field with a default is a rule beside the pinned problem; it is off where it is empty or always this.
RULES = {f.name: 0 for f in fields(AllocationProblem) if f.default_factory is not MISSING} | {
    "order_parcels_max": UNLIMITED_PARCELS,
    "node_parcel_use": 1,
}


class NotPinned(ValueError):
    """The problem has rules, or parcels, that the peers' model does not know."""


def require_pinned(problem: AllocationProblem) -> None:
    """Refuse a problem with rules beside the pinned ones.

    Raises
    ------
    NotPinned
        Names the arrays that hold such rules.
    """
    if rules := [name for name, off in RULES.items() if np.any(getattr(problem, name) != off)]:
        raise NotPinned(f"the peers model the pinned problem only, without {', '.join(rules)}")


@dataclass(frozen=True, slots=True)
class Sites:
    """Pairs of an order and a node that can send it something in time.

    Axes: ``s`` sites, sorted by order and node; ``e`` terms, one for each line that a site has units of;
    ``m`` price pieces.
    """

    order: Int64s  # [s]
    node: Int64s  # [s]
    tariff: Int32s  # [s]
    term_ptr: Int64s  # [s+1]
    term_line: Int64s  # [e]
    term_pos: Int64s  # [e]
    term_limit: Int64s  # [e] units that can be sent at most, >= 1
    units: Int64s  # [s] units that can be sent from here at most
    contents: Int64s  # [s] contents that a parcel from here can have, CONTENTS_MANY where there are more
    piece_ptr: Int64s  # [s+1]
    piece_lo: Int64s  # [m] grams
    piece_hi: Int64s  # [m] grams
    piece_cost: Int64s  # [m] micros of transport
    piece_units: Int64s  # [m] units that a parcel in the piece holds at most
    is_mixed: npt.NDArray[np.bool_]  # [s] whether some piece holds fewer units in all than line by line
    parcels: Int64s  # [s] parcels that some best plan needs at most from here

    @classmethod
    def of(cls, problem: AllocationProblem) -> "Sites":
        """Find all sites of a problem.

        Raises
        ------
        NotPinned
            When the problem has rules beside the pinned ones.
        """
        require_pinned(problem)
        p = problem
        line, pos = _lines_by_positions(p)
        order = np.repeat(np.arange(p.n_orders), np.diff(p.order_ptr))[line]
        tariff = _tariff(p, order, p.pos_node[pos])
        is_open = (tariff != NO_TARIFF) & (p.node_capacity[p.pos_node[pos]] > 0)
        line, pos, order, tariff = line[is_open], pos[is_open], order[is_open], tariff[is_open]
        # Lines stand in ascending order already, so a stable sort leaves those of a site so.
        key = order * p.n_nodes + p.pos_node[pos]
        by_site = np.argsort(key, kind="stable")
        line, pos, key = line[by_site], pos[by_site], key[by_site]
        keys, first = np.unique(key, return_index=True)
        term_ptr = np.append(first, len(key)).astype(np.int64)
        order, node = np.divmod(keys, p.n_nodes)
        limit = np.minimum(p.line_qty[line], p.pos_free[pos])
        site_tariff = tariff[by_site][first].astype(np.int32)
        piece_ptr, lo, hi, cost, is_single = _pieces(p, site_tariff, node, term_ptr, line, limit)
        most_units, is_mixed = np.zeros(len(hi), np.int64), np.zeros(len(keys), np.uint8)
        count_units(term_ptr, limit, p.sku_weight[p.line_sku[line]], piece_ptr, hi, most_units, is_mixed)
        units = np.diff(np.append(0, np.cumsum(limit))[term_ptr])
        return cls(
            order=order,
            node=node,
            tariff=site_tariff,
            term_ptr=term_ptr,
            term_line=line,
            term_pos=pos,
            term_limit=limit,
            units=units,
            contents=_count_contents(term_ptr, limit),
            piece_ptr=piece_ptr,
            piece_lo=lo,
            piece_hi=hi,
            piece_cost=cost,
            piece_units=most_units,
            is_mixed=is_mixed == 1,
            parcels=np.where(is_single == 1, 1, np.minimum(units, p.node_capacity[node])),
        )


def _lines_by_positions(p: AllocationProblem) -> tuple[Int64s, Int64s]:
    """Pair every line with every position of its SKU that has units."""
    stocked = np.flatnonzero(p.pos_free > 0)
    ptr = np.searchsorted(stocked, p.sku_ptr)
    counts = np.diff(ptr)[p.line_sku]
    line = np.repeat(np.arange(p.n_lines), counts)
    before = np.cumsum(counts) - counts
    at = np.arange(len(line)) - before[line] + ptr[p.line_sku[line]]
    return line, stocked[at]


def _tariff(p: AllocationProblem, order: Int64s, node: Int32s) -> Int32s:
    """Look up the tariff of pairs of order and node; NO_TARIFF where nothing arrives in time."""
    band = p.lane_band[p.order_destination[order], node]
    slack = p.transit_slack[p.order_promise_class[order], p.node_departure_class[node]]
    return np.where((band == NO_LANE) | (slack < 0), NO_TARIFF, p.tariff_of[band, slack])


def _count_contents(term_ptr: Int64s, limit: Int64s) -> Int64s:
    """Count the ways to fill a parcel, the empty one aside."""
    logs = np.append(0.0, np.cumsum(np.log2(limit + 1.0)))
    many = logs[term_ptr[1:]] - logs[term_ptr[:-1]] >= np.log2(CONTENTS_MANY)
    ways = np.ones(len(term_ptr) - 1, np.int64)
    site = np.repeat(np.arange(len(ways)), np.diff(term_ptr))
    np.multiply.at(ways, site, np.where(many[site], 1, limit + 1))
    return np.where(many, CONTENTS_MANY, ways - 1)


def _pieces(
    p: AllocationProblem, tariff: Int32s, node: Int64s, term_ptr: Int64s, line: Int64s, limit: Int64s
) -> tuple[Int64s, Int64s, Int64s, Int64s, npt.NDArray[np.uint8]]:
    """Cut each site's price into pieces: piece_ptr, lo, hi, cost, and whether one parcel suffices."""
    given = (
        tariff,
        p.node_parcel_cost[node],
        term_ptr,
        limit,
        p.sku_weight[p.line_sku[line]],
        p.tariff_ptr,
        p.tariff_list,
        p.list_ptr,
        p.list_weight,
        p.list_cost,
    )
    piece_ptr, is_single = np.zeros(len(tariff) + 1, np.int64), np.zeros(len(tariff), np.uint8)
    nothing = np.zeros(0, np.int64)
    if cut_pieces(*given, piece_ptr, nothing, nothing, nothing, is_single):
        raise NotPinned("an order weighs thousands of times the last step of a price list; split the order")
    lo, hi, cost = np.zeros((3, piece_ptr[-1]), np.int64)
    cut_pieces(*given, piece_ptr, lo, hi, cost, is_single)
    return piece_ptr, lo, hi, cost, is_single
