"""The pinned problem as one integer program, for solvers that know nothing of retail.

What is decided. A site (an order and a node that can serve it) sends parcels. Where few contents of a parcel
are possible they are listed, and a column counts the parcels of each; where there are many, a parcel ``q`` is
a load that rides a price piece (`pieces`). What no parcel holds stays unfilled ::

    y[s, c]  integer  parcels of site s with content c               sites with few contents
    z[q, k]  binary   parcel q is sent, and its weight is in piece k  the others
    x[q, l]  integer  units of line l in parcel q, 0 .. limit
    u[l]     integer  units of line l that stay unfilled

    minimise   sum cost_c y[s, c] + sum (handling + transport_k) z[q, k] + sum unit_cost x[q, l]
               + sum penalty u[l]
    fill       sum qty_c[l] y[s, c] + sum x[q, l] + u[l] = qty[l]    every line
    stock      the same units of a position <= free                  every position that can be oversold
    capacity   sum y[s, c] + sum z[q, k] <= capacity                 every node that can send too many
    one piece  sum_k z[q, k] <= 1                                    every parcel
    link       x[q, l] <= sum_k min(limit, hi_k // weight_l) z[q, k]
    weight     sum_l weight_l x[q, l] <= sum_k hi_k z[q, k]
    window     sum_l weight_l x[q, l] >= sum_k lo_k z[q, k]          where a heavier piece is cheaper
    count      sum_l x[q, l] <= sum_k most_units_k z[q, k]           where that is less than the links allow
    in turn    sum_k z[q, k] >= sum_k z[q + 1, k]                    several parcels of one site

It is exact: price steps are steps, full multiples of a list's last step included, several price lists of a
tariff are their cheapest at each weight, a line's units may come from several nodes, and a site sends several
parcels where that can pay. It hardly ever can: when no two parcels of a site cost less than their merger
(checked for all weights), some best plan has one parcel there, because merging keeps every unit and frees
capacity. Else a site gets as many parcels as it can send units.

What a competent modeller does to help the solver is done: no variable for what cannot be sent, contents
listed where that is the smaller and the tighter model, big-M constants as small as the piece allows, pieces
only for weights that some content reaches, rows only where stock or capacity can bind, interchangeable
parcels in turn, and an objective of small integers (`unit_micros` is the common divisor of all costs), so
that a bound may be rounded up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.peers.pieces import list_contents
from benchmarks.peers.sites import Sites
from solver.problem import AllocationProblem, Int64s

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Entries = tuple[Int64s, Int64s, npt.ArrayLike]

CONTENTS_MAX = 31  # sites with more contents ride price pieces


@dataclass(frozen=True, slots=True)
class Formulation:
    """An integer program ``min cost @ v, row_lo <= A v <= row_hi, 0 <= v <= upper, v integer``.

    Axes: ``v`` columns, ``r`` rows, ``t`` non-zeros, sorted by row and column; ``b`` boxes, kinds of parcel
    that a solution may hold several of; ``j`` units of a line in a box.
    """

    unit_micros: int  # what 1 of the objective is worth
    cost: Int64s  # [v] in units of unit_micros
    upper: Int64s  # [v]
    row_lo: Floats  # [r]
    row_hi: Floats  # [r]
    entry_row: Int64s  # [t]
    entry_col: Int64s  # [t]
    entry_value: Int64s  # [t]
    # What a solution means: a box is a listed content, counted by a column, or a parcel that is loaded.
    box_site: Int64s  # [b]
    load_box: Int64s  # [j] ascending
    load_line: Int64s  # [j]
    load_col: Int64s  # [j] a listed content's own column, or the column of the units
    load_qty: Int64s  # [j] units in the listed content; 0 where the column says how many

    @property
    def size(self) -> dict[str, int]:
        """Columns, rows and non-zeros."""
        return {"columns": len(self.cost), "rows": len(self.row_lo), "entries": len(self.entry_row)}


class _Rows:
    """Rows under construction, one family after the other."""

    def __init__(self) -> None:
        self.lo: list[Floats] = []
        self.hi: list[Floats] = []
        self.entries: list[tuple[Int64s, Int64s, Int64s]] = []
        self.count = 0

    def add(self, lo: npt.ArrayLike, hi: npt.ArrayLike, n_rows: int, *blocks: Entries) -> None:
        """Add `n_rows` rows within lo..hi; each block of entries is (row of this family, column, value)."""
        self.lo.append(np.broadcast_to(np.asarray(lo, float), n_rows))
        self.hi.append(np.broadcast_to(np.asarray(hi, float), n_rows))
        for row, col, value in blocks:
            values = np.broadcast_to(np.asarray(value, np.int64), len(row))
            self.entries.append((row + self.count, col, values))
        self.count += n_rows

    def sorted_entries(self) -> tuple[Int64s, Int64s, Int64s]:
        """Give all entries by row, then by column."""
        row, col, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.lexsort((col, row))
        return row[order], col[order], value[order]


class _Listed:
    """Sites whose contents are listed: a column for each content.

    Axes: ``c`` contents; ``h`` what they hold, a content and a term.
    """

    def __init__(self, p: AllocationProblem, s: Sites, is_listed: Bools) -> None:
        sites = np.flatnonzero(is_listed)
        self.site = np.repeat(sites, s.contents[sites])
        cost, nothing = np.zeros(len(self.site), np.int64), np.zeros(0, np.int64)
        given = (
            sites,
            s.tariff,
            s.term_ptr,
            s.term_limit,
            p.sku_weight[p.line_sku[s.term_line]],
            p.tariff_ptr,
            p.tariff_list,
            p.list_ptr,
            p.list_weight,
            p.list_cost,
        )
        n_held = list_contents(*given, nothing, nothing, nothing, nothing)
        self.content, self.term, self.qty = np.zeros((3, n_held), np.int64)
        list_contents(*given, cost, self.content, self.term, self.qty)
        self.micros = cost + p.node_parcel_cost[s.node[self.site]]
        np.add.at(self.micros, self.content, self.qty * p.pos_unit_cost[s.term_pos[self.term]])
        # How often a content fits into what the site can send; once where one parcel suffices.
        self.upper = np.where(s.parcels[self.site] > 1, np.iinfo(np.int64).max, 1)
        np.minimum.at(self.upper, self.content, s.term_limit[self.term] // self.qty)


class _Loaded:
    """Parcels that are loaded line by line and ride a price piece.

    Axes: ``q`` parcels; ``j`` loads (a parcel and a term); ``k`` rides (a parcel and a piece).
    """

    def __init__(self, p: AllocationProblem, s: Sites, is_listed: Bools) -> None:
        self.site = np.repeat(np.arange(len(s.order)), np.where(is_listed, 0, s.parcels))
        self.ride_parcel, self.piece = _spread(s.piece_ptr, self.site)
        self.load_parcel, self.term = _spread(s.term_ptr, self.site)
        self.limit = s.term_limit[self.term]
        self.weight = p.sku_weight[p.line_sku[s.term_line[self.term]]]
        self.n_rides = np.diff(s.piece_ptr)[self.site]
        self.n_loads = np.diff(s.term_ptr)[self.site]
        self.ride_ptr = np.append(0, np.cumsum(self.n_rides))
        self.ride_micros = s.piece_cost[self.piece] + p.node_parcel_cost[s.node[self.site[self.ride_parcel]]]
        self.load_micros = p.pos_unit_cost[s.term_pos[self.term]]


class _Model:
    """Listed contents, loaded parcels, and where their columns stand."""

    def __init__(self, p: AllocationProblem, s: Sites) -> None:
        is_listed = s.contents <= CONTENTS_MAX
        self.p, self.s = p, s
        # Nothing forbids two listed contents of a site at once: they are two parcels, if seldom worth it.
        self.most_parcels = np.where(is_listed, s.units, s.parcels)  # [s]
        self.listed, self.loaded = _Listed(p, s, is_listed), _Loaded(p, s, is_listed)
        counts = (len(self.listed.site), len(self.loaded.piece), len(self.loaded.term), p.n_lines)
        self.ride_at, self.load_at, self.unfilled_at, self.n_cols = np.cumsum(counts).tolist()
        # Units taken, listed and loaded alike: value times the column of units of the term.
        self.taken_term = np.concatenate([self.listed.term, self.loaded.term])
        self.taken_col = np.concatenate([self.listed.content, np.arange(self.load_at, self.unfilled_at)])
        self.taken_qty = np.concatenate([self.listed.qty, np.ones_like(self.loaded.term)])

    def micros(self) -> Int64s:
        """Cost of each column."""
        return np.concatenate(
            [self.listed.micros, self.loaded.ride_micros, self.loaded.load_micros, self.p.line_penalty]
        )

    def upper(self) -> Int64s:
        """Largest value of each column."""
        rides = np.ones_like(self.loaded.piece)
        return np.concatenate([self.listed.upper, rides, self.loaded.limit, self.p.line_qty])

    def rides_of(self, parcels: Int64s) -> tuple[Int64s, Int64s, Int64s]:
        """List the rides of loaded parcels: (position of the parcel in `parcels`, column, piece)."""
        at, ride = _spread(self.loaded.ride_ptr, parcels)
        return at, self.ride_at + ride, self.loaded.piece[ride]


def formulate(problem: AllocationProblem, sites: Sites | None = None) -> Formulation:
    """Write a problem as one integer program; see the module's docstring.

    Raises
    ------
    NotPinned
        When the problem has rules beside the pinned ones.
    """
    m, rows = _Model(problem, sites or Sites.of(problem)), _Rows()
    for add in (_add_fill, _add_stock, _add_capacity, _add_one_piece, _add_links, _add_contents, _add_turns):
        add(rows, m)
    row, col, value = rows.sorted_entries()
    micros = m.micros()
    unit_micros = max(1, int(np.gcd.reduce(micros)))
    n_listed, listed, loaded = len(m.listed.site), m.listed, m.loaded
    return Formulation(
        unit_micros=unit_micros,
        cost=micros // unit_micros,
        upper=m.upper(),
        row_lo=np.concatenate(rows.lo),
        row_hi=np.concatenate(rows.hi),
        entry_row=row,
        entry_col=col,
        entry_value=value,
        box_site=np.concatenate([listed.site, loaded.site]),
        load_box=np.concatenate([listed.content, n_listed + loaded.load_parcel]),
        load_line=m.s.term_line[m.taken_term],
        load_col=m.taken_col,
        load_qty=np.concatenate([listed.qty, np.zeros_like(loaded.term)]),
    )


def _add_fill(rows: _Rows, m: _Model) -> None:
    lines = np.arange(m.p.n_lines)
    taken = (m.s.term_line[m.taken_term], m.taken_col, m.taken_qty)
    rows.add(m.p.line_qty, m.p.line_qty, len(lines), taken, (lines, m.unfilled_at + lines, 1))


def _add_stock(rows: _Rows, m: _Model) -> None:
    """Only where it can bind; several parcels of a site may draw up to the line's quantity."""
    s, pos = m.s, m.s.term_pos
    is_split = np.repeat(m.most_parcels > 1, np.diff(s.term_ptr))
    most = np.zeros(m.p.n_positions, np.int64)
    np.add.at(most, pos, np.where(is_split, m.p.line_qty[s.term_line], s.term_limit))
    binds = most > m.p.pos_free
    taken = np.flatnonzero(binds[pos[m.taken_term]])
    row = _numbers(binds)[pos[m.taken_term[taken]]]
    rows.add(-np.inf, m.p.pos_free[binds], int(binds.sum()), (row, m.taken_col[taken], m.taken_qty[taken]))


