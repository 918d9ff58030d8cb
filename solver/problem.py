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
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_LANE = -1
NO_TARIFF = -1
UNLIMITED_PARCELS = 2**31 - 1


class SolverError(Exception):
    """Base of what `solver` raises."""


class InvalidProblem(SolverError):
    """The arrays of a problem contradict each other; the message names the field."""


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """A batch of orders; see the module's docstring for the formulation.

    Axes: ``n`` nodes, ``s`` SKUs, ``p`` positions, ``o`` orders, ``l`` lines, ``d`` destinations,
    ``c`` promise classes, ``k`` departure classes, ``b`` bands, ``t`` tariffs, ``r`` price lists, ``w``
    steps. Orders stand in the sequence in which they were placed; an order's lines hold distinct SKUs. All
    arrays are C-contiguous and must not be changed afterwards.
    """

    node_parcel_cost: Int64s  # [n] micros a parcel
    node_capacity: Int64s  # [n] parcels; UNLIMITED_PARCELS where there is no limit
    node_departure_class: Int32s  # [n]

    sku_ptr: Int64s  # [s+1] positions of SKU s are sku_ptr[s]:sku_ptr[s+1]
    sku_weight: Int64s  # [s] grams, >= 1
    pos_node: Int32s  # [p] ascending within a SKU
    pos_free: Int64s  # [p] units that may be taken
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

    def __post_init__(self) -> None:
        _check_arrays(self)
        _check_pointers(self)
        _check_ranges(self)

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
        """Number of (node, SKU) positions."""
        return len(self.pos_node)


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
}
_TWO_AXES = frozenset({"lane_band", "transit_slack", "tariff_of"})


def _require(condition: bool, field: str, remedy: str) -> None:
    if not condition:
        raise InvalidProblem(f"{field}: {remedy}")


def _check_arrays(p: AllocationProblem) -> None:
    for f in fields(p):
        a = getattr(p, f.name)
        dtype = np.dtype(_DTYPES.get(f.name, np.int64))
        _require(isinstance(a, np.ndarray) and a.dtype == dtype, f.name, f"must be an array of {dtype}")
        _require(a.ndim == (2 if f.name in _TWO_AXES else 1), f.name, "has the wrong number of axes")
        _require(a.flags.c_contiguous, f.name, "must be C-contiguous")


def _check_pointer(name: str, ptr: Int64s, n_owners: int, n_items: int) -> None:
    _require(len(ptr) == n_owners + 1, name, f"must have {n_owners + 1} entries")
    _require(ptr[0] == 0 and ptr[-1] == n_items, name, f"must run from 0 to {n_items}")
    _require(bool(np.all(np.diff(ptr) >= 0)), name, "must not decrease")


def _check_pointers(p: AllocationProblem) -> None:
    _check_pointer("sku_ptr", p.sku_ptr, p.n_skus, p.n_positions)
    _check_pointer("order_ptr", p.order_ptr, p.n_orders, p.n_lines)
    _check_pointer("tariff_ptr", p.tariff_ptr, len(p.tariff_ptr) - 1, len(p.tariff_list))
    _check_pointer("list_ptr", p.list_ptr, len(p.list_ptr) - 1, len(p.list_weight))
    _require(bool(np.all(np.diff(p.list_ptr) >= 1)), "list_ptr", "every price list needs a step")
    _require(bool(np.all(np.diff(p.tariff_ptr) >= 1)), "tariff_ptr", "every tariff needs a price list")
    for name, size in (
        ("node_parcel_cost", p.n_nodes),
        ("node_departure_class", p.n_nodes),
        ("pos_free", p.n_positions),
        ("pos_unit_cost", p.n_positions),
        ("order_promise_class", p.n_orders),
        ("line_qty", p.n_lines),
        ("line_penalty", p.n_lines),
        ("list_cost", len(p.list_weight)),
    ):
        _require(len(getattr(p, name)) == size, name, f"must have {size} entries")
    _require(p.lane_band.shape[1] == p.n_nodes, "lane_band", "needs a column for every node")


def _check_range(name: str, a: npt.NDArray[np.integer], low: int, high: int) -> None:
    if a.size:
        _require(int(a.min()) >= low, name, f"must be at least {low}")
        _require(int(a.max()) <= high, name, f"must be at most {high}")


def _ascends(values: npt.NDArray[np.integer], ptr: Int64s) -> bool:
    """Whether values rise strictly within each group of `ptr`."""
    steps = np.diff(values.astype(np.int64))
    first = np.zeros(max(len(values) - 1, 0), bool)
    starts = ptr[1:-1]
    first[starts[(starts > 0) & (starts < len(values))] - 1] = True
    return bool(np.all((steps > 0) | first))


def _check_ranges(p: AllocationProblem) -> None:
    n_classes, n_departures = p.transit_slack.shape
    n_bands, n_slacks = p.tariff_of.shape
    cost_max, qty_max = 2**48, 2**31 - 1
    for name, low, high in (
        ("node_parcel_cost", 0, cost_max),
        ("node_capacity", 0, UNLIMITED_PARCELS),
        ("node_departure_class", 0, n_departures - 1),
        ("sku_weight", 1, qty_max),
        ("pos_node", 0, p.n_nodes - 1),
        ("pos_free", 0, qty_max),
        ("pos_unit_cost", 0, cost_max),
        ("order_destination", 0, p.lane_band.shape[0] - 1),
        ("order_promise_class", 0, n_classes - 1),
        ("line_sku", 0, p.n_skus - 1),
        ("line_qty", 1, qty_max),
        ("line_penalty", 0, cost_max),
        ("lane_band", NO_LANE, n_bands - 1),
        ("transit_slack", -1, n_slacks - 1),
        ("tariff_of", NO_TARIFF, len(p.tariff_ptr) - 2),
        ("tariff_list", 0, len(p.list_ptr) - 2),
        ("list_weight", 1, 2**62),
        ("list_cost", 0, cost_max),
    ):
        _check_range(name, getattr(p, name), low, high)
    if_all_unfilled = float(p.line_qty.astype(float) @ p.line_penalty)
    _require(if_all_unfilled <= 2**62, "line_penalty", "all lines unfilled must cost at most 2**62 micros")
    _require(_ascends(p.pos_node, p.sku_ptr), "pos_node", "must ascend within a SKU")
    _require(_ascends(p.list_weight, p.list_ptr), "list_weight", "must ascend within a price list")
    order_of_line = np.repeat(np.arange(p.n_orders), np.diff(p.order_ptr))
    pairs = np.unique(order_of_line.astype(np.int64) * p.n_skus + p.line_sku)
    _require(len(pairs) == p.n_lines, "line_sku", "must not repeat within an order: add the lines up")
