"""Decide orders one after another on the stock view: each sees what the ones before it took.

A decision is the solver's exact plan of the order (`solver.sequence`) at the live prices, and a group is one
call of it. Orders that floors of their own, units of a hold, a pickup slot or their size set apart are calls
of their own between the others. The view itself is not changed: units are taken when the database agrees.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.kinds import Method
from fulfillment.domain.placing import Decision, OrderRequest, UnfilledUnits, WhyUnfilled
from fulfillment.live.departures import Moments
from fulfillment.live.group import GroupProblem, Wanted, lay_out, units_of_hold, wanted_of
from fulfillment.live.network import LiveNetwork, Place
from fulfillment.live.parcels import (
    SolverParcel,
    items_by_line,
    planned_parcels,
    solver_parcels,
    take_parcels,
)
from fulfillment.live.reasons import unfilled_units, unknown_units, whole_order_units
from fulfillment.live.stock_view import Position, StockView
from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState
from solver.problem import UNLIMITED_PARCELS
from solver.sequence import plan_in_sequence

Int64s = npt.NDArray[np.int64]

Held = Mapping[str, Mapping[Position, int]]
"""Units by position that a hold reserves for an order, by order_id."""


class Decider:
    """Decides orders on a network and a view of its stock, which may be replaced while it runs.

    Safe to share between threads; each thread has scratch space of its own.
    """

    def __init__(self, network: LiveNetwork, view: StockView) -> None:
        self._world = (network, view)
        self.scratches = Scratches()

    @property
    def world(self) -> tuple[LiveNetwork, StockView]:
        """The network in use and the view that counts by it."""
        return self._world

    @property
    def network(self) -> LiveNetwork:
        """The network in use."""
        return self._world[0]

    @property
    def policy_digest(self) -> str:
        """The digest of the policy in use."""
        return self._world[0].policy_digest

    @property
    def release_window(self) -> timedelta:
        """From a decision until a node may begin, as the policy in use says."""
        return self._world[0].policy.release_window

    @property
    def view(self) -> StockView:
        """The view in use."""
        return self._world[1]

    def replace(self, network: LiveNetwork, view: StockView) -> None:
        """Go on with other reference data, and a view that counts by them."""
        self._world = (network, view)

    def decide(
        self, orders: Sequence[OrderRequest], now: datetime, held: Held | None = None
    ) -> list[Decision]:
        """Decide orders in turn, as if their nodes began at `now` (UTC).

        held : what holds reserve for some of the orders, which they may take beside what is free.

        Returns
        -------
        list of Decision
            One an order. An order that leaves complete or not at all, because it says so or the policy does,
            has no parcels where some of it cannot be had; `unfilled` then names what lacks.
        """
        network, view = self._world
        decisions: list[Decision | None] = [None] * len(orders)
        planned: list[Wanted] = []
        at_of_planned: list[int] = []
        for at, request in enumerate(orders):
            place = network.place_of(request.method, request.postal_code, request.pickup_node_id)
            if place is None:
                decisions[at] = _nothing(request, WhyUnfilled.OUT_OF_REACH)
                continue
            wanted = wanted_of(request, network, place)
            if wanted.basket.lines and not (wanted.is_whole and wanted.basket.unknown):
                planned.append(wanted)
                at_of_planned.append(at)
            else:
                unknown = unknown_units(wanted.basket)
                decisions[at] = Decision(
                    order_id=request.order_id, parcels=(), unfilled=unknown, cost_micros=0
                )
        if planned:
            moments = network.moments(now)
            group = lay_out(planned, network, view, moments, now)
            scratch = self.scratches.of(group.arrays)
            found = _Group(group, network, view, moments, held or {}, scratch).decide()
            for at, decision in zip(at_of_planned, found, strict=True):
                decisions[at] = decision
        return [decision for decision in decisions if decision is not None]


class Scratches(threading.local):
    """Scratch space of each thread, kept while it fits."""

    def __init__(self) -> None:
        self._size = (-1, -1)
        self._kept: Scratch | None = None

    def of(self, p: ProblemArrays) -> Scratch:
        """Return space that fits a problem."""
        size = (len(p.node_capacity), len(p.tariff_ptr) - 1)
        if p.has_tails:  # its prices are by stock row, so it lives as long as its group
            return Scratch.of_size(*size, len(p.pos_free))
        if self._kept is None or self._size != size:
            self._size, self._kept = size, Scratch.of_size(*size)
        return self._kept


@dataclass(frozen=True, slots=True)
class _Run:
    """Orders that one call plans: nothing sets them apart from each other."""

    first: int
    end: int
    channel: str  # whose floors apply


class _Group:
    """A group while it is decided: what its orders leave of stock and capacity."""

    def __init__(
        self,
        problem: GroupProblem,
        network: LiveNetwork,
        view: StockView,
        moments: Moments,
        held: Held,
        scratch: Scratch,
    ) -> None:
        self.problem = problem
        self.network = network
        self.view = view
        self.moments = moments
        self.held = held
        self.scratch = scratch
        no_cost = np.zeros(len(problem.orders), np.int64)
        self.plan = PlanState.of_slots(
            problem.slot_ptr, no_cost, problem.left.copy(), problem.node_left.copy()
        )
        self.left = problem.left.copy()
        self.node_left = problem.node_left
        self.kept_ready: dict[int, int] = {}  # parcels that wait at a node for customers, by node

    def decide(self) -> Iterator[Decision]:
        """Decide all orders, run by run."""
        for run in self._runs():
            yield from self._decide_run(run)

    def _runs(self) -> Iterator[_Run]:
        first = 0
        orders = self.problem.orders
        keys = [self._key(order) for order in orders]
        for end in range(1, len(orders) + 1):
            if end == len(orders) or keys[end] is None or keys[end] != keys[first]:
                yield _Run(first, end, self._channel(orders[first]))
                first = end

    def _key(self, order: Wanted) -> str | None:
        """Return the channel of an order that may share a call, None of one that may not."""
        is_apart = (
            not order.basket.is_searchable
            or order.order_id in self.held
            or own_slot(order.place, self.network, self.moments) is not None
        )
        return None if is_apart else self._channel(order)

    def _channel(self, order: Wanted) -> str:
        channel = order.channel
        return channel if channel in self.problem.floor else EVERY_CHANNEL

    def _decide_run(self, run: _Run) -> Iterator[Decision]:
        problem, plan = self.problem, self.plan
        first = problem.orders[run.first]
        bonus = units_of_hold(problem, self.network, self.held.get(first.order_id, {}))
        free = np.maximum(0, self.left - problem.floor[run.channel]) + bonus
        slot = own_slot(first.place, self.network, self.moments)
        node_left = self.node_left.copy()
        if slot is not None:
            node, ready_on = slot
            node_left[node] = self.view.capacity_left_at(node, ready_on) - self.kept_ready.get(node, 0)
        arrays = problem.arrays
        if arrays.has_tails:
            arrays = arrays._replace(stock_tail=np.minimum(arrays.stock_tail, free))
        self._call(np.arange(run.first, run.end), arrays, free, node_left)
        found = solver_parcels(plan, problem, run.first, run.end)
        if (
            not first.basket.is_searchable
            and first.is_whole
            and items_by_line(first, found[0]) != _asked(first)
        ):
            take_parcels(found[0], problem, free, node_left)
            yield self._refused(run.first, found[0], free, node_left)
            return
        self.left -= np.maximum(0, free - plan.pos_left - bonus)
        sent = node_left - plan.node_left
        if slot is not None:
            self.kept_ready[slot[0]] = self.kept_ready.get(slot[0], 0) + int(sent[slot[0]])
            sent[slot[0]] = 0
        self.node_left -= sent
        yield from self._read(run, found, arrays, free, node_left)

    def _call(self, sequence: Int64s, arrays: ProblemArrays, stock: Int64s, capacity: Int64s) -> None:
        """Plan some orders on so much stock and capacity; `plan` then has what is left of both."""
        self.plan.pos_left[:] = stock
        self.plan.node_left[:] = capacity
        prices = self.problem.pos_price, self.problem.node_price
        plan_in_sequence(sequence, arrays, *prices, self.scratch, self.plan)

    def _read(
        self,
        run: _Run,
        found: list[list[SolverParcel]],
        arrays: ProblemArrays,
        stock: Int64s,
        capacity: Int64s,
    ) -> Iterator[Decision]:
        """Turn the parcels of a run into decisions; `stock` and `capacity` are what it began with."""
        orders = self.problem.orders[run.first : run.end]
        short = [items_by_line(order, its) != _asked(order) for order, its in zip(orders, found, strict=True)]
        walks = any(short)
        stock, capacity = (stock.copy(), capacity.copy()) if walks else (stock, capacity)
        for at, (order, parcels) in enumerate(zip(orders, found, strict=True)):
            o = run.first + at
            if walks:
                take_parcels(parcels, self.problem, stock, capacity)
            if not short[at]:
                yield self._decision(order, parcels, ())
            elif order.is_whole:
                yield self._refused_after_a_try(o, arrays, stock, capacity)
            else:
                yield self._decision(order, parcels, self._lacking(o, parcels, stock, capacity))

    def _refused_after_a_try(
        self, o: int, arrays: ProblemArrays, stock: Int64s, capacity: Int64s
    ) -> Decision:
        """Refuse an order that cannot leave complete, and name what lacks: plan it once more in part."""
        self._call(
            np.array([o]),
            arrays._replace(order_complete=np.zeros_like(arrays.order_complete)),
            stock,
            capacity,
        )
        (parcels,) = solver_parcels(self.plan, self.problem, o, o + 1)
        return self._refused(o, parcels, self.plan.pos_left.copy(), self.plan.node_left.copy())

    def _refused(self, o: int, parcels: list[SolverParcel], stock: Int64s, capacity: Int64s) -> Decision:
        order = self.problem.orders[o]
        short = self._lacking(o, parcels, stock, capacity)
        return self._decision(order, [], whole_order_units(order, short))

    def _lacking(
        self, o: int, parcels: list[SolverParcel], stock: Int64s, capacity: Int64s
    ) -> tuple[UnfilledUnits, ...]:
        order = self.problem.orders[o]
        held = items_by_line(order, parcels)
        missing = [asked - got for asked, got in zip(_asked(order), held, strict=True)]
        return unfilled_units(o, missing, self.problem, stock, capacity)

    def _decision(
        self, order: Wanted, parcels: list[SolverParcel], unfilled: tuple[UnfilledUnits, ...]
    ) -> Decision:
        planned = planned_parcels(order, parcels, self.network, self.moments)
        return Decision(
            order_id=order.order_id,
            parcels=planned,
            unfilled=(*unfilled, *unknown_units(order.basket)),
            cost_micros=sum(parcel.cost_micros for parcel in planned),
            recipes_at=self.network.recipes_at,
        )


def own_slot(place: Place, network: LiveNetwork, moments: Moments) -> tuple[int, date] | None:
    """Node and day of readiness, where collecting there uses another slot than what leaves that node."""
    method, node = place
    if method is not Method.PICK_UP or not isinstance(node, int):
        return None
    if network.arrays.capacity[node] >= UNLIMITED_PARCELS:
        return None
    k = network.class_of_node[node]
    ready_on = moments.ready_on(k)
    return None if ready_on == moments.departs_on[k] else (node, ready_on)


def _asked(order: Wanted) -> list[int]:
    return [qty for _, qty, _ in order.basket.lines]


def _nothing(request: OrderRequest, reason: WhyUnfilled) -> Decision:
    return Decision(
        order_id=request.order_id,
        parcels=(),
        unfilled=tuple(UnfilledUnits(line.line_no, line.sku_id, line.qty, reason) for line in request.lines),
        cost_micros=0,
    )
