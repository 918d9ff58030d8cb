"""The plans of a basket on every way, round by round: the cheapest one, then under ever earlier deadlines.

Each is the solver's exact plan under its deadline, whatever the basket is. All ways go hand in hand, one call
of the solver a round; it looks at every node again each time, so `promise_sweep` takes what it can before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.placing import UnfilledUnits
from fulfillment.live.decide import Scratches, own_slot
from fulfillment.live.departures import Moments
from fulfillment.live.group import Wanted, lay_out, units_of_hold
from fulfillment.live.network import LiveNetwork
from fulfillment.live.parcels import Plan, SolverParcel, arrival, items_by_line, solver_parcels, take_parcels
from fulfillment.live.reasons import unfilled_units
from fulfillment.live.stock_view import Position, StockView
from solver.plan_state import PlanState
from solver.sequence import plan_in_sequence

Int16s = npt.NDArray[np.int16]
Int64s = npt.NDArray[np.int64]
ROUNDS_MAX = 64
_INSTANT = timedelta(microseconds=1)


class Rounds:
    """A basket on several ways, on what the view holds at one moment.

    Parameters
    ----------
    held : mapping
        Units by position that a hold reserves for this basket already.
    """

    def __init__(
        self,
        ways: Sequence[Wanted],
        network: LiveNetwork,
        view: StockView,
        moments: Moments,
        held: Mapping[Position, int],
        scratches: Scratches,
    ) -> None:
        self._network = network
        self._view = view
        self._moments = moments
        self._group = group = lay_out(ways, network, view, moments, moments.decided_at)
        self._scratch = scratches.of(group.arrays)
        channel = ways[0].channel
        floor = group.floor.get(channel, group.floor[EVERY_CHANNEL])
        self._free = np.maximum(0, group.left - floor) + units_of_hold(group, network, held)
        self._plans: list[list[Plan]] = [[] for _ in ways]
        slots = [own_slot(way.place, network, moments) for way in ways]
        self._find([w for w, slot in enumerate(slots) if slot is None], group.node_left)
        for w, slot in enumerate(slots):
            if slot is not None:
                capacity = group.node_left.copy()
                capacity[slot[0]] = view.capacity_left_at(*slot)
                self._find([w], capacity)

    def plans(self, way: int) -> list[Plan]:
        """Return the plans of a way, the latest first."""
        return self._plans[way]

    def lacking(self, way: int, parcels: Sequence[SolverParcel]) -> tuple[UnfilledUnits, ...]:
        """Name what parcels lack of the basket, and why nobody else has it."""
        wanted = self._group.orders[way]
        items = items_by_line(wanted, parcels)
        missing = [qty - got for (_, qty, _), got in zip(wanted.basket.lines, items, strict=True)]
        if not any(missing):
            return ()
        stock, capacity = self._free.copy(), self._group.node_left.copy()
        take_parcels(parcels, self._group, stock, capacity)
        return unfilled_units(way, missing, self._group, stock, capacity)

    def _find(self, active: list[int], capacity: Int64s) -> None:
        """Go from the cheapest plan of some ways to ever earlier ones."""
        group, n = self._group, len(self._group.orders)
        slack = np.empty((n, len(self._moments.clocks)), np.int16)
        arrays = group.arrays._replace(order_promise_class=np.arange(n, dtype=np.int32), transit_slack=slack)
        no_cost = np.zeros(n, np.int64)
        plan = PlanState.of_slots(group.slot_ptr, no_cost, self._free.copy(), capacity.copy())
        if arrays.has_tails:
            arrays = arrays._replace(stock_tail=np.minimum(arrays.stock_tail, self._free))
        deadline: list[datetime | None] = [None] * n
        filled = [0] * n
        for _ in range(ROUNDS_MAX):
            if not active:
                return
            for w in active:
                slack[w] = self._slack(deadline[w])
            sequence = np.array([turn for w in active for turn in (w, -1 - w)], np.int64)
            plan.n_parcels[:] = 0
            plan_in_sequence(sequence, arrays, group.pos_price, group.node_price, self._scratch, plan)
            found, going_on = solver_parcels(plan, group, 0, n), list[int]()
            for w in active:
                units = self._units(found[w])
                if units > 0 and units >= filled[w]:
                    self._plans[w].append(found[w])
                    arrives_at = max(arrival(parcel, self._network, self._moments) for parcel in found[w])
                    filled[w], deadline[w] = units, arrives_at - _INSTANT
                    going_on.append(w)
            active = going_on

    def _slack(self, deadline: datetime | None) -> Int16s:
        """Let every departure class be in time; here no parcel may be late, whatever the policy allows."""
        slacks, moments = self._network.tariffs.slacks, self._moments
        if deadline is None:
            return np.full(len(moments.clocks), slacks.open_ended, np.int16)
        naive = np.array(deadline.replace(tzinfo=None), "datetime64[us]")
        return slacks.in_time(moments.ready_us, moments.departs_us, naive)

    def _units(self, parcels: Plan) -> int:
        basket = self._group.orders[0].basket
        items = items_by_line(self._group.orders[0], parcels)
        return sum(item.units * qty for (item, _, _), qty in zip(basket.lines, items, strict=True))
