"""Windows: what was decided one by one is planned again together, as long as no node has begun.

Each window takes the orders whose work is still open, gives all their units back in thought, and lets the
batch solver plan them at once on what is then there. Orders whose better plans hang together, because one
takes what another gives up, are swapped in one transaction, or stay as they are. The plan's prices are kept:
until the next window they tell single decisions what a unit is worth to others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, invariant
from fulfillment.domain.kinds import Method
from fulfillment.domain.placing import Decision
from fulfillment.ids import IdSource
from fulfillment.live.departures import Moments
from fulfillment.live.feed import Feed
from fulfillment.live.group import GroupProblem, Wanted, basket_of, lay_out
from fulfillment.live.network import LiveNetwork
from fulfillment.live.parcels import SolverParcel, items_by_line, planned_parcels
from fulfillment.live.stock_view import StockView
from fulfillment.scenario.tables import MICROS_PER_CENT, UNLIMITED_PARCELS
from fulfillment.services.swap_work import Swap, swap_work
from fulfillment.store.live_reads import newest_plan, read_prices
from fulfillment.store.open_work import OpenOrder, OpenWork, read_open_orders
from fulfillment.store.plans import PlanHead, add_plan, finish_plan
from fulfillment.store.schema.network import EVERY_DAY
from fulfillment.store.transaction import read_snapshot, run_in_transaction
from solver.check import check_plan
from solver.params import SolveParams
from solver.problem import AllocationPlan, AllocationProblem
from solver.result import Result
from solver.solve import solve
from solver.stop import MaxSeconds

Int64s = npt.NDArray[np.int64]

ACTOR = "fulfillment worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """Bounds of one window.

    Attributes
    ----------
    orders_max : int
        Orders that are planned together, those placed first first.
    seconds_max : float
        How long the solver may search.
    before_release : timedelta
        Work that is released sooner is left alone: it would be begun before the swap.
    swap_orders_max : int
        Orders that one transaction swaps; more that hang together stay as they are.
    """

    orders_max: int = 2_000
    seconds_max: float = 20.0
    before_release: timedelta = timedelta(seconds=60)
    swap_orders_max: int = 200


@dataclass(frozen=True, slots=True)
class WindowDone:
    """What a window did.

    Attributes
    ----------
    orders : int
        That were planned again.
    swapped : int
        That got other work.
    refused : int
        Whose swap came too late: stock, capacity or the order had changed.
    saved_micros : int
        What the other work costs less, in transport and handling.
    plan_id : str or None
        Whose prices count now; None where there was nothing to plan.
    """

    orders: int = 0
    swapped: int = 0
    refused: int = 0
    saved_micros: int = 0
    plan_id: str | None = None


def improve_open_orders(
    engine: Engine, feed: Feed, *, clock: Clock, ids: IdSource, limits: WindowLimits | None = None
) -> WindowDone:
    """Plan the orders of a window again, swap what gets better, and keep the prices.

    feed : caught up here; nobody else needs to run it.
    """
    limits = limits or WindowLimits()
    feed.catch_up(look_around=True)
    network, view = feed.decider.world
    now = clock.now()
    after = now + limits.before_release
    found = read_snapshot(engine, lambda connection: read_open_orders(connection, after, limits.orders_max))
    known = [(order, wanted) for order in found if (wanted := _wanted(order, network)) is not None]
    if not known:
        return WindowDone()
    window = _Window([order for order, _ in known], [wanted for _, wanted in known], network, view, now)
    result = window.solve(limits.seconds_max)
    swapped = refused = saved = 0
    for together in window.better(result.plan):
        if len(together) > limits.swap_orders_max:
            continue
        swaps = [Swap(window.orders[o], decision) for o, decision in together]
        try:
            done = swap_work(
                engine, swaps, policy_digest=network.policy_digest, clock=clock, ids=ids, actor=ACTOR
            )
        except Conflict:
            refused += len(swaps)
            continue
        view.refresh(done.balances)
        view.refresh_capacity(done.used)
        swapped += len(swaps)
        saved += sum(swap.order.cost_micros - swap.decision.cost_micros for swap in swaps)
    head = window.plan_head(ids.new_id(), result)
    plan_id = run_in_transaction(engine, lambda connection: _keep(connection, head, clock.now()))
    return WindowDone(len(known), swapped, refused, saved, plan_id)


def _keep(connection: Connection, head: PlanHead, now: datetime) -> str:
    """Keep a plan's prices, unless they are those that count already; name the plan whose prices count."""
    newest = newest_plan(connection)
    if newest is not None:
        known = read_prices(connection, newest)
        stock = {(node_id, sku_id): micros for node_id, sku_id, micros in head.stock_prices}
        nodes = {node_id: micros for node_id, _, micros in head.capacity_prices}
        if (known.stock, known.nodes) == (stock, nodes):
            return newest
    add_plan(connection, head, now)
    finish_plan(connection, head.plan_id)
    return head.plan_id


