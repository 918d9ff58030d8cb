"""Availability: what a channel may promise, of one SKU or a thousand, by node, region and day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.stock import Balance
from fulfillment.live.decide import Decider
from fulfillment.live.network import LiveNetwork
from fulfillment.live.stock_view import AtpOfSku, ExpiringUnits, StockView
from fulfillment.network.distance import great_circle_km
from fulfillment.store.buffers import rules_of_skus
from fulfillment.store.entries import balances_of_skus
from fulfillment.store.feed import head
from fulfillment.store.live_reads import read_due, read_expired_of
from fulfillment.store.transaction import read_snapshot

Bools = npt.NDArray[np.bool_]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
_NO_VERSION = -1


@dataclass(frozen=True, slots=True)
class Region:
    """A circle on the map."""

    lat: float
    lon: float
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityQuery:
    """What is asked for.

    Attributes
    ----------
    channel : str
        Whose buffers count; '' for what is free of safety stock alone.
    node_ids : collection of str or None
        Only these nodes; None for all.
    region : Region or None
        Only nodes within.
    on : date or None
        Count what is due by that day and not yet promised, too; this is always read from the database.
    """

    sku_ids: Sequence[str]
    channel: str = EVERY_CHANNEL
    node_ids: Collection[str] | None = None
    region: Region | None = None
    on: date | None = None


class PositionAtp(TypedDict):
    """ATP of one position, as it goes out: an answer may have a hundred thousand of them.

    `version` is that of the balance that says so; None of a kit, which has none.
    """

    sku_id: str
    node_id: str
    atp: int
    version: int | None


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer, and the ledger's cursor that it reflects."""

    positions: list[PositionAtp]
    totals: dict[str, int]
    unknown_sku_ids: tuple[str, ...]
    position: str


def availability(decider: Decider, query: AvailabilityQuery, now: datetime) -> Availability:
    """Answer from the view in memory, as of `now` (UTC)."""
    return _answer(*decider.world, query, now)


def availability_in_database(
    engine: Engine, decider: Decider, query: AvailabilityQuery, now: datetime
) -> Availability:
    """Answer from the ledger's tables, as they are committed."""
    network, _ = decider.world
    view = read_snapshot(engine, lambda connection: _fresh_view(connection, network, query, now))
    return _answer(network, view, query, now)


def _fresh_view(
    connection: Connection, network: LiveNetwork, query: AvailabilityQuery, now: datetime
) -> StockView:
    """Read a view of some SKUs and what they are made of, with what is due among what is available."""
    sku_ids = set(query.sku_ids)
    for sku in [network.sku_index.get(sku_id) for sku_id in query.sku_ids]:
        if sku is not None:
            sku_ids.update(network.skus.sku_id[component] for component, _ in network.kits.get(sku, ()))
    position = str(head(connection))
    balances = balances_of_skus(connection, sku_ids)
    due = {} if query.on is None else read_due(connection, sku_ids, query.on)
    nothing = Balance()
    at = sorted(balances.keys() | due.keys())
    view = StockView(network, rules_of_skus(connection, sku_ids))
    view.load(
        [node_id for node_id, _ in at],
        [sku_id for _, sku_id in at],
        [balances.get(each, nothing).available + due.get(each, 0) for each in at],
        [balances.get(each, nothing).version for each in at],
        position,
    )
    expired = [ExpiringUnits(*row) for row in read_expired_of(connection, sku_ids, now)]
    view.replace_holds(expired, now)
    return view


def _answer(network: LiveNetwork, view: StockView, query: AvailabilityQuery, now: datetime) -> Availability:
    position = view.position
    among = _nodes(network, query)
    found, totals, unknown = list[PositionAtp](), dict[str, int](), list[str]()
    name = network.nodes.node_id
    for sku_id in dict.fromkeys(query.sku_ids):
        sku = network.sku_index.get(sku_id)
        if sku is None:
            unknown.append(sku_id)
            continue
        node, units, version = _of_sku(network, view, sku, query.channel, now)
        if among is not None:
            node, units, version = node[among[node]], units[among[node]], version[among[node]]
        totals[sku_id] = int(units.sum())
        found += [
            {"sku_id": sku_id, "node_id": name[n], "atp": atp, "version": None if of < 0 else of}
            for n, atp, of in zip(node.tolist(), units.tolist(), version.tolist(), strict=True)
        ]
    return Availability(found, totals, tuple(unknown), position)


def _of_sku(
    network: LiveNetwork, view: StockView, sku: int, channel: str, now: datetime
) -> tuple[Int32s, Int64s, Int64s]:
    """Return nodes, units and versions; of a kit the whole kits that a node has all components for."""
    recipe = network.kits.get(sku)
    if recipe is None:
        atp = view.atp(sku, channel, now)
        return atp.node, atp.units, atp.version
    (node, units), *others = [_kits(view.atp(part, channel, now), qty) for part, qty in recipe]
    for other_node, other_units in others:
        node, mine, theirs = np.intersect1d(node, other_node, assume_unique=True, return_indices=True)
        units = np.minimum(units[mine], other_units[theirs])
    return node, units, np.full(len(node), _NO_VERSION)


def _kits(atp: AtpOfSku, qty: int) -> tuple[Int32s, Int64s]:
    return atp.node, atp.units // qty


def _nodes(network: LiveNetwork, query: AvailabilityQuery) -> Bools | None:
    """Mark the nodes that are asked about; None for all."""
    if query.node_ids is None and query.region is None:
        return None
    among = np.ones(len(network.nodes), bool)
    if query.node_ids is not None:
        among[:] = False
        among[
            [network.node_index[node_id] for node_id in query.node_ids if node_id in network.node_index]
        ] = True
    if query.region is not None:
        centre = np.array([query.region.lat]), np.array([query.region.lon])
        km = great_circle_km(network.nodes.lat, network.nodes.lon, *centre)
        among &= km <= query.region.radius_km
    return among
