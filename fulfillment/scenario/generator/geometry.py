"""Points around metropolitan areas."""

import numpy as np

from fulfillment.scenario.metros import METROS
from fulfillment.scenario.tables import Floats, Ints

KM_PER_DEGREE = 111.2
EARTH_RADIUS_KM = 6_371.0

METRO_LAT: Floats = np.array([metro.lat for metro in METROS])
METRO_LON: Floats = np.array([metro.lon for metro in METROS])
METRO_PEOPLE: Floats = np.array([1000.0 * metro.thousands for metro in METROS])


def share_out(count: int, weights: Floats) -> Ints:
    """Share `count` seats by weight, the largest remainders first, ties by position."""
    exact: Floats = count * weights / weights.sum()
    seats: Ints = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(seats - exact, kind="stable")
    seats[by_remainder[: count - int(seats.sum())]] += 1
    return seats


def scatter(rng: np.random.Generator, metro: Ints, spread_km: float) -> tuple[Floats, Floats]:
    """Place points around the centres of their areas, wider in the larger ones.

    Returns
    -------
    lat, lon : float64[point], degrees, rounded to about ten metres
    """
    spread = spread_km * (METRO_PEOPLE[metro] / 1e6) ** 0.25 / KM_PER_DEGREE
    lat = METRO_LAT[metro] + spread * rng.standard_normal(len(metro))
    lon = METRO_LON[metro] + spread * rng.standard_normal(len(metro)) / np.cos(np.radians(METRO_LAT[metro]))
    return np.round(lat, 4), np.round(lon, 4)


def great_circle_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Measure distances between pairs of points, on a sphere."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_chord = (
        np.sin((phi2 - phi1) / 2) ** 2
        + np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    )
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half_chord))
    return distance
