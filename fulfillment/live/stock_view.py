"""What is free where: the ledger's balances as arrays by SKU, kept up to date in memory.

The view is a copy and may be behind: decisions made on it are judged again by the database. A balance with a
newer version replaces an older one whoever brings it, so answers of our own commits and entries of other
processes may arrive in any order.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import EVERY_CHANNEL, BufferRule
from fulfillment.domain.stock import Balance
from fulfillment.live.departures import Moments
from fulfillment.live.floors import Floors
from fulfillment.live.network import LiveNetwork
from fulfillment.scenario.tables import UNLIMITED_PARCELS
from solver.spans import copy_spans

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
PRICE_MICROS_MAX = 2**36
"""A worth that still adds up to less than a unit left unfilled, components of a kit included."""
Column = TypeVar("Column", Int32s, Int64s)
Position = tuple[str, str]
"""The node_id and sku_id of a position."""


@dataclass(frozen=True, slots=True)
class ExpiringUnits:
    """Units that an active hold reserves at one position, free from `expires_at` (UTC) on."""

    node_id: str
    sku_id: str
    expires_at: datetime
    qty: int


@dataclass(frozen=True, slots=True)
class Shelves:
    """Positions, by SKU and then by node. Axes: ``p`` positions, ``s`` SKUs."""

    sku_ptr: Int64s  # [s+1]
    key: Int64s  # [p] SKU * nodes + node, ascending
    node: Int32s  # [p]
    unit_cost: Int64s  # [p] micros
    available: Int64s  # [p] units
    version: Int64s  # [p] of the balance
    expired: Int64s  # [p] units that holds reserve whose time is over
    price: Int64s  # [p] micros: what a unit is worth elsewhere
    floor: Mapping[str, Int64s]  # [p] units to leave, by channel


@dataclass(frozen=True, slots=True)
class Gathered:
    """A copy of the positions of some SKUs, SKU by SKU."""

    ptr: Int64s  # [sku+1]
    node: Int32s
    unit_cost: Int64s
    units: Int64s  # available, and reserved by holds whose time is over
    price: Int64s
    floor: Mapping[str, Int64s]  # by channel of those asked for; EVERY_CHANNEL is always there


@dataclass(frozen=True, slots=True)
class AtpOfSku:
    """What a channel may promise of one SKU. Axis: positions, by node."""

    node: Int32s
    units: Int64s
    version: Int64s  # of the balance that says so


@dataclass(frozen=True, slots=True)
class _CapacityLeft:
    """What nodes can still send, as it was at a version of the slots in use."""

    departs_on: tuple[date, ...]
    version: int
    parcels: Int64s


class StockView:
    """Balances, floors, expiring holds, capacity in use and prices. Safe to share between threads.

    What stands at a node or under a SKU that the network does not know is passed over: nobody can decide
    about it.
    """

    def __init__(self, network: LiveNetwork, rules: Iterable[BufferRule] = ()) -> None:
        self._network = network
        self._lock = threading.Lock()
        self._floors = Floors(network, rules)
        none = np.zeros(0, np.int64)
        self._shelves = self._laid_out(none, none, none)
        self._expiring: list[tuple[datetime, int, int]] = []  # moment, key, qty; soonest last
        self._expired: dict[int, int] = {}  # qty by key
        self._used: dict[date, Int64s] = {}  # [n] parcels of each slot
        self._used_version = 0
        self._left: _CapacityLeft | None = None  # what was asked for last
        self.node_price: Int64s = np.zeros(len(network.nodes), np.int64)
        self._position = ""

    @property
    def network(self) -> LiveNetwork:
        """The network whose nodes and SKUs it counts."""
        return self._network

    @property
    def position(self) -> str:
        """The ledger's cursor that it has reached; '' before the first entry."""
        return self._position

    def __len__(self) -> int:
        return len(self._shelves.key)

    def load(
        self,
        node_ids: Sequence[str],
        sku_ids: Sequence[str],
        available: Sequence[int],
        version: Sequence[int],
        position: str = "",
    ) -> None:
        """Take the balances of many positions, each newer than what is known of it, at a cursor."""
        node, sku = self._network.node_index, self._network.sku_index
        n_nodes = len(node)
        keys = np.array(
            [sku[s] * n_nodes + node[n] for n, s in zip(node_ids, sku_ids, strict=True)], np.int64
        )
        by_key = np.argsort(keys, kind="stable")
        units, versions = np.array(available, np.int64)[by_key], np.array(version, np.int64)[by_key]
        with self._lock:
            self._take(keys[by_key], units, versions)
            self._position = position or self._position

    def refresh(self, balances: Mapping[Position, Balance]) -> None:
        """Take balances that are newer than those known."""
        self.follow(
            [node_id for node_id, _ in balances],
            [sku_id for _, sku_id in balances],
            [balance.available for balance in balances.values()],
            [balance.version for balance in balances.values()],
        )

    def follow(
        self,
        node_ids: Sequence[str],
        sku_ids: Sequence[str],
        available: Sequence[int],
        version: Sequence[int],
        position: str | None = None,
    ) -> None:
        """Take balances that are newer than those known; one position may have several, in any order.

        position : the ledger's cursor up to which all entries are in, now that these are; None if unknown.
        """
        node, sku = self._network.node_index, self._network.sku_index
        nodes = np.array([node.get(node_id, -1) for node_id in node_ids], np.int64)
        skus = np.array([sku.get(sku_id, -1) for sku_id in sku_ids], np.int64)
        is_known = (nodes >= 0) & (skus >= 0)
        keys = (skus * len(node) + nodes)[is_known]
        units, versions = np.array(available, np.int64)[is_known], np.array(version, np.int64)[is_known]
        by_age = np.lexsort((versions, keys))
        keys, units, versions = keys[by_age], units[by_age], versions[by_age]
        is_newest = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        with self._lock:
            self._take(keys[is_newest], units[is_newest], versions[is_newest])
            if position is not None:
                self._position = position

    def replace_holds(self, holds: Iterable[ExpiringUnits], now: datetime) -> None:
        """Take the units of all active holds that have expired or will soon, in place of those known."""
        node, sku = self._network.node_index, self._network.sku_index
        expiring = sorted(
            (
                (held.expires_at, sku[held.sku_id] * len(node) + node[held.node_id], held.qty)
                for held in holds
                if held.node_id in node and held.sku_id in sku
            ),
            reverse=True,
        )
        with self._lock:
            self._expiring, self._expired = expiring, {}
            self._shelves.expired[:] = 0
            self._expire(now)

    def refresh_expired(self, units: Mapping[Position, int], now: datetime) -> None:
        """Take the units of some positions that holds reserve whose time is over, in place of those known.

        A hold that somebody has ended meanwhile would otherwise count twice: its units are available by now.
        """
        node, sku = self._network.node_index, self._network.sku_index
        keys = {
            sku[sku_id] * len(node) + node[node_id]: qty
            for (node_id, sku_id), qty in units.items()
            if node_id in node and sku_id in sku
        }
        with self._lock:
            self._expire(now)  # what is due by now is among `units`
            for key, qty in keys.items():
                self._add_expired(key, qty - self._expired.get(key, 0))
                self._expired[key] = qty

    def replace_floors(self, rules: Iterable[BufferRule]) -> None:
        """Take other rules about what channels must leave."""
        floors = Floors(self._network, rules)
        with self._lock:
            self._floors = floors
            shelves = self._shelves
            found = floors.of_positions(shelves.key // max(1, len(self._network.nodes)), shelves.node)
            self._shelves = replace(shelves, floor=found)

    def replace_prices(self, prices: Mapping[Position, int], node_prices: Mapping[str, int]) -> None:
        """Take the worth of stock and of capacity elsewhere, in micros; what is not named has none.

        A worth beyond what a decision can weigh against an unfilled unit is taken as that.
        """
        node, sku = self._network.node_index, self._network.sku_index
        rows = sorted(
            (sku[s] * len(node) + node[n], min(micros, PRICE_MICROS_MAX))
            for (n, s), micros in prices.items()
            if n in node and s in sku
        )
        columns = np.array(rows, np.int64).reshape(-1, 2)
        at_nodes = np.zeros(len(node), np.int64)
        for node_id, micros in node_prices.items():
            if node_id in node:
                at_nodes[node[node_id]] = min(micros, PRICE_MICROS_MAX)
        with self._lock:
            at, is_known = _find(self._shelves.key, columns[:, 0])
            self._shelves.price[:] = 0
            self._shelves.price[at[is_known]] = columns[is_known, 1]
            self.node_price = at_nodes

    def replace_capacity(self, used: Mapping[tuple[str, date], int]) -> None:
        """Take the parcels that use each (node, slot), in place of all that is known."""
        with self._lock:
            self._used = {}
            self._use(used)

    def refresh_capacity(self, used: Mapping[tuple[str, date], int]) -> None:
        """Take the parcels that use some (node, slot)."""
        with self._lock:
            self._use(used)

    def capacity_left(self, moments: Moments) -> Int64s:
        """Parcels that each node can still send at its next departure; int64[n], the caller's own."""
        with self._lock:
            known, version = self._left, self._used_version
            if known is not None and known.version == version and known.departs_on is moments.departs_on:
                return known.parcels.copy()
            used_by_day = {day: self._used[day].copy() for day in set(moments.departs_on) & self._used.keys()}
        left = self._network.arrays.capacity.copy()
        for day, used in used_by_day.items():
            of_class = np.array([on == day for on in moments.departs_on], bool)
            touched = of_class[moments.of_node] & (left < UNLIMITED_PARCELS)
            left[touched] = np.maximum(0, left[touched] - used[touched])
        self._left = _CapacityLeft(moments.departs_on, version, left)
        return left.copy()

    def capacity_left_at(self, node: int, slot_on: date) -> int:
        """Parcels that a node can still keep ready on a day."""
        most = int(self._network.arrays.capacity[node])
        with self._lock:
            used = self._used.get(slot_on)
            return most if most >= UNLIMITED_PARCELS or used is None else max(0, most - int(used[node]))

    def gather(self, skus: Sequence[int], channels: Iterable[str], now: datetime) -> Gathered:
        """Copy the positions of SKUs, in the order given, as they stand at `now`."""
        with self._lock:
            self._expire(now)
            shelves = self._shelves
            spans = _Spans.of(shelves.sku_ptr, skus)
            units = spans.of_column(shelves.available)
            if self._expired:
                units += spans.of_column(shelves.expired)
            price = spans.of_column(shelves.price)
        named = {EVERY_CHANNEL, *(channel for channel in channels if channel in shelves.floor)}
        return Gathered(
            spans.ptr,
            spans.of_column(shelves.node),
            spans.of_column(shelves.unit_cost),
            units,
            price,
            {channel: spans.of_column(shelves.floor[channel]) for channel in named},
        )

    def has_own_floor(self, channel: str) -> bool:
        """Whether any rule is written for this channel."""
        return channel in self._shelves.floor

    def atp(self, sku: int, channel: str, now: datetime) -> AtpOfSku:
        """Count what a channel may promise of a SKU, position by position."""
        with self._lock:
            self._expire(now)
            shelves = self._shelves
            span = slice(int(shelves.sku_ptr[sku]), int(shelves.sku_ptr[sku + 1]))
            units = shelves.available[span] + shelves.expired[span]
            version = shelves.version[span].copy()
        floor = shelves.floor.get(channel, shelves.floor[EVERY_CHANNEL])[span]
        return AtpOfSku(shelves.node[span], np.maximum(0, units - floor), version)

    def _take(self, keys: Int64s, available: Int64s, version: Int64s) -> None:
        """Write balances that are newer; keys ascending, each once. The caller holds the lock."""
        at, is_known = _find(self._shelves.key, keys)
        if not is_known.all():
            self._add_positions(keys[~is_known])
            at, is_known = _find(self._shelves.key, keys)
        is_newer = version > self._shelves.version[at]
        self._shelves.available[at[is_newer]] = available[is_newer]
        self._shelves.version[at[is_newer]] = version[is_newer]

    def _add_positions(self, keys: Int64s) -> None:
        old = self._shelves
        merged = np.union1d(old.key, keys)
        at = np.searchsorted(merged, old.key)
        available, version, price = (np.zeros(len(merged), np.int64) for _ in range(3))
        available[at], version[at], price[at] = old.available, old.version, old.price
        version[np.setdiff1d(np.arange(len(merged)), at)] = -1  # any balance is newer
        self._shelves = replace(self._laid_out(merged, available, version), price=price)
        for key, qty in self._expired.items():
            self._add_expired(key, qty)

    def _laid_out(self, key: Int64s, available: Int64s, version: Int64s) -> Shelves:
        n_nodes = max(1, len(self._network.nodes))
        sku, node = key // n_nodes, (key % n_nodes).astype(np.int32)
        one = np.ones(1, np.int64)
        return Shelves(
            sku_ptr=np.searchsorted(sku, np.arange(len(self._network.skus) + 1)).astype(np.int64),
            key=key,
            node=node,
            unit_cost=self._network.unit_prices.micros(sku, one, one, node.astype(np.int64)),
            available=available,
            version=version,
            expired=np.zeros(len(key), np.int64),
            price=np.zeros(len(key), np.int64),
            floor=self._floors.of_positions(sku, node),
        )

    def _expire(self, now: datetime) -> None:
        """Count the units of holds whose time is over as free. The caller holds the lock."""
        while self._expiring and self._expiring[-1][0] <= now:
            _, key, qty = self._expiring.pop()
            self._expired[key] = self._expired.get(key, 0) + qty
            self._add_expired(key, qty)

    def _add_expired(self, key: int, qty: int) -> None:
        at = int(np.searchsorted(self._shelves.key, key))
        if at < len(self._shelves.key) and self._shelves.key[at] == key:
            self._shelves.expired[at] += qty

    def _use(self, used: Mapping[tuple[str, date], int]) -> None:
        self._used_version += 1
        for (node_id, slot_on), parcels in used.items():
            node = self._network.node_index.get(node_id)
            if node is not None:
                row = self._used.get(slot_on)
                if row is None:
                    row = self._used[slot_on] = np.zeros(len(self._network.nodes), np.int64)
                row[node] = parcels


def _find(key: Int64s, wanted: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """Find where each wanted key stands, and whether it is there at all."""
    if len(key) == 0:
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return at, np.asarray(key[at] == wanted)


@dataclass(frozen=True, slots=True)
class _Spans:
    """The positions of some SKUs, one after another."""

    begins: Int64s
    ends: Int64s
    ptr: Int64s  # [sku+1] where each begins in a copy

    @classmethod
    def of(cls, sku_ptr: Int64s, skus: Sequence[int]) -> "_Spans":
        at = np.array(skus, np.int64)
        begins, ends = sku_ptr[at], sku_ptr[at + 1]
        ptr = np.zeros(len(at) + 1, np.int64)
        np.cumsum(ends - begins, out=ptr[1:])
        return cls(begins, ends, ptr)

    def of_column(self, values: Column) -> Column:
        """Copy their values: a slice a SKU, put together by numpy, takes several times as long."""
        out = np.empty(int(self.ptr[-1]), values.dtype)
        copy_spans(values, self.begins, self.ends, out)
        return out
