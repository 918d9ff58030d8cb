"""Where a generated retailer is: nodes by population, and the postal codes of its customers."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fulfillment.scenario.generator.geometry import METRO_LON, METRO_PEOPLE, scatter, share_out
from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.metros import METROS
from fulfillment.scenario.tables import MICROS_PER_CENT, UNLIMITED_PARCELS, Ints, Nodes, PostalCodes

# Where parcels for the whole country are sent from; later warehouses follow population.
HUBS: Final = ("Columbus", "Riverside", "Dallas", "Harrisburg", "Atlanta", "Memphis", "Chicago", "Stockton")
STORE_HOURS: Final = (
    "Mo-Sa 10:00-21:00; Su 11:00-18:00",
    "Mo-Su 09:00-21:00",
    "Mo-Sa 09:00-22:00; Su 10:00-20:00",
)
SAME_DAY_KM: Final = 32.0
STORES_THAT_SHIP: Final = 0.6


@dataclass(frozen=True, slots=True)
class Places:
    """Nodes and postal codes, each with the index of its metropolitan area."""

    nodes: Nodes
    node_metro: Ints
    postal_codes: PostalCodes
    postal_metro: Ints


def make_places(params: GeneratorParams, rng: np.random.Generator) -> Places:
    """Place warehouses at hubs, stores and customers by population, and vendors anywhere."""
    nodes, node_metro = _make_nodes(params, rng)
    postal_codes, postal_metro = _make_postal_codes(params, rng)
    return Places(nodes, node_metro, postal_codes, postal_metro)


def _make_nodes(params: GeneratorParams, rng: np.random.Generator) -> tuple[Nodes, Ints]:
    counts = (params.warehouses, params.stores, params.vendors)
    is_warehouse, is_store, is_vendor = np.repeat(np.eye(3, dtype=np.bool_), counts, axis=1)
    metro = np.concatenate(
        [
            _pick_hubs(params.warehouses),
            np.repeat(np.arange(len(METROS)), share_out(params.stores, METRO_PEOPLE)),
            rng.integers(0, len(METROS), params.vendors),
        ]
    ).astype(np.int64)
    lat, lon = scatter(rng, metro, 14.0)
    ships = ~is_store | (rng.random(len(metro)) < STORES_THAT_SHIP)
    return (
        Nodes(
            node_id=_number("W", params.warehouses)
            + _number("S", params.stores)
            + _number("V", params.vendors),
            kind=["warehouse"] * params.warehouses + ["store"] * params.stores + ["vendor"] * params.vendors,
            name=_name_nodes(params, metro),
            lat=lat,
            lon=lon,
            timezone=[METROS[at].timezone for at in metro.tolist()],
            opening_hours=_opening_hours(params, rng),
            ships=ships,
            pickup=is_store,
            same_day_radius_km=np.where(is_store & ships, SAME_DAY_KM, 0.0),
            cutoff_local=_cutoffs(params, rng),
            processing_minutes=60 * (4 * is_warehouse + 2 * is_store + 24 * is_vendor).astype(np.int64),
            handling_micros_per_unit=MICROS_PER_CENT * (55 * is_warehouse + 120 * is_store).astype(np.int64),
            handling_micros_per_parcel=MICROS_PER_CENT
            * (90 * is_warehouse + 140 * is_store + 150 * is_vendor).astype(np.int64),
            capacity_parcels=_capacities(params, rng),
            commission_pct=np.where(is_vendor, rng.choice([8.0, 12.5, 15.0], len(metro)), 0.0),
        ),
        metro,
    )


def _capacities(params: GeneratorParams, rng: np.random.Generator) -> Ints:
    """Let warehouses send nine tenths of the day, stores half of it by luck, vendors whatever comes."""
    per_warehouse = -(-9 * params.orders // (10 * max(1, params.warehouses)))
    per_store = 3 + rng.poisson(params.orders / (2 * max(1, params.stores)), params.stores)
    tight = rng.random(params.stores) < params.tight_nodes
    return np.concatenate(
        [
            np.full(params.warehouses, per_warehouse),
            np.where(tight, 2, per_store),
            np.full(params.vendors, UNLIMITED_PARCELS),
        ]
    ).astype(np.int64)


def _cutoffs(params: GeneratorParams, rng: np.random.Generator) -> list[str]:
    stores: list[str] = rng.choice(["14:00", "15:00", "16:30"], params.stores).tolist()
    return ["18:00"] * params.warehouses + stores + ["12:00"] * params.vendors


def _opening_hours(params: GeneratorParams, rng: np.random.Generator) -> list[str]:
    stores: list[str] = rng.choice(STORE_HOURS, params.stores).tolist()
    return [""] * params.warehouses + stores + [""] * params.vendors


def _pick_hubs(count: int) -> Ints:
    """Take the hubs in order, then the largest areas, again and again."""
    names = [metro.name for metro in METROS]
    order = [names.index(hub) for hub in HUBS] + [at for at, name in enumerate(names) if name not in HUBS]
    return np.resize(np.array(order, np.int64), count)


def _name_nodes(params: GeneratorParams, metro: Ints) -> list[str]:
    """Name nodes by where they are, and number the stores of an area."""
    names, seen = [], dict.fromkeys(range(len(METROS)), 0)
    kinds = ["Warehouse"] * params.warehouses + ["Store"] * params.stores + ["Vendor"] * params.vendors
    for kind, at in zip(kinds, metro.tolist(), strict=True):
        seen[at] += kind == "Store"
        names.append(f"{METROS[at].name} {seen[at]}" if kind == "Store" else f"{kind} {METROS[at].name}")
    return names


def _make_postal_codes(params: GeneratorParams, rng: np.random.Generator) -> tuple[PostalCodes, Ints]:
    """Make up postal codes that rise from east to west, as real ones do; any further likeness is chance."""
    seats = share_out(params.postal_codes, METRO_PEOPLE)
    west_by_metro = np.argsort(-METRO_LON, kind="stable")
    metro = np.repeat(west_by_metro, seats[west_by_metro])
    lat, lon = scatter(rng, metro, 12.0)
    step = 99_000 // params.postal_codes
    weight = rng.gamma(2.0, size=len(metro))
    people = METRO_PEOPLE[metro] * weight / np.bincount(metro, weight, len(METROS))[metro]
    return (
        PostalCodes(
            postal_code=[f"{1_000 + at * step:05d}" for at in range(len(metro))],
            lat=lat,
            lon=lon,
            population=np.rint(people).astype(np.int64),
        ),
        metro,
    )


def _number(letter: str, count: int) -> list[str]:
    return [f"{letter}{at + 1:04d}" for at in range(count)]
