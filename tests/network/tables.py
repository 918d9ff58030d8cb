"""Small node and rate tables for the network's tests."""

from dataclasses import dataclass, replace

import numpy as np

from fulfillment.network.tariffs import Tariffs


@dataclass(frozen=True)
class NodeTable:
    lat: np.ndarray
    lon: np.ndarray
    ships: np.ndarray
    pickup: np.ndarray
    same_day_radius_km: np.ndarray
    timezone: list[str]
    cutoff_local: list[str]
    processing_minutes: np.ndarray


def nodes_at(*points: tuple[float, float], **columns) -> NodeTable:
    """Nodes at (lat, lon) that can do everything, unless a column says otherwise."""
    n = len(points)
    table = NodeTable(
        lat=np.array([lat for lat, _ in points], float),
        lon=np.array([lon for _, lon in points], float),
        ships=np.ones(n, bool),
        pickup=np.ones(n, bool),
        same_day_radius_km=np.full(n, 30.0),
        timezone=["UTC"] * n,
        cutoff_local=["12:00"] * n,
        processing_minutes=np.zeros(n, np.int64),
    )
    return replace(table, **{name: _column(value) for name, value in columns.items()})


def _column(values: list):
    return values if isinstance(values[0], str) else np.array(values)


@dataclass(frozen=True)
class RateTable:
    carrier: list[str]
    service: list[str]
    method: list[str]
    zone: np.ndarray
    max_km: np.ndarray
    max_weight_g: np.ndarray
    cost_micros: np.ndarray
    transit_days: np.ndarray


def rates(*rows: tuple[str, str, str, int, float, int, int, int]) -> RateTable:
    """Rows of (carrier, service, method, zone, max_km, max_weight_g, cost_micros, transit_days)."""
    carrier, service, method, zone, max_km, weight, cost, days = zip(*rows, strict=True)
    return RateTable(
        list(carrier),
        list(service),
        list(method),
        np.array(zone, np.int64),
        np.array(max_km, np.float64),
        np.array(weight, np.int64),
        np.array(cost, np.int64),
        np.array(days, np.int64),
    )


def names_of(tariffs: Tariffs, band: int, slack: int) -> set[tuple[str, int]]:
    """Service and first cost of each price list that may be used in a band at a slack."""
    tariff = tariffs.tariff_of[band, slack]
    if tariff < 0:
        return set()
    members = tariffs.tariff_list[tariffs.tariff_ptr[tariff] : tariffs.tariff_ptr[tariff + 1]]
    return {(tariffs.lists[r].service, tariffs.lists[r].costs_micros[0]) for r in members}
