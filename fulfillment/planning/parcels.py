"""A plan parcel by parcel: what each holds, how far it goes and what it costs in the pinned meaning."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from fulfillment.domain.errors import invariant
from fulfillment.network.distance import great_circle_km
from fulfillment.network.tariffs import PriceList
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.scenario.tables import NO_INDEX, Scenario

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parcels:
    """One entry a parcel, in the sequence of `Allocations`; ``q`` parcels."""

    first: Int64s  # [q] its first entry in Allocations
    order: Int64s
    node: Int64s
    price_list: Int64s
    units: Int64s
    weight_g: Int64s
    km: Floats  # from the node to the customer, or to where he collects
    transport_micros: Int64s
    handling_micros: Int64s

    @classmethod
    def of(cls, day: PlannedDay) -> Self:
        """Add up the parcels of a planned day.

        Raises
        ------
        InvariantViolation
            When they do not cost what the plan says.
        """
        scenario, entries = day.scenario, day.allocations
        nodes, sku = scenario.nodes, scenario.order_lines.sku[entries.line]
        starts = np.ones(len(entries), bool)
        starts[1:] = (np.diff(entries.order) != 0) | (np.diff(entries.parcel) != 0)
        first = np.flatnonzero(starts)
        of_parcel = np.cumsum(starts) - 1
        order, node, price_list = entries.order[first], entries.node[first], entries.price_list[first]
        weight_g = sums(of_parcel, entries.qty * scenario.skus.weight_g[sku], len(first))
        handling = sums(of_parcel, entries.qty * _handling(scenario, entries.node, sku), len(first))
        parcels = cls(
            first=first,
            order=order,
            node=node,
            price_list=price_list,
            units=sums(of_parcel, entries.qty, len(first)),
            weight_g=weight_g,
            km=_distances(scenario, order, node, entries.alternative[first]),
            transport_micros=_transport(day.built.tariffs.lists, price_list, weight_g),
            handling_micros=handling + nodes.handling_micros_per_parcel[node],
        )
        invariant(
            int(parcels.transport_micros.sum()) == day.cost.transport_micros
            and int(parcels.handling_micros.sum()) == day.cost.handling_micros,
            "the parcels of a plan cost what the plan costs",
        )
        return parcels

    def __len__(self) -> int:
        return len(self.first)


def sums(group: Int64s, values: Int64s, n_groups: int) -> Int64s:
    """Add up `values` by their group; int64[groups]."""
    total = np.zeros(n_groups, np.int64)
    np.add.at(total, group, values)
    return total


def _handling(scenario: Scenario, node: Int64s, sku: Int64s) -> Int64s:
    """Price the handling and commission of a unit, without the parcel's part; int64, micros.

    A kit is handled component by component, and its commission is on its own price.
    """
    nodes, kits = scenario.nodes, scenario.kits
    handled = np.ones(len(scenario.skus), np.int64)
    handled[kits.kit] = 0
    np.add.at(handled, kits.kit, kits.qty)
    hundredths_pct = np.rint(nodes.commission_pct * 100).astype(np.int64)
    commission = scenario.skus.price_micros[sku] * hundredths_pct[node] // 10_000  # which is 100 %
    return np.asarray(nodes.handling_micros_per_unit[node] * handled[sku] + commission)


def _transport(lists: tuple[PriceList, ...], price_list: Int64s, weight_g: Int64s) -> Int64s:
    """Price parcels on the lists they ride, list by list; int64[q], micros."""
    price = np.zeros(len(price_list), np.int64)
    for used in np.unique(price_list):
        at = np.flatnonzero(price_list == used)
        steps, costs = np.array(lists[used].steps_g), np.array(lists[used].costs_micros)
        full = (weight_g[at] - 1) // steps[-1]
        rest = weight_g[at] - full * steps[-1]
        price[at] = full * costs[-1] + costs[np.searchsorted(steps, rest)]
    return price


def _distances(scenario: Scenario, order: Int64s, node: Int64s, alternative: Int64s) -> Floats:
    nodes, codes, orders = scenario.nodes, scenario.postal_codes, scenario.orders
    pickup, postal = orders.pickup_node[order], orders.postal[order]
    further = alternative != NO_INDEX
    pickup[further] = scenario.alternatives.pickup_node[alternative[further]]
    collects = pickup != NO_INDEX
    lat, lon = np.empty(len(order)), np.empty(len(order))
    lat[collects], lon[collects] = nodes.lat[pickup[collects]], nodes.lon[pickup[collects]]
    lat[~collects], lon[~collects] = codes.lat[postal[~collects]], codes.lon[postal[~collects]]
    return great_circle_km(nodes.lat[node], nodes.lon[node], lat, lon)
