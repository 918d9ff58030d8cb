"""The network as the running decision reads it: arrays made once, lanes found when somebody asks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import DECIDED_METHODS, Policy
from fulfillment.live.arrivals import Arrivals, Offers
from fulfillment.live.departures import Departures, Moments
from fulfillment.live.recent import Recent
from fulfillment.network.distance import Points, unit_vectors
from fulfillment.network.lanes import Reach, local_bands, pickup_bands, shipping_bands
from fulfillment.network.slacks import DEPARTS_DAYS_AFTER_READY
from fulfillment.network.tariffs import Tariffs
from fulfillment.planning.build import excluded_nodes
from fulfillment.planning.items import UnitPrices, kind_of_nodes
from fulfillment.planning.rules import balanced_load, vendor_parcel_weights
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Kits, Nodes, PostalCodes, Rates, Skus

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Point = tuple[float, float]
"""Latitude and longitude in degrees."""
Place = tuple[Method, int | Point]
"""Where an order goes: its method, and a postal code by number or any point, or the pickup node by number."""

LANE_ROWS_BYTES_MAX = 64 * 2**20
POINTS_KEPT_MAX = 50_000


@dataclass(frozen=True, slots=True)
class NodeArrays:
    """What the solver reads of nodes. Axis: ``n`` nodes."""

    parcel_cost: Int64s  # micros, weights of the policy included
    capacity: Int64s  # parcels of a slot, or UNLIMITED_PARCELS
    parcel_use: Int64s
    tail: Int64s
    tail_cost: Int64s
    safety_floor: Int64s  # units that the policy keeps back of every position
    last_units: Int64s  # units of every position that cost more
    last_unit_cost: Int64s  # micros


class LiveNetwork:
    """Nodes, products, places, rates, kits and policy, by number and as arrays.

    Everything but the caches stays as it is: when reference data change, a new one is made. Safe to share
    between threads.
    """

    def __init__(
        self,
        nodes: Nodes,
        skus: Skus,
        places: PostalCodes,
        rates: Rates,
        policy: Policy,
        kits: Kits | None = None,
        closed_on: Mapping[str, frozenset[date]] | None = None,
        recipes_at: datetime | None = None,
    ) -> None:
        self.nodes = nodes
        self.skus = skus
        self.policy = policy
        self.policy_digest = policy.digest
        self.node_index = {node_id: n for n, node_id in enumerate(nodes.node_id)}
        self.sku_index = {sku_id: s for s, sku_id in enumerate(skus.sku_id)}
        self.place_index = {code: at for at, code in enumerate(places.postal_code)}
        self.places = places
        self.kits = _recipes(kits or Kits.none())
        self.recipes_at = recipes_at  # the moment as of which `kits` are known
        self.unsplit = frozenset(
            self.sku_index[sku_id] for sku_id in policy.parcels.unsplit_skus if sku_id in self.sku_index
        )
        self.departures = Departures.of(nodes, nodes.node_id, closed_on)
        waits = DEPARTS_DAYS_AFTER_READY + self.departures.closed_days_in_a_row
        self.tariffs = Tariffs.of(rates, policy.lateness, waits)
        self.offers = Offers.of(self.tariffs)
        self._arrivals: tuple[tuple[datetime, ...], Arrivals] | None = None
        self.unit_prices = UnitPrices.of(nodes, skus, policy)
        self.arrays = _node_arrays(nodes, policy)
        self.has_tails = not policy.last_units.costs_nothing or bool(self.arrays.tail.any())
        # The same figures as plain numbers: one at a time they are read several times as fast as from arrays.
        self.price_micros: list[int] = skus.price_micros.tolist()
        self.weight_g: list[int] = skus.weight_g.tolist()
        self.parcel_handling: list[int] = nodes.handling_micros_per_parcel.tolist()
        self.piece_handling: list[int] = nodes.handling_micros_per_unit.tolist()
        self.commission_bp: list[int] = self.unit_prices.commission_bp.tolist()
        self.class_of_node: list[int] = self.departures.of_node.tolist()
        self.list_fixed = _full(self.tariffs.list_fixed, len(self.tariffs.lists))
        self._sends = {m: nodes.ships & ~excluded_nodes(nodes, policy, m) for m in DECIDED_METHODS}
        self._pickup_nodes = np.flatnonzero(nodes.pickup)
        self._reach = Reach.of(nodes)
        self._pickup_vectors = self._reach.points.vectors[self._pickup_nodes]
        self._lanes: Recent[Place, Int16s] = Recent(max(64, LANE_ROWS_BYTES_MAX // max(1, 2 * len(nodes))))
        self._near: Recent[tuple[Point, int], tuple[int, ...]] = Recent(POINTS_KEPT_MAX)

    def moments(self, decided_at: datetime) -> Moments:
        """Date what is decided at a moment (UTC)."""
        return self.departures.at(decided_at)

    def arrivals(self, moments: Moments) -> Arrivals:
        """Tell when what leaves at the next departures can arrive."""
        known = self._arrivals
        if known is None or known[0] is not moments.departs_at:
            found = Arrivals.of(moments.departs_at, self.tariffs.slacks.levels_days)
            known = self._arrivals = moments.departs_at, found
        return known[1]

    def place_of(self, method: Method, postal_code: str | None, pickup_node_id: str | None) -> Place | None:
        """Find where an order goes; None where we know no such place, or no carrier brings it there."""
        if method not in DECIDED_METHODS:
            return None
        if method is Method.PICK_UP:
            at = self.node_index.get(pickup_node_id or "")
        else:
            at = self.place_index.get(postal_code or "")
        return None if at is None else (method, at)

    def lanes(self, places: Sequence[Place]) -> Int16s:
        """Return the bands of the lanes to each place; int16[place, n], the caller's own."""
        rows = [self._lanes.get(place) for place in places]
        missing = [at for at, row in enumerate(rows) if row is None]
        for method in DECIDED_METHODS:
            of_method = [at for at in missing if places[at][0] == method]
            if of_method:
                rows_found = self._bands(method, [places[at][1] for at in of_method])
                for at, row in zip(of_method, rows_found, strict=True):
                    rows[at] = row
                    self._lanes.put(places[at], row.copy())  # a view would keep its whole group in memory
        found = [row for row in rows if row is not None]
        return (
            np.concatenate(found).reshape(len(found), -1)
            if found
            else np.empty((0, len(self.nodes)), np.int16)
        )

    def point_of(self, postal_code: str) -> Point | None:
        """Find the point of a postal code; None where it is not known."""
        at = self.place_index.get(postal_code)
        return None if at is None else (float(self.places.lat[at]), float(self.places.lon[at]))

    def pickup_nodes_near(self, point: Point, most: int) -> tuple[int, ...]:
        """List the nodes next to a point where customers may collect, at most so many, the nearest first."""
        if (known := self._near.get((point, most))) is not None:
            return known
        at = unit_vectors(np.array([point[0]]), np.array([point[1]]))[0]
        closeness = self._pickup_vectors @ at
        nearest = np.arange(len(closeness))
        if most < len(nearest):
            nearest = np.argpartition(-closeness, most)[:most]
        nearest = nearest[np.lexsort((nearest, -closeness[nearest]))]
        found: tuple[int, ...] = tuple(self._pickup_nodes[nearest].tolist())
        self._near.put((point, most), found)
        return found

    def _bands(self, method: Method, points: Sequence[int | Point]) -> Int16s:
        sends = self._sends[method]
        if method is Method.PICK_UP:
            return pickup_bands(np.array(points, np.int64), self._reach, sends, self.tariffs)
        at = [(self.places.lat[p], self.places.lon[p]) if isinstance(p, int) else p for p in points]
        lat, lon = np.array(at, np.float64).T.copy()
        bands = shipping_bands if method is Method.SHIPPING else local_bands
        return bands(Points.at(lat, lon), self._reach, sends, self.tariffs)


