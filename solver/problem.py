"""What is solved: a batch of orders over nodes with stock and capacity.

Formulation
-----------
A *parcel* is units of one order that leave one node under one service. For order ``o`` let ``x`` be a count
vector over its lines. A parcel with content ``x`` from node ``n`` costs ::

    transport(tariff(o, n), weight(x)) + node_parcel_cost[n] + sum_l x[l] * pos_unit_cost[n, sku[l]]

and a unit of line ``l`` that no parcel holds costs ``line_penalty[l]``. A plan chooses parcels for every
order so that the units taken from a position never exceed ``pos_free`` and the parcels of a node never
exceed ``node_capacity``; it minimises the sum of all costs.

Who can serve whom, by when, at what price is held in factors, never per (order, node) pair ::

    band   = lane_band[destination, node]                  how far; NO_LANE where the node cannot serve it
    slack  = transit_slack[promise_class, departure_class] how many transit levels arrive in time
    tariff = tariff_of[band, slack]                        the price lists that may be used; NO_TARIFF if none

A tariff is a set of price lists; transport is the cheapest of them at the parcel's weight. A parcel heavier
than a list's last step pays the last step once for every full multiple of it, and the step of the rest.

All costs are int64 **micros** (a cent is 10,000), so sums are exact in any order.

Rules beside that, all off by default
-------------------------------------
- *Alternatives*: an order may be served in one of several ways, each a destination and a promise class; it
  takes one of them whole.
- *Most parcels* of an order, and orders that are sent *complete* or not at all.
- *Recipes*: a compound position holds no stock of its own; a unit of it takes so many units of stock rows of
  the same node and leaves in one parcel. A kit is an item with compound positions, and so is "the pack of all
  q units" of a line that may not be split.
- *Capacity* in any unit: a parcel uses ``node_parcel_use`` of it, a unit of goods ``pos_capacity_use``.
- *Tails*: each of the last ``tail`` units of a stock row or of a node's capacity costs ``tail_cost`` more, so
  they are taken last. The plan pays for them, not an order.
- A price list may add ``list_fixed`` to every parcel that rides it (lateness at a price, say).
"""

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from solver.rules import check_rules
from solver.validation import (
    COST_MAX,
    QTY_MAX,
    InvalidProblem,
    SolverError,
    ascends,
    check_pointer,
    check_range,
    require,
)

__all__ = [
    "NO_LANE",
    "NO_TARIFF",
    "OWN_WAY",
    "UNLIMITED_PARCELS",
    "AllocationPlan",
    "AllocationProblem",
    "Bytes",
    "Int16s",
    "Int32s",
    "Int64s",
    "InvalidProblem",
    "SolverError",
]

Bytes = npt.NDArray[np.uint8]
Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_LANE = -1
NO_TARIFF = -1
UNLIMITED_PARCELS = 2**31 - 1
OWN_WAY = -1  # an order is served at its own destination and promise class, by none of its alternatives


def _none64() -> Int64s:
    return np.zeros(0, np.int64)


def _none32() -> Int32s:
    return np.zeros(0, np.int32)


