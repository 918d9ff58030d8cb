"""Decide orders on the view, and refuse none of them on what the view alone believes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.holds import Hold
from fulfillment.domain.placing import Decider, Decision, OrderRequest, Position, Slot
from fulfillment.domain.stock import Balance
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.entries import balances_of_skus, positions_of_skus
from fulfillment.store.holds import ExpiredHold, lock_expired_holds, lock_holds, read_holds
from fulfillment.store.stock import lock_balances
from fulfillment.store.transaction import read_snapshot

ONE_DAY = timedelta(days=1)

Renew = Callable[[], None]


def never_changes() -> None:
    """Renew nothing, where reference data and buffers stay as they are."""


class FreshDecisions:
    """Decides groups of orders; reads the ledger where the view may be behind.

    Parameters
    ----------
    renew : callable
        Lets the decider have reference data and buffers that were put a moment ago, as `Feed.renew` does.
    """

    def __init__(self, engine: Engine, decider: Decider, clock: Clock, renew: Renew) -> None:
        self._engine = engine
        self._decider = decider
        self._clock = clock
        self._renew = renew

    def of(self, requests: Sequence[OrderRequest]) -> dict[str, Decision]:
        """Decide orders in turn; return the decisions by order_id.

        Units may lack because a cancelled order or a receipt of another process is still on its way to the
        view, or the node that has them. So whatever lacks is looked up, and then all are decided again: later
        ones live on what earlier ones leave.
        """
        hold_ids = _hold_ids(requests)
        held = (
            read_snapshot(self._engine, lambda connection: _held_units(read_holds, connection, hold_ids))
            if hold_ids
            else {}
        )
        decisions = self._decider.decide(requests, self._clock.now(), held)
        if short := {each.sku_id for decision in decisions for each in decision.unfilled}:
            self._renew()
            self._look_up(short)
            decisions = self._decider.decide(requests, self._clock.now(), held)
        return {decision.order_id: decision for decision in decisions}

    def under_locks(
        self,
        connection: Connection,
        requests: Sequence[OrderRequest],
        own: Mapping[str, Mapping[Position, int]] | None = None,
    ) -> dict[str, Decision]:
        """Decide orders in the transaction that will write them, on rows that nobody else can change.

        For those that came too late before: two processes that take turns would be too late every turn, each
        reading what the other is about to change. It holds the locks of all positions of their SKUs for as
        long as a decision takes, which is why it is not the rule.

        Parameters
        ----------
        own : mapping of order_id to units by position
            Units that are committed to an order already, and available to it alone.
        """
        now = self._clock.now()
        positions = positions_of_skus(connection, {line.sku_id for each in requests for line in each.lines})
        held = {**_held_units(lock_holds, connection, _hold_ids(requests)), **(own or {})}
        expired = lock_expired_holds(connection, positions, now)  # the order of locks: holds, then stock
        self._decider.view.refresh(lock_balances(connection, positions))
        self._decider.view.refresh_expired(units_at(expired, positions), now)
        return {each.order_id: each for each in self._decider.decide(requests, now, held)}

    def _look_up(self, sku_ids: Collection[str]) -> None:
        """Let the view see what the ledger has of these SKUs, and the capacity in use."""
        since = self._clock.now().date() - ONE_DAY  # it may still be yesterday at a node

        def read(connection: Connection) -> tuple[Mapping[Position, Balance], Mapping[Slot, int]]:
            return balances_of_skus(connection, sku_ids), read_capacity_use(connection, since)

        balances, used = read_snapshot(self._engine, read)
        self._decider.view.refresh(balances)
        self._decider.view.refresh_capacity(used)


def units_at(holds: Sequence[ExpiredHold], positions: Collection[Position]) -> dict[Position, int]:
    """Add up what holds reserve at some positions."""
    units: dict[Position, int] = dict.fromkeys(positions, 0)
    for hold in holds:
        for node_id, sku_id, qty in hold.units:
            if (node_id, sku_id) in units:
                units[node_id, sku_id] += qty
    return units


def _hold_ids(requests: Sequence[OrderRequest]) -> dict[str, str]:
    return {each.order_id: each.hold_id for each in requests if each.hold_id is not None}


def _held_units(
    read: Callable[[Connection, Sequence[str]], Mapping[str, Hold]],
    connection: Connection,
    hold_ids: Mapping[str, str],
) -> dict[str, Mapping[Position, int]]:
    """Read what the holds of orders reserve; by order_id."""
    if not hold_ids:
        return {}
    holds = read(connection, [*hold_ids.values()])
    return {
        order_id: holds[hold_id].units_by_position()
        for order_id, hold_id in hold_ids.items()
        if hold_id in holds
    }