def _recipes(kits: Kits) -> dict[int, tuple[tuple[int, int], ...]]:
    """Components (SKU, qty) of each kit, all by number."""
    recipes: dict[int, list[tuple[int, int]]] = {}
    for kit, component, qty in zip(
        kits.kit.tolist(), kits.component.tolist(), kits.qty.tolist(), strict=True
    ):
        recipes.setdefault(kit, []).append((component, qty))
    return {kit: tuple(recipe) for kit, recipe in recipes.items()}


def _node_arrays(nodes: Nodes, policy: Policy) -> NodeArrays:
    tail, tail_cost = balanced_load(nodes, policy)
    limited = np.where(nodes.capacity_parcels < UNLIMITED_PARCELS, nodes.capacity_parcels, 0)
    kinds = kind_of_nodes(nodes)
    last_units = [policy.last_units.of(NodeKind(kind)) for kind in kinds]
    return NodeArrays(
        parcel_cost=nodes.handling_micros_per_parcel + vendor_parcel_weights(nodes, policy),
        capacity=nodes.capacity_parcels,
        parcel_use=np.ones(len(nodes), np.int64),
        tail=np.minimum(_full(tail, len(nodes)), limited),
        tail_cost=_full(tail_cost, len(nodes)),
        safety_floor=np.array([policy.safety_floor.units(kind) for kind in kinds], np.int64),
        last_units=np.array([rule.units for rule in last_units], np.int64),
        last_unit_cost=np.array([rule.cents_per_unit * 10_000 for rule in last_units], np.int64),
    )


def _full(values: Int64s, size: int) -> Int64s:
    return values if values.size else np.zeros(size, np.int64)