def _none8() -> Bytes:
    return np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """A batch of orders; see the module's docstring for the formulation.

    Axes: ``n`` nodes, ``s`` SKUs (items: kits too), ``p`` positions, ``h`` stock rows, ``o`` orders,
    ``l`` lines, ``a`` alternatives, ``d`` destinations, ``c`` promise classes, ``k`` departure classes,
    ``b`` bands, ``t`` tariffs, ``r`` price lists, ``w`` steps. A position below ``n_stock`` is a stock row;
    the others are compound: SKUs that are stocked come first, then those made of them. Orders stand in the
    sequence in which they were placed; an order's lines hold distinct SKUs. All arrays are C-contiguous and
    must not be changed afterwards. An empty array of a rule stands for its default everywhere.
    """

    node_parcel_cost: Int64s  # [n] micros a parcel
    node_capacity: Int64s  # [n] units of capacity: parcels, unless uses say otherwise; or UNLIMITED_PARCELS
    node_departure_class: Int32s  # [n]

    sku_ptr: Int64s  # [s+1] positions of SKU s are sku_ptr[s]:sku_ptr[s+1]
    sku_weight: Int64s  # [s] grams, >= 1
    pos_node: Int32s  # [p] ascending within a SKU
    pos_free: Int64s  # [h] units that may be taken
    pos_unit_cost: Int64s  # [p] micros a unit: handling and commission

    order_ptr: Int64s  # [o+1] lines of order o are order_ptr[o]:order_ptr[o+1]
    order_destination: Int32s  # [o]
    order_promise_class: Int32s  # [o]
    line_sku: Int32s  # [l]
    line_qty: Int64s  # [l] units, >= 1
    line_penalty: Int64s  # [l] micros for each unit left unfilled

    lane_band: Int16s  # [d, n] band, or NO_LANE
    transit_slack: Int16s  # [c, k] index into tariff_of's second axis, or -1: not even ready in time
    tariff_of: Int32s  # [b, slack] tariff, or NO_TARIFF
    tariff_ptr: Int64s  # [t+1] price lists of tariff t are tariff_list[tariff_ptr[t]:tariff_ptr[t+1]]
    tariff_list: Int32s  # price list of each entry
    list_ptr: Int64s  # [r+1] steps of price list r are list_ptr[r]:list_ptr[r+1]
    list_weight: Int64s  # [w] grams, ascending within a list
    list_cost: Int64s  # [w] micros

    list_fixed: Int64s = field(default_factory=_none64)  # [r] micros a parcel, once; default 0
    node_parcel_use: Int64s = field(default_factory=_none64)  # [n] units of capacity a parcel; default 1
    pos_capacity_use: Int64s = field(default_factory=_none64)  # [p] units of capacity a unit; default 0
    stock_tail: Int64s = field(default_factory=_none64)  # [h] last units that cost more; default 0
    stock_tail_cost: Int64s = field(default_factory=_none64)  # [h] micros for each of them; default 0
    node_tail: Int64s = field(default_factory=_none64)  # [n] last units of a limited capacity; default 0
    node_tail_cost: Int64s = field(default_factory=_none64)  # [n] micros for each of them; default 0
    order_parcels_max: Int64s = field(default_factory=_none64)  # [o] >= 1; default UNLIMITED_PARCELS
    order_complete: Bytes = field(default_factory=_none8)  # [o] 1: all its units are sent, or none; default 0
    alternative_ptr: Int64s = field(default_factory=_none64)  # [o+1] further ways of order o; default none
    alternative_destination: Int32s = field(default_factory=_none32)  # [a]
    alternative_promise_class: Int32s = field(default_factory=_none32)  # [a]
    recipe_ptr: Int64s = field(default_factory=_none64)  # [p-h+1] components of position h + i
    recipe_pos: Int64s = field(default_factory=_none64)  # stock row of each component, at the same node
    recipe_qty: Int64s = field(default_factory=_none64)  # units of it in one unit of the position, >= 1

    def __post_init__(self) -> None:
        _check_arrays(self)
        _check_pointers(self)
        _check_ranges(self)
        check_rules(self)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_capacity)

    @property
    def n_skus(self) -> int:
        """Number of SKUs."""
        return len(self.sku_weight)

    @property
    def n_orders(self) -> int:
        """Number of orders."""
        return len(self.order_destination)

    @property
    def n_lines(self) -> int:
        """Number of lines over all orders."""
        return len(self.line_sku)

    @property
    def n_positions(self) -> int:
        """Number of (node, SKU) positions, compound ones included."""
        return len(self.pos_node)

    @property
    def n_stock(self) -> int:
        """Number of stock rows: the positions that hold units of their own, and have a price."""
        return len(self.pos_free)


@dataclass(frozen=True, slots=True)
class AllocationPlan:
    """Parcels, sorted by order, and what they hold.

    Axes: ``q`` parcels, ``e`` parcel entries (one a line in a parcel).
    """

    parcel_order: Int32s  # [q]
    parcel_node: Int32s  # [q]
    parcel_list: Int32s  # [q] price list the parcel rides, an index into AllocationProblem.list_ptr
    parcel_ptr: Int64s  # [q+1] entries of parcel q
    entry_line: Int32s  # [e] index into AllocationProblem.line_sku
    entry_qty: Int64s  # [e] units, >= 1
    order_alternative: Int32s = field(default_factory=_none32)  # [o] or OWN_WAY, the default


