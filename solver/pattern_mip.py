"""One order too large for the exact search, as an integer program over its parcels.

Formulation
-----------
Sender ``c`` (a node that can send something in time) gives ``x[c, l]`` units of line ``l``; ``u[l]`` units
stay unfilled. Its parcels take steps ``k`` of the price ladder (`price_ladder`), ``y[c, k]`` of them at a
cost of ``F[k]``, and ``f[c]`` full multiples of the last step where those are not written out ::

    minimise    sum unit[c, l] x[c, l] + sum (fixed[c] + F[k]) y[c, k] + full_cost f[c] + sum penalty[l] u[l]
    subject to  sum over c of x[c, l] + u[l] = qty[l]                               every line
                sum weight[l] x[c, l] <= sum high[k] y[c, k] + full_weight f[c]     every sender
                sum weight[l] x[c, l] >= sum (low[k] + 1) y[c, k] + full_weight f[c]
                                                              where a dearer step may be the lighter one
                x[c, l] <= sum over k of min(avail[c, l], high[k] // weight[l]) y[c, k]
                sum over l of use[row, l] x[c, l] <= left[row]       stock rows that lines share
                parcel_use y[c, .] + sum unit_use x[c, .] <= capacity[c]
                sum over c, k of y[c, k] <= parcels_max
                u[l] = qty[l] (1 - z), z binary                      where the order is complete or not sent

The third-last kind are the strong linking rows of plant location (Balinski 1965; Cornuéjols, Nemhauser &
Wolsey 1990), one a step: without them the relaxation pays for fractions of parcels. Last units at a price add
a variable for the units beyond the free ones.

When a merger of two parcels never costs more (`price_ladder.parcels_worthwhile`), at most one leaves each
node, ``sum over k of y[c, k] <= 1``, and the program is exact. Elsewhere ``y`` counts parcels and the program
is a relaxation, since it forgets which unit rides in which parcel. It is checked on its optimum, as the exact
search does with strict nodes: the units of such a sender are put into the steps it paid for; where they do
not fit at that cost, the sender is written out parcel by parcel and the program solved again. Each such round
is still a relaxation, so its bound holds even if the next one is never solved.

Why the bound is never too high
-------------------------------
CP-SAT counts in 64-bit integers; its linear relaxation, in floating point, only proposes multipliers, with
which a cut or bound is then derived exactly in integers (`use_exact_lp_reason`, the default). All
coefficients here are integers, and the bound is read as the integer it proved, not as a double. Costs are
divided by a common divisor, exactly; where their sum could still exceed 2**60 they are divided by more and
rounded *down*, so the program costs no more than the truth, and its bound times the divisor is a bound. What
the plan costs is added up afresh from its parcels.

CP-SAT was chosen by measurement against HiGHS and SCIP (through MathOpt, one thread each): as fast on plant
location, slower by half a second on set covering, and the only one with an exact bound and a limit that does
not look at a clock.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

from solver.one_order import OneOrder, Sender, Tail
from solver.parcel_load import SUM_MAX, Load, Rows, Term
from solver.price_ladder import parcels_worthwhile

VARIABLES_MAX = 60_000  # a program with more is not tried
OBJECTIVE_MAX = 2**60


@dataclass(frozen=True, slots=True)
class Parcel:
    """Units of one order that leave one of its senders together."""

    sender: int
    units: dict[int, int]  # line -> units, >= 1


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """The best plan found for an order, what it costs, and what every plan costs at least; micros."""

    cost: int
    lower_bound: int
    parcels: tuple[Parcel, ...]
    effort: float  # spent, in CP-SAT's deterministic seconds


def weigh(units: dict[int, int], order: OneOrder) -> int:
    """Return what a parcel's units weigh, in grams."""
    return sum(count * order.weight[line] for line, count in units.items())


def plan_cost(order: OneOrder, parcels: Sequence[Parcel]) -> int:
    """Add up what parcels cost, units left unfilled included, in micros."""
    rest = list(order.qty)
    total = 0
    for parcel in parcels:
        sender = order.senders[parcel.sender]
        total += sender.fixed + sender.transport(weigh(parcel.units, order))[0]
        for line, units in parcel.units.items():
            rest[line] -= units
            total += units * sender.unit[line]
    for c, sender in enumerate(order.senders):
        sent = [parcel.units for parcel in parcels if parcel.sender == c]
        if sender.capacity_tail:
            total += sender.capacity_tail.price(sender.capacity_used(sent))
        for row in sender.rows:
            if row.tail:
                total += row.tail.price(row.taken(sent))
    return total + sum(units * penalty for units, penalty in zip(rest, order.penalty, strict=True))


def solve_order(order: OneOrder, effort: float, start: Sequence[Parcel] = ()) -> PatternPlan:
    """Find a cheap plan of an order and prove what every plan costs at least.

    effort : the most to spend, in CP-SAT's deterministic seconds; the same effort gives the same plan.
    start : parcels of a feasible plan; what comes out costs no more. CP-SAT is not told: with a hint it took
    ten times as long on set covering.
    """
    best, cost = tuple(start), plan_cost(order, start)
    bound, spent = 0, 0.0
    apart: frozenset[int] = frozenset()
    while spent < effort and bound < cost:
        program = _Program(order, apart)
        if not program.is_tractable:
            break
        answer = program.solve(effort - spent)
        spent += answer.effort
        bound = max(bound, answer.lower_bound)
        found = plan_cost(order, answer.parcels) if answer.parcels is not None else cost
        if answer.parcels is not None and found < cost:
            best, cost = answer.parcels, found
        if not answer.is_solved or answer.torn <= apart:
            break
        apart |= answer.torn
    return PatternPlan(cost, bound, best, spent)


