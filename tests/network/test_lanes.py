"""Lanes: who can serve whom, by the flags of a node, the distance and the policy."""

import numpy as np
import pytest

from fulfillment.network.distance import Points, great_circle_km
from fulfillment.network.lanes import NO_LANE, Reach, destinations, local_bands, pickup_bands, shipping_bands
from fulfillment.network.tariffs import Tariffs
from tests.network.tables import nodes_at, rates

KM_PER_DEGREE = 6371.0 * np.pi / 180  # along a meridian, and along the equator

TARIFFS = Tariffs.of(
    rates(
        ("post", "ground", "SHIPPING", 1, 150, 500, 30, 1),
        ("post", "ground", "SHIPPING", 2, 500, 500, 40, 2),
        ("bike", "same_day", "LOCAL", 1, 150, 500, 20, 0),
        ("truck", "transfer", "PICK_UP", 1, 250, 500, 10, 1),
    )
)
SHIP, LOCAL, CARRIED_TO_PICKUP = (TARIFFS.first_band[m] for m in ("SHIPPING", "LOCAL", "PICK_UP"))
OWN = TARIFFS.own_pickup_band
HERE = np.array([0.0])
POINT = Points.at(HERE, HERE)
ALL = np.ones(4, bool)


def line_of_nodes(**columns):
    """Nodes at 0, 1, 2 and 10 degrees of longitude: 0, 111, 222 and 1,112 km from the origin."""
    return nodes_at((0, 0), (0, 1), (0, 2), (0, 10), **columns)


def test_shipping_goes_as_far_as_the_last_zone() -> None:
    bands = shipping_bands(POINT, Reach.of(line_of_nodes()), ALL, TARIFFS)
    assert bands.tolist() == [[SHIP, SHIP, SHIP + 1, NO_LANE]]


def test_a_node_that_may_not_send_has_no_lane() -> None:
    bands = shipping_bands(POINT, Reach.of(line_of_nodes()), np.array([True, False, True, True]), TARIFFS)
    assert bands.tolist() == [[SHIP, NO_LANE, SHIP + 1, NO_LANE]]


def test_same_day_keeps_to_the_nodes_own_radius() -> None:
    nodes = line_of_nodes(same_day_radius_km=[0.0, 100.0, 300.0, 2000.0])
    bands = local_bands(POINT, Reach.of(nodes), ALL, TARIFFS)
    # A radius of 0 is enough where there is no distance; 222 km are within 300, but no rate goes there.
    assert bands.tolist() == [[LOCAL, NO_LANE, NO_LANE, NO_LANE]]
    nodes = line_of_nodes(same_day_radius_km=[0.0, 112.0, 300.0, 2000.0])
    assert local_bands(POINT, Reach.of(nodes), ALL, TARIFFS).tolist() == [[LOCAL, LOCAL, NO_LANE, NO_LANE]]


def test_same_day_on_the_radius_is_inside() -> None:
    km = float(great_circle_km(HERE, HERE, np.array([0.0]), np.array([1.0]))[0])
    assert km == pytest.approx(KM_PER_DEGREE)
    at = line_of_nodes(same_day_radius_km=[0.0, km, 0.0, 0.0])
    below = line_of_nodes(same_day_radius_km=[0.0, np.nextafter(km, 0), 0.0, 0.0])
    assert local_bands(POINT, Reach.of(at), ALL, TARIFFS).tolist() == [[LOCAL, LOCAL, NO_LANE, NO_LANE]]
    assert local_bands(POINT, Reach.of(below), ALL, TARIFFS).tolist() == [[LOCAL, NO_LANE, NO_LANE, NO_LANE]]


def test_pickup_comes_from_own_stock_or_by_transfer() -> None:
    bands = pickup_bands(np.array([0, 2]), Reach.of(line_of_nodes()), ALL, TARIFFS)
    assert bands.tolist() == [
        [OWN, CARRIED_TO_PICKUP, CARRIED_TO_PICKUP, NO_LANE],
        [CARRIED_TO_PICKUP, CARRIED_TO_PICKUP, OWN, NO_LANE],
    ]


