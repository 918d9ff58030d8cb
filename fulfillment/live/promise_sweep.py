"""The plans of a basket on every way at once, where nothing sets it apart: one call of the solver.

What it does not take, or leaves open, is for `promise_rounds`: kits and packs, whose lines may share
components; the last units of a node or a shelf, which may cost more; baskets too large for the exact search;
and the rare plan that would take more of one node than there is.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.kinds import Method
from fulfillment.domain.placing import UnfilledUnits, WhyUnfilled
from fulfillment.live.decide import own_slot
from fulfillment.live.departures import Moments
from fulfillment.live.group import Basket, Wanted, parcels_max_of, penalties_of
from fulfillment.live.network import LiveNetwork
from fulfillment.live.parcels import Entry, Plan, SolverParcel, items_by_line
from fulfillment.live.reasons import unfilled_lines, why_unfilled
from fulfillment.live.stock_view import Position, StockView
from solver.arrival_sweep import UNSETTLED, sweep_arrivals
from solver.problem import UNLIMITED_PARCELS

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


def can_sweep(basket: Basket, network: LiveNetwork) -> bool:
    """Whether nothing sets a basket apart."""
    return (
        not network.has_tails
        and basket.is_searchable
        and not any(item.components for item, _, _ in basket.lines)
    )


class Sweep:
    """A basket on several ways, on what the view holds at one moment."""

    def __init__(
        self,
        ways: Sequence[Wanted],
        network: LiveNetwork,
        view: StockView,
        moments: Moments,
        held: Mapping[Position, int],
    ) -> None:
        self._way = ways[0]
        self._basket = ways[0].basket
        self._network = network
        self._moments = moments
        lines = self._basket.lines
        shelf = view.gather([item.sku for item, _, _ in lines], (ways[0].channel,), moments.decided_at)
        floor = shelf.floor.get(ways[0].channel, shelf.floor[EVERY_CHANNEL])
        self._line_ptr, self._node = shelf.ptr, shelf.node
        self._free = np.maximum(0, shelf.units - floor)
        if held:
            self._add_units_of_hold(held)
        self._node_left = view.capacity_left(moments)
        self._lanes = network.lanes([way.place for way in ways])
        self._parcels_max = parcels_max_of(self._basket, network)
        self._plans = _plans_of_ways(self._call(ways, view, shelf.unit_cost + shelf.price), len(ways))

    def plans(self, way: int) -> list[Plan] | None:
        """Return the plans of a way, the earliest first; None where the sweep leaves it open."""
        return self._plans[way]

    def lacking(self, way: int, parcels: Sequence[SolverParcel]) -> tuple[UnfilledUnits, ...]:
        """Name what parcels lack of the basket, and why nobody else has it."""
        items = items_by_line(self._way, parcels)
        missing = [qty - got for (_, qty, _), got in zip(self._basket.lines, items, strict=True)]
        if not any(missing):
            return ()
        free, node_left = self._free.copy(), self._node_left.copy()
        for parcel in parcels:
            if node_left[parcel.node] < UNLIMITED_PARCELS:
                node_left[parcel.node] -= 1
            for _, pos, qty in parcel.entries:
                free[pos] -= qty
        slacks = self._network.tariffs.slacks
        at_leisure = np.full(len(self._moments.clocks), slacks.open_ended, np.int16)

        def reason_of(at: int) -> WhyUnfilled:
            begin, end = self._line_ptr[at : at + 2].tolist()
            return why_unfilled(
                self._node[begin:end][free[begin:end] > 0],
                self._lanes[way],
                at_leisure,
                self._network.departures.of_node,
                self._network.tariffs.tariff_of,
                node_left,
                is_cut=self._parcels_max < UNLIMITED_PARCELS,
            )

        return unfilled_lines(self._basket, missing, reason_of)

    def _add_units_of_hold(self, held: Mapping[Position, int]) -> None:
        for at, (item, _, _) in enumerate(self._basket.lines):
            sku_id = self._network.skus.sku_id[item.sku]
            begin, end = self._line_ptr[at : at + 2].tolist()
            for pos, node in enumerate(self._node[begin:end].tolist(), start=begin):
                self._free[pos] += held.get((self._network.nodes.node_id[node], sku_id), 0)

    def _call(self, ways: Sequence[Wanted], view: StockView, pos_cost: Int64s) -> list[list[int]]:
        network, moments, lines = self._network, self._moments, self._basket.lines
        arrivals = network.arrivals(moments)
        own = np.full((3, len(ways)), -1, np.int64)  # node, moment, parcels it can keep
        for w, way in enumerate(ways):
            method, node = way.place
            if method is Method.PICK_UP and isinstance(node, int):
                ready_at = moments.ready_at(network.class_of_node[node])
                slot = own_slot(way.place, network, moments)
                left = int(self._node_left[node]) if slot is None else view.capacity_left_at(*slot)
                own[:, w] = node, arrivals.number_of(ready_at), left
        tariffs = network.tariffs
        found = sweep_arrivals(
            np.array([qty for _, qty, _ in lines], np.int64),
            np.array([network.weight_g[item.sku] for item, _, _ in lines], np.int64),
            np.array(penalties_of(self._basket, network), np.int64),
            self._line_ptr,
            self._node,
            self._free,
            pos_cost,
            network.departures.of_node,
            network.arrays.parcel_cost + view.node_price,
            self._node_left,
            self._lanes,
            own[0],
            own[1],
            own[2],
            arrivals.moment_of,
            len(arrivals),
            network.offers.band_ptr,
            network.offers.band_list,
            network.offers.list_level,
            tariffs.list_ptr,
            tariffs.list_weight,
            tariffs.list_cost,
            network.list_fixed,
            self._parcels_max,
        )
        entries: list[list[int]] = found.tolist()
        return entries


def _plans_of_ways(entries: list[list[int]], n_ways: int) -> list[list[Plan] | None]:
    """Put plans together out of their parcels' entries, which stand way by way and plan by plan."""
    parcels: list[dict[int, dict[int, tuple[int, int, list[Entry]]]]] = [{} for _ in range(n_ways)]
    left_open = set[int]()
    for way, moment, number, node, price_list, line, pos, qty in entries:
        if node == UNSETTLED:
            left_open.add(way)
        of_plan = parcels[way].setdefault(moment, {})
        of_plan.setdefault(number, (node, price_list, []))[2].append((line, pos, qty))
    return [
        None
        if way in left_open
        else [
            [SolverParcel(node, price_list, tuple(contents)) for node, price_list, contents in plan.values()]
            for plan in plans.values()
        ]
        for way, plans in enumerate(parcels)
    ]