_DTYPES: dict[str, type[np.generic]] = {
    "node_departure_class": np.int32,
    "pos_node": np.int32,
    "order_destination": np.int32,
    "order_promise_class": np.int32,
    "line_sku": np.int32,
    "lane_band": np.int16,
    "transit_slack": np.int16,
    "tariff_of": np.int32,
    "tariff_list": np.int32,
    "order_complete": np.uint8,
    "alternative_destination": np.int32,
    "alternative_promise_class": np.int32,
}
_TWO_AXES = frozenset({"lane_band", "transit_slack", "tariff_of"})


def _check_arrays(p: AllocationProblem) -> None:
    for f in fields(p):
        a = getattr(p, f.name)
        dtype = np.dtype(_DTYPES.get(f.name, np.int64))
        require(isinstance(a, np.ndarray) and a.dtype == dtype, f.name, f"must be an array of {dtype}")
        require(a.ndim == (2 if f.name in _TWO_AXES else 1), f.name, "has the wrong number of axes")
        require(a.flags.c_contiguous, f.name, "must be C-contiguous")


def _check_pointers(p: AllocationProblem) -> None:
    if len(p.recipe_ptr) == 0:
        require(p.n_stock == p.n_positions, "pos_free", f"must have {p.n_positions} entries")
    check_pointer("sku_ptr", p.sku_ptr, p.n_skus, p.n_positions)
    check_pointer("order_ptr", p.order_ptr, p.n_orders, p.n_lines)
    check_pointer("tariff_ptr", p.tariff_ptr, len(p.tariff_ptr) - 1, len(p.tariff_list))
    check_pointer("list_ptr", p.list_ptr, len(p.list_ptr) - 1, len(p.list_weight))
    require(bool(np.all(np.diff(p.list_ptr) >= 1)), "list_ptr", "every price list needs a step")
    require(bool(np.all(np.diff(p.tariff_ptr) >= 1)), "tariff_ptr", "every tariff needs a price list")
    for name, size in (
        ("node_parcel_cost", p.n_nodes),
        ("node_departure_class", p.n_nodes),
        ("pos_unit_cost", p.n_positions),
        ("order_promise_class", p.n_orders),
        ("line_qty", p.n_lines),
        ("line_penalty", p.n_lines),
        ("list_cost", len(p.list_weight)),
    ):
        require(len(getattr(p, name)) == size, name, f"must have {size} entries")
    require(p.lane_band.shape[1] == p.n_nodes, "lane_band", "needs a column for every node")


def _check_ranges(p: AllocationProblem) -> None:
    n_classes, n_departures = p.transit_slack.shape
    n_bands, n_slacks = p.tariff_of.shape
    for name, low, high in (
        ("node_parcel_cost", 0, COST_MAX),
        ("node_capacity", 0, UNLIMITED_PARCELS),
        ("node_departure_class", 0, n_departures - 1),
        ("sku_weight", 1, QTY_MAX),
        ("pos_node", 0, p.n_nodes - 1),
        ("pos_free", 0, QTY_MAX),
        ("pos_unit_cost", 0, COST_MAX),
        ("order_destination", 0, p.lane_band.shape[0] - 1),
        ("order_promise_class", 0, n_classes - 1),
        ("line_sku", 0, p.n_skus - 1),
        ("line_qty", 1, QTY_MAX),
        ("line_penalty", 0, COST_MAX),
        ("lane_band", NO_LANE, n_bands - 1),
        ("transit_slack", -1, n_slacks - 1),
        ("tariff_of", NO_TARIFF, len(p.tariff_ptr) - 2),
        ("tariff_list", 0, len(p.list_ptr) - 2),
        ("list_weight", 1, 2**62),
        ("list_cost", 0, COST_MAX),
    ):
        check_range(name, getattr(p, name), low, high)
    if_all_unfilled = float(p.line_qty.astype(float) @ p.line_penalty)
    require(if_all_unfilled <= 2**62, "line_penalty", "all lines unfilled must cost at most 2**62 micros")
    require(ascends(p.pos_node, p.sku_ptr), "pos_node", "must ascend within a SKU")
    require(ascends(p.list_weight, p.list_ptr), "list_weight", "must ascend within a price list")
    order_of_line = np.repeat(np.arange(p.n_orders), np.diff(p.order_ptr))
    pairs = np.unique(order_of_line.astype(np.int64) * p.n_skus + p.line_sku)
    require(len(pairs) == p.n_lines, "line_sku", "must not repeat within an order: add the lines up")
