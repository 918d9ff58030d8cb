"""Lanes: which node reaches which destination, and who is still in time.

Orders are grouped twice so that nothing is held per (order, node). Orders of one method to one point share a
**destination**, a row of bands. Orders that leave every departure class the same slack share a **promise
class**, a row of slacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.distance import BEYOND, Points, distance_bands
from fulfillment.network.slacks import Slacks
from fulfillment.network.tariffs import Tariffs

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

NO_LANE = BEYOND
NO_NODE = -1


class NodeReach(Protocol):
    """The columns of a node table that say whom it can serve."""

    @property
    def lat(self) -> Floats: ...  # noqa: D102
    @property
    def lon(self) -> Floats: ...  # noqa: D102
    @property
    def ships(self) -> Bools: ...  # noqa: D102
    @property
    def pickup(self) -> Bools: ...  # noqa: D102
    @property
    def same_day_radius_km(self) -> Floats: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Reach:
    """Where nodes are and whom they can serve, made once for all destinations. Axis: ``n`` nodes."""

    points: Points  # [n]
    pickup: Bools  # [n]
    same_day: tuple[tuple[float, Int64s, Points], ...]  # a radius in km, the nodes that have it, their points

    @classmethod
    def of(cls, nodes: NodeReach) -> "Reach":
        """Read the columns of a node table."""
        points, radius_km = Points.at(nodes.lat, nodes.lon), nodes.same_day_radius_km
        columns = {km: np.flatnonzero(radius_km == km) for km in np.unique(radius_km).tolist()}
        return cls(
            points, nodes.pickup, tuple((km, which, points.only(which)) for km, which in columns.items())
        )


@dataclass(frozen=True, slots=True)
class Destinations:
    """The distinct (method, point) pairs of a batch of orders."""

    of_order: Int32s  # [o]
    lane_band: Int16s  # [d, n] band or NO_LANE
    lat: Floats  # [d] degrees
    lon: Floats  # [d] degrees
    pickup_node: Int64s  # [d] where the customer collects, NO_NODE where goods are sent to him


def destinations(
    method: list[str],
    postal: Int64s,
    pickup_node: Int64s,
    point_lat: Floats,
    point_lon: Floats,
    nodes: NodeReach,
    tariffs: Tariffs,
    excluded: Mapping[str, Bools],
) -> Destinations:
    """Group orders by destination and find the band of every lane.

    method : [o], each SHIPPING, LOCAL or PICK_UP.
    postal : int64[o], index into point_lat, point_lon (float64, degrees); not used for PICK_UP.
    pickup_node : int64[o], index into `nodes`; used for PICK_UP only.
    excluded : bool[n] by method, nodes that may send nothing for it by a carrier. What a customer collects
    from the pickup node's own stock is never excluded.
    """
    methods = np.array(method, dtype=object)
    of_order = np.empty(len(method), np.int32)
    blocks: list[Int16s] = []
    lats, lons, pickups = list[Floats](), list[Floats](), list[Int64s]()
    n_rows = 0
    reach = Reach.of(nodes)
    for each, point in (
        (Method.SHIPPING, postal),
        (Method.LOCAL, postal),
        (Method.PICK_UP, pickup_node),
    ):
        of_method = np.flatnonzero(methods == each)
        points, which = np.unique(point[of_method], return_inverse=True)
        of_order[of_method] = which + n_rows
        sends = nodes.ships & ~excluded[each]
        match each:
            case Method.SHIPPING:
                lat, lon, pickup = point_lat[points], point_lon[points], np.full(len(points), NO_NODE)
                bands = shipping_bands(Points.at(lat, lon), reach, sends, tariffs)
            case Method.LOCAL:
                lat, lon, pickup = point_lat[points], point_lon[points], np.full(len(points), NO_NODE)
                bands = local_bands(Points.at(lat, lon), reach, sends, tariffs)
            case _:
                lat, lon, pickup = nodes.lat[points], nodes.lon[points], points
                bands = pickup_bands(points, reach, sends, tariffs)
        blocks.append(bands)
        lats.append(lat)
        lons.append(lon)
        pickups.append(pickup)
        n_rows += len(points)
    return Destinations(
        of_order, np.concatenate(blocks), np.concatenate(lats), np.concatenate(lons), np.concatenate(pickups)
    )


def shipping_bands(points: Points, reach: Reach, sends: Bools, tariffs: Tariffs) -> Int16s:
    """Bands of SHIPPING lanes from the nodes in `sends` (bool[n]); int16[d, n]."""
    return _carried_bands(Method.SHIPPING, points, reach, sends, tariffs)


def local_bands(points: Points, reach: Reach, sends: Bools, tariffs: Tariffs) -> Int16s:
    """Bands of LOCAL lanes: as SHIPPING, and within the node's same_day_radius_km; int16[d, n]."""
    bands = _carried_bands(Method.LOCAL, points, reach, sends, tariffs)
    for radius_km, columns, nodes in reach.same_day:
        inside = distance_bands(points, nodes, np.array([radius_km])) != BEYOND
        bands[:, columns] = np.where(inside, bands[:, columns], NO_LANE)
    return bands


def pickup_bands(pickup_nodes: Int64s, reach: Reach, sends: Bools, tariffs: Tariffs) -> Int16s:
    """Bands of PICK_UP lanes: transfers to the pickup node, and its own stock at once; int16[d, n]."""
    bands = _carried_bands(Method.PICK_UP, reach.points.only(pickup_nodes), reach, sends, tariffs)
    bands[np.arange(len(pickup_nodes)), pickup_nodes] = tariffs.own_pickup_band
    bands[~reach.pickup[pickup_nodes]] = NO_LANE
    return bands


def _carried_bands(method: str, points: Points, reach: Reach, sends: Bools, tariffs: Tariffs) -> Int16s:
    """Bands of parcels that a service of `method` carries from the nodes in `sends`."""
    if method not in tariffs.first_band:
        return np.full((len(points.lat), len(reach.points.lat)), NO_LANE, np.int16)
    bands = distance_bands(points, reach.points, tariffs.band_edges_km[method])
    served = (bands != BEYOND) & sends
    return np.where(served, bands + np.int16(tariffs.first_band[method]), np.int16(NO_LANE))


@dataclass(frozen=True, slots=True)
class PromiseClasses:
    """The distinct slack rows of a batch of orders."""

    of_order: Int32s  # [o]
    transit_slack: Int16s  # [c, k] of `Slacks`, or NO_SLACK: not even ready in time


def promise_classes(
    placed_at: Times, promise_by: Times, departures: DepartureClasses, slacks: Slacks
) -> PromiseClasses:
    """Group orders by how much time each departure class leaves for transit.

    placed_at, promise_by : datetime64[us][o], UTC; NaT where there is no deadline.
    """
    slack = np.empty((len(placed_at), len(departures)), np.int16)
    for k in range(len(departures)):
        ready_at, departs_at = departures.ready_at(k, placed_at), departures.departs_at(k, placed_at)
        slack[:, k] = slacks.between(ready_at, departs_at, promise_by)
    classes, of_order = np.unique(slack, axis=0, return_inverse=True)
    return PromiseClasses(of_order.astype(np.int32).reshape(-1), np.ascontiguousarray(classes))
