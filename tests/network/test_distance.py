"""Bands by chord are the bands by great-circle distance, on every edge too."""

import math

import numpy as np
import pytest

from fulfillment.network.distance import BEYOND, EARTH_RADIUS_KM, Points, distance_bands, great_circle_km

HALF_EARTH_KM = math.pi * EARTH_RADIUS_KM


def plain_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """By the angle between unit vectors, accurate at any distance (atan2 of cross and dot product)."""

    def vector(lat: float, lon: float) -> np.ndarray:
        phi, lam = math.radians(lat), math.radians(lon)
        return np.array([math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)])

    a, b = vector(lat1, lon1), vector(lat2, lon2)
    return EARTH_RADIUS_KM * math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))


def band_by_formula(km: float, edges: np.ndarray) -> int:
    band = int(np.searchsorted(edges, km, side="left"))
    return band if band < len(edges) else BEYOND


def test_distance_equals_another_formula() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-90, 90, (2, 300)), rng.uniform(-180, 180, (2, 300))
    found = great_circle_km(lat[0], lon[0], lat[1], lon[1])
    expected = [plain_km(*point) for point in zip(lat[0], lon[0], lat[1], lon[1], strict=True)]
    # Haversine loses half its digits only beside the antipode.
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 90), HALF_EARTH_KM / 2),
        ((0, 0), (0, 180), HALF_EARTH_KM),
        ((90, 0), (-90, 0), HALF_EARTH_KM),
        ((0, 179), (0, -179), HALF_EARTH_KM / 90),
        ((60, 0), (61, 0), HALF_EARTH_KM / 180),
    ],
)
def test_distances_that_are_known(one: tuple[int, int], other: tuple[int, int], km: float) -> None:
    assert float(great_circle_km(*map(np.float64, (*one, *other)))) == pytest.approx(km, abs=1e-9)


def test_bands_equal_the_formula_for_any_points_and_edges() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        lat, lon = rng.uniform(-90, 90, 12), rng.uniform(-180, 180, 12)
        near = rng.random() < 0.5  # all within a town: a kilometre is 1.6e-4 of the radius
        node_lat = rng.uniform(40, 40.1, 9) if near else rng.uniform(-90, 90, 9)
        node_lon = rng.uniform(-75, -74.9, 9) if near else rng.uniform(-180, 180, 9)
        if near:
            lat, lon = rng.uniform(40, 40.1, 12), rng.uniform(-75, -74.9, 12)
        edges = np.sort(rng.uniform(0, 15 if near else 21_000, int(rng.integers(1, 7))))
        km = great_circle_km(lat[:, None], lon[:, None], node_lat, node_lon)
        expected = [[band_by_formula(x, edges) for x in row] for row in km]
        points, nodes = Points.at(lat, lon), Points.at(node_lat, node_lon)
        assert distance_bands(points, nodes, edges).tolist() == expected


def test_some_of_the_points_are_as_far_as_they_were_among_the_others() -> None:
    nodes = Points.at(np.array([40.0, 41.0, 42.0]), np.array([-75.0, -75.0, -75.0]))
    here, edges = Points.at(np.array([40.0]), np.array([-75.0])), np.array([50.0, 150.0, 250.0])
    assert distance_bands(here, nodes, edges).tolist() == [[0, 1, 2]]
    assert distance_bands(here, nodes.only(np.array([2, 0])), edges).tolist() == [[2, 0]]


def test_a_distance_on_the_edge_belongs_to_the_band() -> None:
    """Each pair's own distance is the edge: the band ends there, and one float below it does not hold it."""
    rng = np.random.default_rng(3)
    for scale in (0.001, 0.1, 10, 90):
        lat, lon = rng.uniform(-scale, scale, 60), rng.uniform(-scale, scale, 60)
        node_lat, node_lon = rng.uniform(-scale, scale, 60), rng.uniform(-scale, scale, 60)
        for k in range(60):
            here = (lat[k : k + 1], lon[k : k + 1], node_lat[k : k + 1], node_lon[k : k + 1])
            km = float(great_circle_km(*here)[0])
            pair = Points.at(*here[:2]), Points.at(*here[2:])
            assert distance_bands(*pair, np.array([km])).tolist() == [[0]]
            assert distance_bands(*pair, np.array([np.nextafter(km, 0)])).tolist() == [[BEYOND]]
            assert distance_bands(*pair, np.array([km / 2, km, 2 * km])).tolist() == [[1]]


def test_no_distance_is_within_an_edge_of_zero() -> None:
    lat, lon = np.array([40.7, 40.7]), np.array([-74.0, -74.0000001])
    bands = distance_bands(Points.at(lat, lon), Points.at(lat[:1], lon[:1]), np.array([0.0]))
    assert bands.tolist() == [[0], [BEYOND]]


@pytest.mark.parametrize("lat", [-90.0, -37.5, 0.0, 90.0])
def test_the_antipode_is_within_half_the_earth(lat: float) -> None:
    at = Points.at(np.array([lat]), np.array([10.0]))
    node = Points.at(np.array([-lat]), np.array([-170.0]))
    assert distance_bands(at, node, np.array([20_000.0, 20_020.0])).tolist() == [[1]]
    assert distance_bands(at, node, np.array([20_000.0])).tolist() == [[BEYOND]]
    assert distance_bands(at, node, np.array([40_000.0])).tolist() == [[0]]