def _wanted(order: OpenOrder, network: LiveNetwork) -> Wanted | None:
    """Turn an order into what the solver is asked for, to arrive no later than the customer was told.

    None for an order that we cannot place on the map any more, or with kits that are made of something else
    by now: its customer gets what he bought.
    """
    place = network.place_of(Method(order.method), order.postal_code, order.pickup_node_id)
    basket = basket_of(order.lines, network)
    if place is None or basket.unknown or any(work.units != _made_of(work, network) for work in order.work):
        return None
    return Wanted(order.order_id, order.channel, basket, place, order.arrives_at)


def _made_of(work: OpenWork, network: LiveNetwork) -> dict[str, int]:
    """Add up what the lines of some work, whose SKUs are known, would take from the shelf now."""
    units: dict[str, int] = {}
    for line in work.lines:
        sku = network.sku_index[line.sku_id]
        for part, each in network.kits.get(sku) or ((sku, 1),):
            sku_id = network.skus.sku_id[part]
            units[sku_id] = units.get(sku_id, 0) + each * line.qty
    return units


class _Window:
    """The orders of a window as one problem."""

    def __init__(
        self,
        orders: Sequence[OpenOrder],
        wanted: Sequence[Wanted],
        network: LiveNetwork,
        view: StockView,
        now: datetime,
    ) -> None:
        self.orders = orders
        self._network = network
        self._moments: Moments = network.moments(now)
        self._group: GroupProblem = lay_out(wanted, network, view, self._moments, now)
        self._row_of = self._rows()
        self._own = self._own_units()
        floor = np.maximum.reduce(list(self._group.floor.values()))
        self._free = np.maximum(0, self._group.left - floor)
        self._node_free = self._group.node_left
        self._problem = self._laid_out()

    def solve(self, seconds_max: float) -> Result:
        """Plan all orders together."""
        params = SolveParams.for_size(len(self.orders), threads=1)
        result = solve(self._problem, MaxSeconds(seconds_max), params=params)
        checked = check_plan(self._problem, result.plan)
        invariant(checked.is_feasible, "a plan breaks no rule", violations=checked.violations)
        return result

    def better(self, plan: AllocationPlan) -> list[list[tuple[int, Decision]]]:
        """List the orders, with their new plans, that gain together; those that gain most first."""
        decisions = {
            o: decision
            for o, parcels in enumerate(self._parcels(plan))
            if (decision := self._decision(o, parcels)) is not None
        }
        groups = []
        for together in self._hanging_together(decisions):
            gain = sum(self.orders[o].cost_micros - decisions[o].cost_micros for o in together)
            if gain > 0:
                groups.append((gain, [(o, decisions[o]) for o in together]))
        groups.sort(key=_gain, reverse=True)
        return [group for _, group in groups]

    def plan_head(self, plan_id: str, result: Result) -> PlanHead:
        """Say what the ledger keeps of the plan."""
        p, prices, network = self._problem, result.prices, self._network
        sku_of_row = np.repeat(np.array(self._group.skus, np.int64), np.diff(self._group.stock_ptr))
        node_id, sku_id = network.nodes.node_id, network.skus.sku_id
        return PlanHead(
            plan_id=plan_id,
            policy_digest=network.policy_digest,
            total_cents=round(result.cost / MICROS_PER_CENT),
            lower_bound_cents=result.lower_bound // MICROS_PER_CENT,
            manifest={"window": True, "orders": len(self.orders), "stop_reason": result.stop_reason},
            stock_prices=[
                (node_id[p.pos_node[k]], sku_id[sku_of_row[k]], int(prices.stock[k]))
                for k in np.flatnonzero(prices.stock).tolist()
            ],
            capacity_prices=[
                (node_id[k], EVERY_DAY, int(prices.capacity[k]))
                for k in np.flatnonzero(prices.capacity).tolist()
            ],
        )

    def _rows(self) -> dict[tuple[int, int], int]:
        """Find the stock row of each (node, SKU)."""
        group = self._group
        return {
            (node, sku): row
            for k, sku in enumerate(group.skus)
            for row, node in enumerate(
                group.arrays.pos_node[group.stock_ptr[k] : group.stock_ptr[k + 1]].tolist(),
                start=int(group.stock_ptr[k]),
            )
        }

    def _own_units(self) -> Int64s:
        """Units that the orders have now; int64[h]."""
        own = np.zeros(len(self._group.left), np.int64)
        for order in self.orders:
            for row, units in self._units_now(order).items():
                own[row] += units
        return own

    def _units_now(self, order: OpenOrder) -> dict[int, int]:
        units: dict[int, int] = {}
        for work in order.work:
            node = self._network.node_index.get(work.node_id, -1)
            for sku_id, qty in work.units.items():
                row = self._row_of.get((node, self._network.sku_index[sku_id]))
                if row is not None:
                    units[row] = units.get(row, 0) + qty
        return units

    def _own_parcels(self) -> Int64s:
        """Parcels that the orders have in the slot of the next departure of each node; int64[n]."""
        own = np.zeros(len(self._network.nodes), np.int64)
        for order in self.orders:
            for work in order.work:
                node = self._network.node_index.get(work.node_id)
                if node is not None:
                    slot_on = self._moments.departs_on[self._network.class_of_node[node]]
                    own[node] += sum(parcel.slot_on == slot_on for parcel in work.parcels)
        return own

    def _laid_out(self) -> AllocationProblem:
        """Make the problem: all that the orders have is free again."""
        arrays = self._group.arrays
        limited = arrays.node_capacity < UNLIMITED_PARCELS
        capacity = np.where(limited, self._node_free + self._own_parcels(), UNLIMITED_PARCELS)
        names = {each.name for each in fields(AllocationProblem)}
        columns = {name: value for name, value in arrays._asdict().items() if name in names}
        changed = {
            "pos_free": self._free + self._own,
            "node_capacity": capacity,
            "line_penalty": self._penalties(),
            "node_tail": np.minimum(arrays.node_tail, np.where(limited, capacity, 0)),
            "stock_tail": np.minimum(arrays.stock_tail[: len(self._free)], self._free + self._own),
            "stock_tail_cost": arrays.stock_tail_cost[: len(self._free)].copy(),
        }
        return AllocationProblem(**{**columns, **changed})

    def _penalties(self) -> Int64s:
        """Return what the policy says that a unit left unfilled costs."""
        rules, price = self._network.policy.unfilled, self._network.price_micros
        return np.array(
            [
                (rules.penalty_cents_per_unit * MICROS_PER_CENT + rules.price_is_added * price[item.sku])
                * item.units
                * rules.percent(order.priority)
                // 100
                for order, wanted in zip(self.orders, self._group.orders, strict=True)
                for item, _, _ in wanted.basket.lines
            ],
            np.int64,
        )

    def _parcels(self, plan: AllocationPlan) -> list[list[SolverParcel]]:
        first_line = self._group.arrays.order_ptr.tolist()
        found: list[list[SolverParcel]] = [[] for _ in self.orders]
        ptr, entry_line, entry_qty = (
            plan.parcel_ptr.tolist(),
            plan.entry_line.tolist(),
            plan.entry_qty.tolist(),
        )
        for q, o in enumerate(plan.parcel_order.tolist()):
            entries = tuple(
                (entry_line[e] - first_line[o], -1, entry_qty[e]) for e in range(ptr[q], ptr[q + 1])
            )
            found[o].append(SolverParcel(int(plan.parcel_node[q]), int(plan.parcel_list[q]), entries))
        return found

    def _decision(self, o: int, parcels: list[SolverParcel]) -> Decision | None:
        """Say an order's new plan; None where it lacks a unit or is the plan that it has."""
        wanted, order = self._group.orders[o], self.orders[o]
        if items_by_line(wanted, parcels) != [qty for _, qty, _ in wanted.basket.lines]:
            return None
        planned = planned_parcels(wanted, parcels, self._network, self._moments)
        cost = sum(parcel.cost_micros for parcel in planned)
        decision = Decision(
            order_id=order.order_id,
            parcels=planned,
            unfilled=(),
            cost_micros=cost,
            recipes_at=self._network.recipes_at,
        )
        is_same = cost == order.cost_micros and self._units_after(decision) == self._units_now(order)
        return None if is_same else decision

    def _units_after(self, decision: Decision) -> dict[int, int]:
        node, sku = self._network.node_index, self._network.sku_index
        return {
            self._row_of[node[node_id], sku[sku_id]]: units
            for (node_id, sku_id), units in decision.units_by_position().items()
        }

    def _hanging_together(self, decisions: dict[int, Decision]) -> list[list[int]]:
        """Group orders that need each other: they share a stock row or a slot that has not room for all."""
        takes: dict[object, dict[int, int]] = {}
        room: dict[object, int] = {}
        for o, decision in decisions.items():
            order = self.orders[o]
            change: dict[object, int] = {}
            for row, units in self._units_after(decision).items():
                change[row] = change.get(row, 0) + units
            for row, units in self._units_now(order).items():
                change[row] = change.get(row, 0) - units
            for slot, parcels in decision.parcels_by_slot().items():
                change[slot] = change.get(slot, 0) + parcels
                room[slot] = int(self._node_free[self._network.node_index[slot[0]]])
            for work in order.work:
                for parcel in work.parcels:
                    slot = (work.node_id, parcel.slot_on)
                    change[slot] = change.get(slot, 0) - 1
            for resource, units in change.items():
                if isinstance(resource, int):
                    room[resource] = int(self._free[resource])
                takes.setdefault(resource, {})[o] = units
        leader = {o: o for o in decisions}

        def led_by(o: int) -> int:
            while leader[o] != o:
                leader[o] = leader[leader[o]]
                o = leader[o]
            return o

        for resource, of_orders in takes.items():
            wanted = sum(units for units in of_orders.values() if units > 0)
            if wanted > room.get(resource, UNLIMITED_PARCELS):
                first, *others = of_orders
                for other in others:
                    leader[led_by(other)] = led_by(first)
        groups: dict[int, list[int]] = {}
        for o in decisions:
            groups.setdefault(led_by(o), []).append(o)
        return list(groups.values())


def _gain(group: tuple[int, list[tuple[int, Decision]]]) -> int:
    return group[0]