def _add_capacity(rows: _Rows, m: _Model) -> None:
    node = m.s.node
    of_parcel = np.concatenate([node[m.listed.site], node[m.loaded.site[m.loaded.ride_parcel]]])
    most = np.zeros(m.p.n_nodes, np.int64)
    np.add.at(most, node, m.most_parcels)
    binds = most > m.p.node_capacity
    col = np.flatnonzero(binds[of_parcel])
    rows.add(-np.inf, m.p.node_capacity[binds], int(binds.sum()), (_numbers(binds)[of_parcel[col]], col, 1))


def _add_one_piece(rows: _Rows, m: _Model) -> None:
    several = np.flatnonzero(m.loaded.n_rides > 1)
    at, col, _ = m.rides_of(several)
    rows.add(-np.inf, 1, len(several), (at, col, 1))


def _add_links(rows: _Rows, m: _Model) -> None:
    loads = np.arange(len(m.loaded.term))
    at, col, piece = m.rides_of(m.loaded.load_parcel)
    fit = np.minimum(m.loaded.limit[at], m.s.piece_hi[piece] // m.loaded.weight[at])
    rows.add(-np.inf, 0, len(loads), (loads, m.load_at + loads, 1), (at, col, -fit))


def _add_contents(rows: _Rows, m: _Model) -> None:
    """Weight, window and count: what all lines of a parcel weigh or number together."""
    s, loaded = m.s, m.loaded
    several = (loaded.n_rides > 1) & (loaded.n_loads > 1)  # else the links say it all
    is_mixed = several & s.is_mixed[loaded.site]
    falls = (np.diff(s.piece_cost[loaded.piece]) < 0) & (np.diff(loaded.ride_parcel) == 0)
    has_fall = np.bincount(loaded.ride_parcel[1:][falls], minlength=len(loaded.site)) > 0
    _add_content(rows, m, several, loaded.weight, s.piece_hi, is_at_most=True)
    _add_content(rows, m, is_mixed, np.ones_like(loaded.weight), s.piece_units, is_at_most=True)
    _add_content(rows, m, has_fall, loaded.weight, s.piece_lo, is_at_most=False)


def _add_content(
    rows: _Rows, m: _Model, chosen: Bools, load_value: Int64s, piece_value: Int64s, *, is_at_most: bool
) -> None:
    """Bound the sum over a parcel's loads by what its piece says, for the chosen parcels."""
    load = np.flatnonzero(chosen[m.loaded.load_parcel])
    row = _numbers(chosen)[m.loaded.load_parcel[load]]
    at, col, piece = m.rides_of(np.flatnonzero(chosen))
    lo, hi = (-np.inf, 0) if is_at_most else (0, np.inf)
    loads = (row, m.load_at + load, load_value[load])
    rows.add(lo, hi, int(chosen.sum()), loads, (at, col, -piece_value[piece]))


def _add_turns(rows: _Rows, m: _Model) -> None:
    twins = np.flatnonzero(np.diff(m.loaded.site) == 0)
    first, first_col, _ = m.rides_of(twins)
    second, second_col, _ = m.rides_of(twins + 1)
    rows.add(0, np.inf, len(twins), (first, first_col, 1), (second, second_col, -1))


def _spread(ptr: Int64s, owners: Int64s) -> tuple[Int64s, Int64s]:
    """List the members of owners, one owner after the other: (position of the owner in `owners`, member)."""
    counts = ptr[owners + 1] - ptr[owners]
    at = np.repeat(np.arange(len(owners)), counts)
    before = np.cumsum(counts) - counts
    return at, np.arange(len(at)) - before[at] + ptr[owners][at]


def _numbers(kept: Bools) -> Int64s:
    """Number what is kept from 0 on; what is not kept has no meaning."""
    return np.cumsum(kept) - 1