@dataclass(frozen=True, slots=True)
class _Answer:
    is_solved: bool  # to the optimum of the program
    lower_bound: int  # micros
    parcels: tuple[Parcel, ...] | None  # of a feasible plan
    torn: frozenset[int]  # senders whose units did not fit the steps they paid for
    effort: float


class _Program:
    """The integer program of an order, with the senders of `apart` written out parcel by parcel."""

    def __init__(self, order: OneOrder, apart: frozenset[int]) -> None:
        self._order = order
        self._rows = Rows()
        self._loads: list[Load] = []
        for c, sender in enumerate(order.senders):
            self._add_sender(c, sender, c in apart)
        self._leave_unfilled()
        parcels = [(count, 1) for load in self._loads for _, count in load.counts()]
        self._rows.require(parcels, most=order.parcels_max)

    @property
    def is_tractable(self) -> bool:
        """Whether the program is worth trying, and all its sums fit 64-bit integers."""
        return len(self._rows.cost_of) <= VARIABLES_MAX and self._rows.greatest_sum <= SUM_MAX

    def solve(self, effort: float) -> _Answer:
        """Solve on one thread within `effort` deterministic seconds."""
        rows = self._rows
        divisor = self._divisor()
        paid = [(v, cost) for v, cost in enumerate(rows.cost_of) if cost >= divisor]
        objective = cp_model.LinearExpr.weighted_sum(
            [rows.model.get_int_var_from_proto_index(v) for v, _ in paid],
            [cost // divisor for _, cost in paid],
        )
        rows.model.minimize(objective)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = effort
        solver.parameters.linearization_level = 2  # the relaxation is strong: lean on it
        solver.parameters.catch_sigint_signal = False  # else Python's own handler is gone afterwards
        status = solver.solve(rows.model)
        bound = max(0, solver.response_proto.inner_objective_lower_bound) * divisor
        spent = solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return _Answer(False, bound, None, frozenset(), spent)
        parcels, torn = list[Parcel](), set[int]()
        for load in self._loads:
            sent, fits = load.read(solver)
            parcels += [Parcel(load.sender_index, units) for units in sent]
            if not fits:
                torn.add(load.sender_index)
        return _Answer(status == cp_model.OPTIMAL, bound, tuple(parcels), frozenset(torn), spent)

    def _add_sender(self, c: int, sender: Sender, is_apart: bool) -> None:
        weight = self._order.weight
        units = sum(sender.avail.values())
        heaviest = sum(avail * weight[line] for line, avail in sender.avail.items())
        parcels = parcels_worthwhile(sender.lists, sender.fixed, heaviest, units)
        parcels = min(parcels, self._order.parcels_max)
        if sender.capacity is not None and sender.parcel_use > 0:
            parcels = min(parcels, sender.capacity // sender.parcel_use)
        loads = [
            Load(self._rows, c, sender, weight, 1 if is_apart else parcels)
            for _ in range(parcels if is_apart else 1)
        ]
        for heavier, lighter in pairwise(loads):  # else the same plan stands there in every sequence
            grams = [*heavier.grams(), *((v, -factor) for v, factor in lighter.grams())]
            self._rows.require(grams, least=0)
        self._limit_stock(sender, loads)
        if sender.capacity is not None:
            self._limit_capacity(sender, sender.capacity, loads)
        self._loads += loads

    def _limit_stock(self, sender: Sender, loads: Sequence[Load]) -> None:
        for row in sender.rows:
            used = [(load.units[line], need) for load in loads for line, need in row.uses.items()]
            self._rows.require(used, most=row.left)
            self._pay_tail(row.tail, used, row.left)

    def _limit_capacity(self, sender: Sender, capacity: int, loads: Sequence[Load]) -> None:
        used = [(count, sender.parcel_use) for load in loads for _, count in load.counts()]
        used += [(v, sender.unit_use[line]) for load in loads for line, v in load.units.items()]
        self._rows.require(used, most=capacity)
        self._pay_tail(sender.capacity_tail, used, capacity)

    def _pay_tail(self, tail: Tail | None, used: Sequence[Term], left: int) -> None:
        if tail:
            beyond = self._rows.variable(left, tail.cost)
            self._rows.require([*used, (beyond, -1)], most=tail.free)

    def _leave_unfilled(self) -> None:
        order = self._order
        sent: dict[int, list[Term]] = defaultdict(list)
        for load in self._loads:
            for line, variable in load.units.items():
                sent[line].append((variable, 1))
        is_left = self._rows.variable(1) if order.is_complete else None
        for line, (qty, penalty) in enumerate(zip(order.qty, order.penalty, strict=True)):
            unfilled = self._rows.variable(qty, penalty)
            self._rows.require([*sent[line], (unfilled, 1)], least=qty, most=qty)
            if is_left is not None:
                self._rows.require([(unfilled, 1), (is_left, -qty)], least=0, most=0)

    def _divisor(self) -> int:
        """Return what costs are divided by: a common divisor, or more where their sum would be too large."""
        rows = self._rows
        greatest = sum(most * cost for most, cost in zip(rows.most_of, rows.cost_of, strict=True))
        return max(1, math.gcd(*rows.cost_of), -(-greatest // OBJECTIVE_MAX))