def test_own_stock_pickup_needs_pickup_only_and_a_transfer_needs_ships() -> None:
    sends_nothing = np.zeros(4, bool)
    assert pickup_bands(np.array([1]), Reach.of(line_of_nodes()), sends_nothing, TARIFFS).tolist() == [
        [NO_LANE, OWN, NO_LANE, NO_LANE]
    ]


def test_a_node_without_pickup_receives_nothing_either() -> None:
    nodes = line_of_nodes(pickup=[True, False, True, True])
    assert pickup_bands(np.array([1]), Reach.of(nodes), ALL, TARIFFS).tolist() == [[NO_LANE] * 4]


def routed(method, *, pickup=-1, nodes=None, excluded=None):
    """Bands of the lanes of one order at the origin."""
    nobody = np.zeros(4, bool)
    found = destinations(
        [method], np.array([0]), np.array([pickup]), HERE, HERE, nodes or line_of_nodes(), TARIFFS,
        {"SHIPPING": nobody, "LOCAL": nobody, "PICK_UP": nobody} | (excluded or {}),
    )  # fmt: skip
    return found.lane_band[found.of_order[0]].tolist()


def test_a_node_that_does_not_ship_serves_its_own_pickup_alone() -> None:
    nodes = line_of_nodes(ships=[False, True, True, True])
    assert routed("SHIPPING", nodes=nodes) == [NO_LANE, SHIP, SHIP + 1, NO_LANE]
    assert routed("LOCAL", nodes=nodes) == [NO_LANE, NO_LANE, NO_LANE, NO_LANE]  # 111 km is beyond 30 km
    assert routed("PICK_UP", pickup=0, nodes=nodes) == [OWN, CARRIED_TO_PICKUP, CARRIED_TO_PICKUP, NO_LANE]
    assert routed("PICK_UP", pickup=1, nodes=nodes) == [NO_LANE, OWN, CARRIED_TO_PICKUP, NO_LANE]


@pytest.mark.parametrize("method", ["SHIPPING", "LOCAL"])
def test_what_the_policy_excludes_for_a_method_sends_nothing_for_it(method: str) -> None:
    nodes = line_of_nodes(same_day_radius_km=[200.0] * 4)
    before = routed(method, nodes=nodes)
    first_out = {method: np.array([True, False, False, False])}
    assert before[0] != NO_LANE
    assert routed(method, nodes=nodes, excluded=first_out) == [NO_LANE, *before[1:]]
    other = {"PICK_UP": np.ones(4, bool)}
    assert routed(method, nodes=nodes, excluded=other) == before


def test_the_policy_never_excludes_own_stock_pickup() -> None:
    everyone = {"PICK_UP": np.ones(4, bool)}
    assert routed("PICK_UP", pickup=1, excluded=everyone) == [NO_LANE, OWN, NO_LANE, NO_LANE]


def test_orders_of_one_method_to_one_point_share_a_destination() -> None:
    nobody = {name: np.zeros(4, bool) for name in ("SHIPPING", "LOCAL", "PICK_UP")}
    lat, lon = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    found = destinations(
        ["SHIPPING", "PICK_UP", "SHIPPING", "LOCAL", "PICK_UP", "SHIPPING"],
        np.array([1, -1, 0, 1, 0, 1]), np.array([-1, 2, -1, -1, 2, -1]),
        lat, lon, line_of_nodes(), TARIFFS, nobody,
    )  # fmt: skip
    assert found.of_order[0] == found.of_order[5]
    assert found.of_order[1] == found.of_order[4]  # where a pickup order's customer lives binds nothing
    assert len(set(found.of_order.tolist())) == len(found.lane_band) == 4
    assert found.lane_band[found.of_order[1]].tolist()[2] == OWN


def test_a_method_without_rates_has_no_lane_but_own_pickup() -> None:
    bare = Tariffs.of(rates(("post", "ground", "SHIPPING", 1, 150, 500, 30, 1)))
    assert local_bands(POINT, Reach.of(line_of_nodes()), ALL, bare).tolist() == [[NO_LANE] * 4]
    expected = [[NO_LANE, bare.own_pickup_band, NO_LANE, NO_LANE]]
    assert pickup_bands(np.array([1]), Reach.of(line_of_nodes()), ALL, bare).tolist() == expected
