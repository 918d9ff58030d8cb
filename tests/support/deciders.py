"""A small decider for tests of what commits decisions: first come, first served."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from fulfillment.domain.kits import Kit, explode
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import (
    Decision,
    OrderRequest,
    PlannedParcel,
    Position,
    Slot,
    UnfilledUnits,
    WhyUnfilled,
)
from fulfillment.domain.stock import Balance
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.entries import balances
from tests.support.ledgers import NOON


class PlainView:
    """Balances and capacity in use, as last told."""

    position = "1-1"

    def __init__(self, ledger: Engine) -> None:
        with ledger.connect() as connection:
            self.balances = balances(connection)
            self.used = read_capacity_use(connection, NOON.date())

    def refresh(self, told: Mapping[Position, Balance]) -> None:
        for position, balance in told.items():
            if position not in self.balances or self.balances[position].version < balance.version:
                self.balances[position] = balance

    def refresh_expired(self, units: Mapping[Position, int], now: datetime) -> None:
        """It counts nothing that is reserved as free."""

    def refresh_capacity(self, used: Mapping[Slot, int]) -> None:
        self.used.update(used)


class PlainDecider:
    """Takes each line from the nodes in the order of their ids; one parcel a node.

    Parameters
    ----------
    capacity : mapping
        Parcels a day by node; absent is unlimited.
    """

    policy_digest = "plain"
    release_window = timedelta(minutes=10)

    def __init__(
        self, ledger: Engine, kits: Mapping[str, Kit] | None = None, capacity: Mapping[str, int] | None = None
    ) -> None:
        self.view = PlainView(ledger)
        self._kits = kits or {}
        self._capacity = capacity or {}
        self.calls = 0

    def decide(
        self,
        orders: Sequence[OrderRequest],
        now: datetime,
        held: Mapping[str, Mapping[Position, int]] | None = None,
    ) -> list[Decision]:
        self.calls += 1
        free = {position: balance.available for position, balance in self.view.balances.items()}
        used = dict(self.view.used)
        return [
            self._decide(order, free, used, now, (held or {}).get(order.order_id, {})) for order in orders
        ]

    def _decide(
        self,
        order: OrderRequest,
        free: dict[Position, int],
        used: dict[Slot, int],
        now: datetime,
        held: Mapping[Position, int],
    ) -> Decision:
        mine = {position: free.get(position, 0) + held.get(position, 0) for position in free.keys() | held}
        taken: dict[str, list[Line]] = {}
        unfilled = []
        known = {sku_id for _, sku_id in mine}
        for line in order.lines:
            left = line.qty
            for node_id in self._nodes(mine, used, now):
                qty = min(left, self._most(line.sku_id, node_id, mine))
                if qty:
                    taken.setdefault(node_id, []).append(Line(line.line_no, line.sku_id, qty))
                    for sku_id, units in explode([Line(0, line.sku_id, qty)], self._kits).items():
                        mine[node_id, sku_id] -= units
                    left -= qty
            if left:
                is_known = line.sku_id in known or line.sku_id in self._kits
                reason = WhyUnfilled.NO_STOCK if is_known else WhyUnfilled.UNKNOWN_SKU
                unfilled.append(UnfilledUnits(line.line_no, line.sku_id, left, reason))
        is_refused = bool(unfilled) and order.on_short == "reject"
        parcels = () if is_refused else tuple(self._parcels(taken, now))
        for parcel in parcels:
            used[parcel.node_id, parcel.slot_on] = used.get((parcel.node_id, parcel.slot_on), 0) + 1
            for sku_id, units in parcel.units.items():
                position = (parcel.node_id, sku_id)
                free[position] = free.get(position, 0) - max(0, units - held.get(position, 0))
        return Decision(
            order_id=order.order_id,
            parcels=parcels,
            unfilled=tuple(unfilled),
            cost_micros=6_204_999 * len(parcels),
        )

    def _nodes(self, mine: Mapping[Position, int], used: Mapping[Slot, int], now: datetime) -> list[str]:
        nodes = sorted({node_id for node_id, _ in mine})
        return [
            node_id
            for node_id in nodes
            if node_id not in self._capacity or used.get((node_id, now.date()), 0) < self._capacity[node_id]
        ]

    def _most(self, sku_id: str, node_id: str, mine: Mapping[Position, int]) -> int:
        one = explode([Line(0, sku_id, 1)], self._kits)
        return min(mine.get((node_id, part), 0) // units for part, units in one.items())

    def _parcels(self, taken: Mapping[str, Sequence[Line]], now: datetime) -> Iterator[PlannedParcel]:
        for node_id, lines in taken.items():
            yield PlannedParcel(
                node_id=node_id,
                carrier="usps",
                service="ground",
                departs_at=now + timedelta(hours=5),
                arrives_at=now + timedelta(days=1, hours=5),
                slot_on=now.date(),
                lines=tuple(lines),
                units=explode(lines, self._kits),
                cost_micros=6_204_999,
            )
