"""Great-circle distances, and which distance band a pair of points falls in."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Int16s = npt.NDArray[np.int16]
Int64s = npt.NDArray[np.int64]

EARTH_RADIUS_KM = 6371.0
BEYOND = -1
_TOO_CLOSE_TO_CALL = -2


def great_circle_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Distance between points in degrees on a sphere of 6,371 km; haversine, shapes broadcast."""
    phi1, lam1, phi2, lam2 = (np.radians(x) for x in (lat1, lon1, lat2, lon2))
    h = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1))))


@dataclass(frozen=True, slots=True)
class Points:
    """Points on the sphere, in degrees and as unit vectors: those of nodes are made once and used often."""

    lat: Floats  # [p]
    lon: Floats  # [p]
    vectors: Floats  # [p, 3]

    @classmethod
    def at(cls, lat: Floats, lon: Floats) -> "Points":
        """Make points out of degrees."""
        return cls(lat, lon, unit_vectors(lat, lon))

    def only(self, which: Int64s) -> "Points":
        """Return some of the points."""
        return Points(self.lat[which], self.lon[which], self.vectors[which])


def distance_bands(points: Points, nodes: Points, edges_km: Floats) -> Int16s:
    """Sort every (point, node) pair into a distance band.

    edges_km : float64[b], ascending.
    Returns int16[d, n]: the first band whose edge is at or above the distance, BEYOND past the last edge.

    The haversine of an edge is compared with a quarter of the squared chord, which needs no trigonometry
    for a pair; pairs within rounding of an edge are decided by `great_circle_km`.
    """
    bands = np.empty((len(points.lat), len(nodes.lat)), np.int16)
    _chord_bands(points.vectors, nodes.vectors, _haversine(edges_km), bands)
    d, n = np.nonzero(bands == _TOO_CLOSE_TO_CALL)
    if len(d):
        km = great_circle_km(points.lat[d], points.lon[d], nodes.lat[n], nodes.lon[n])
        band = np.searchsorted(edges_km, km, side="left")
        bands[d, n] = np.where(band < len(edges_km), band, BEYOND)
    return bands


def _haversine(km: Floats) -> Floats:
    return np.asarray(np.sin(np.minimum(km / (2 * EARTH_RADIUS_KM), math.pi / 2)) ** 2)


def unit_vectors(lat: Floats, lon: Floats) -> Floats:
    """Turn degrees into points on the unit sphere; float64[points, 3]."""
    phi, lam = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))


@njit(cache=True, nogil=True)
def _chord_bands(points: Floats, nodes: Floats, edges: Floats, bands: Int16s) -> None:
    for d in range(len(points)):
        x, y, z = points[d, 0], points[d, 1], points[d, 2]
        for n in range(len(nodes)):
            dx, dy, dz = x - nodes[n, 0], y - nodes[n, 1], z - nodes[n, 2]
            h = (dx * dx + dy * dy + dz * dz) / 4
            band = 0
            while band < len(edges) and edges[band] < h:
                band += 1
            near = (band < len(edges) and _is_near(h, edges[band])) or (
                band > 0 and _is_near(h, edges[band - 1])
            )
            if near:
                bands[d, n] = _TOO_CLOSE_TO_CALL
            else:
                bands[d, n] = band if band < len(edges) else BEYOND


@njit(cache=True, nogil=True)
def _is_near(h: float, edge: float) -> bool:
    # Rounding of the chord is about 1e-16 in each coordinate: relative to h it grows as pairs come closer.
    return abs(h - edge) <= 1e-7 * edge + 1e-20
