"""How parcels reach their customers: by which way of their order, on which price list, whether in time.

A flexible order is served in one of its ways, whole: all its parcels must fit the same one. A plan may name
it; where it does not, the order is taken to be served in the cheapest way that all its parcels fit.
"""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.clocks import NEVER, TransitDays
from fulfillment.verify.day import Day
from fulfillment.verify.files import Bools, Ints
from fulfillment.verify.findings import Findings
from fulfillment.verify.transport import OUT_OF_REACH, PriceList, Transport, great_circle_km
from fulfillment.verify.ways import METHODS, Ways

ANY_WAY = -1


@dataclass(frozen=True, slots=True)
class Parcels:
    """Parcels of a plan."""

    parcel_id: list[str]
    order: Ints
    node: Ints
    way: Ints  # of the order; ANY_WAY where the plan does not say
    carrier: list[str]
    service: list[str]
    weight_g: Ints


@dataclass(frozen=True, slots=True)
class _Trips:
    """Each parcel on each way that it may take."""

    parcel: Ints
    way: Ints
    faults: dict[str, Bools]  # by the rule that is broken
    price: list[int | None]  # None where no price list holds

    @property
    def is_faulty(self) -> Bools:
        faulty: Bools = np.logical_or.reduce(list(self.faults.values()))
        return faulty


def carry(
    day: Day, transport: Transport, days: TransitDays, parcels: Parcels, findings: Findings
) -> int | None:
    """Check way, price list and time of every parcel; the sum of transport, None where a list is lacking."""
    parcel, way = _options(day.ways, parcels)
    trips = _trips(day, transport, days, parcels, parcel, way)
    chosen = _choose_ways(day.ways, trips)
    torn = _torn_orders(day, parcels, trips, chosen)
    findings.forbid("an order served by two ways", torn, day.orders.order_id)
    names = [parcels.parcel_id[at] for at in parcel.tolist()]
    for rule, broken in trips.faults.items():
        findings.forbid(rule, broken & chosen & ~torn[parcels.order[parcel]], names)
    prices = [trips.price[at] for at in np.flatnonzero(chosen).tolist()]
    known = [price for price in prices if price is not None]
    return sum(known) if len(known) == len(prices) else None


def _options(ways: Ways, parcels: Parcels) -> tuple[Ints, Ints]:
    """Pair each parcel with the way that the plan names, or with every way of its order."""
    named = parcels.way != ANY_WAY
    first = np.where(named, parcels.way, ways.ptr[parcels.order])
    count = np.where(named, 1, np.diff(ways.ptr)[parcels.order])
    parcel = np.repeat(np.arange(len(first)), count)
    nth = np.arange(len(parcel)) - np.repeat(np.cumsum(count) - count, count)
    return parcel, first[parcel] + nth


def _trips(
    day: Day, transport: Transport, days: TransitDays, parcels: Parcels, parcel: Ints, way: Ints
) -> _Trips:
    ways, nodes = day.ways, day.nodes
    node, order = parcels.node[parcel], parcels.order[parcel]
    carrier = [parcels.carrier[at] for at in parcel.tolist()]
    service = [parcels.service[at] for at in parcel.tolist()]
    method = np.array(ways.method, dtype=object)[way]
    pickup = ways.pickup_node[way]
    is_pickup = method == "PICK_UP"
    own = is_pickup & (node == pickup)
    labels = zip(carrier, service, strict=True)
    unlabelled = np.array([label == ("none", "none") for label in labels], np.bool_)
    km = great_circle_km(nodes.lat[node], nodes.lon[node], ways.lat[way], ways.lon[way])
    left = days.at(order, node)
    rings = np.full(len(node), OUT_OF_REACH)
    for name in METHODS:
        rings[method == name] = transport.ring(name, km[method == name])
    rings[own] = OUT_OF_REACH
    found = [
        transport.list_of(*trip)
        for trip in zip(method.tolist(), rings.tolist(), carrier, service, strict=True)
    ]
    unpriced = ~own & np.array([each is None for each in found], np.bool_)
    days_needed = np.array([each.transit_days if each else 0 for each in found], np.int64)
    faults = {
        "own-stock pickup with a carrier or service": own & ~unlabelled,
        "a parcel from a node that does not ship": ~own & ~nodes.ships[node],
        "a pickup where none is offered": is_pickup & ~nodes.pickup[pickup],
        "a same-day parcel beyond the node's radius": (method == "LOCAL")
        & (km > nodes.same_day_radius_km[node]),
        "a pickup that is ready too late": own & (left == NEVER),
        "no rate for a parcel's carrier, service, method and distance": unpriced,
        "a parcel that arrives too late": ~own & ~unpriced & (days_needed > left),
    }
    weights = parcels.weight_g[parcel].tolist()  # Python's integers: a sum of any size
    prices = [
        None if lacks else _price(each, weight) if each else 0
        for each, weight, lacks in zip(found, weights, unpriced.tolist(), strict=True)
    ]
    return _Trips(parcel, way, faults, prices)


def _choose_ways(ways: Ways, trips: _Trips) -> Bools:
    """Mark the trips of the way that each order takes.

    It is the one with the fewest parcels that have no price, then that are at fault otherwise, then the
    cheapest, then the first.
    """
    burden: dict[int, tuple[int, int, int]] = {}
    for way, faulty, price in zip(trips.way.tolist(), trips.is_faulty.tolist(), trips.price, strict=True):
        unpriced, faults, cost = burden.get(way, (0, 0, 0))
        burden[way] = unpriced + (price is None), faults + faulty, cost + (price or 0)
    best: dict[int, int] = {}
    for way in sorted(burden):
        taken = best.setdefault(int(ways.order[way]), way)
        if burden[way] < burden[taken]:
            best[int(ways.order[way])] = way
    return np.isin(trips.way, list(best.values()))


def _torn_orders(day: Day, parcels: Parcels, trips: _Trips, chosen: Bools) -> Bools:
    """Mark orders whose parcels each fit some way, but no way all of them; bool[o]."""
    faulty = trips.is_faulty
    fits = np.zeros(len(parcels.order), np.bool_)
    fits[trips.parcel[~faulty]] = True
    torn = np.zeros(len(day.orders.order_id), np.bool_)
    torn[parcels.order[trips.parcel[faulty & chosen]]] = True
    torn[parcels.order[~fits]] = False
    return torn


def _price(of: PriceList, weight_g: int) -> int:
    last = int(of.steps_g[-1])
    full = (weight_g - 1) // last
    step = int(np.searchsorted(of.steps_g, weight_g - full * last))
    return full * int(of.costs[-1]) + int(of.costs[step])
