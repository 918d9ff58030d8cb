"""What one sender sends, as variables of the pattern MIP: one parcel, or several summed up.

The part of the program in `pattern_mip` that stands once a sender, or once a parcel where a sender is written
out parcel by parcel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from solver.one_order import Sender
from solver.price_ladder import Ladder, Step, ladders_of

SUM_MAX = 2**60  # of a row, far enough below 64 bits

Term = tuple[cp_model.IntVar, int]


class Rows:
    """Variables, costs and rows of a program under way, watched so that no sum can leave 64 bits."""

    def __init__(self) -> None:
        self.model = cp_model.CpModel()
        self.cost_of: list[int] = []  # micros a unit of each variable
        self.most_of: list[int] = []  # the greatest value of each variable
        self.greatest_sum = 0

    def variable(self, most: int, cost: int = 0) -> cp_model.IntVar:
        """Add a variable from 0 to `most` that costs `cost` micros each."""
        self.cost_of.append(cost)
        self.most_of.append(most)
        return self.model.new_int_var(0, most, "")

    def require(self, terms: Sequence[Term], least: int | None = None, most: int | None = None) -> None:
        """Require least <= sum of terms <= most; None is no limit. A row that always holds is left out."""
        greatest = sum(factor * self.most_of[variable.index] for variable, factor in terms if factor > 0)
        smallest = sum(factor * self.most_of[variable.index] for variable, factor in terms if factor < 0)
        if (least is None or least <= smallest) and (most is None or greatest <= most):
            return
        self.greatest_sum = max(self.greatest_sum, greatest - smallest + abs(least or 0) + abs(most or 0))
        expression = cp_model.LinearExpr.weighted_sum([v for v, _ in terms], [factor for _, factor in terms])
        low = -SUM_MAX if least is None else least
        self.model.add_linear_constraint(expression, low, SUM_MAX if most is None else most)


@dataclass(frozen=True, slots=True)
class _Rungs:
    """A ladder with its variables: parcels on each step, and full multiples if it has them."""

    ladder: Ladder
    steps: tuple[tuple[Step, cp_model.IntVar], ...]
    full: cp_model.IntVar | None


class Load:
    """Variables of what a sender sends, in at most `parcels_max` parcels."""

    def __init__(
        self, rows: Rows, sender_index: int, sender: Sender, weight: Sequence[int], parcels_max: int
    ) -> None:
        self.sender_index = sender_index
        self.parcels_max = parcels_max
        self.units = {line: rows.variable(avail, sender.unit[line]) for line, avail in sender.avail.items()}
        self._sender, self._weight = sender, weight
        heaviest = sum(avail * weight[line] for line, avail in sender.avail.items())
        self._rungs = [self._climb(rows, ladder) for ladder in ladders_of(sender.lists, heaviest)]
        rows.require([(count, 1) for _, count in self.counts()], most=parcels_max)
        self._link(rows)
        self._weigh(rows)

    def counts(self) -> Iterator[tuple[Step, cp_model.IntVar]]:
        """Yield each step with how many parcels take it."""
        for rungs in self._rungs:
            yield from rungs.steps

    def grams(self) -> list[Term]:
        """Return the terms of what all units weigh."""
        return [(variable, self._weight[line]) for line, variable in self.units.items()]

    def _climb(self, rows: Rows, ladder: Ladder) -> _Rungs:
        steps = tuple(
            (step, rows.variable(self.parcels_max, self._sender.fixed + step.cost)) for step in ladder.steps
        )
        if not ladder.full_max:
            return _Rungs(ladder, steps, None)
        full = rows.variable(ladder.full_max, ladder.full_cost)
        rows.require([(full, 1), *((count, -ladder.full_max) for _, count in steps)], most=0)
        return _Rungs(ladder, steps, full)

    def _link(self, rows: Rows) -> None:
        """No unit without a parcel, and no more of a line than the steps taken can hold."""
        for line, variable in self.units.items():
            most = self._sender.avail[line]
            holds = [
                (count, -min(most, (step.high + rungs.ladder.full_max * rungs.ladder.full_weight) // weight))
                for weight in (self._weight[line],)
                for rungs in self._rungs
                for step, count in rungs.steps
            ]
            rows.require([(variable, 1), *holds], most=0)

    def _weigh(self, rows: Rows) -> None:
        if self.parcels_max <= 1 and len(list(self.counts())) == 1 and self._rungs[0].full is None:
            return  # one parcel at one price holds anything, and the links say so
        fulls = [(r.full, -r.ladder.full_weight) for r in self._rungs if r.full is not None]
        rows.require([*self.grams(), *fulls, *((count, -step.high) for step, count in self.counts())], most=0)
        if not all(rungs.ladder.is_rising for rungs in self._rungs):
            least = ((count, -step.low - 1) for step, count in self.counts())
            rows.require([*self.grams(), *fulls, *least], least=0)

    def read(self, solver: cp_model.CpSolver) -> tuple[list[dict[int, int]], bool]:
        """Read parcels (line -> units) off a solution, and whether they cost no more than it paid."""
        units = {line: solver.value(v) for line, v in self.units.items() if solver.value(v) > 0}
        if not units:
            return [], True
        paid, rooms, spare = 0, list[int](), 0
        for rungs in self._rungs:
            for step, count in rungs.steps:
                rooms += [step.high] * solver.value(count)
                paid += solver.value(count) * (step.cost + self._sender.fixed)
            if rungs.full is not None:
                spare += solver.value(rungs.full) * rungs.ladder.full_weight
                paid += solver.value(rungs.full) * rungs.ladder.full_cost
        rooms.sort(reverse=True)
        rooms[0] += spare
        parcels = fill_rooms(units, self._weight, rooms)
        cost = sum(
            self._sender.fixed
            + self._sender.transport(sum(n * self._weight[line] for line, n in parcel.items()))[0]
            for parcel in parcels
        )
        return parcels, cost <= paid


def fill_rooms(units: dict[int, int], weight: Sequence[int], rooms: Sequence[int]) -> list[dict[int, int]]:
    """Put units into parcels of given room, heaviest units first, each where it first fits.

    What fits nowhere goes where most room is left, and makes that parcel heavier than its room. Parcels that
    stay empty are left out.
    """
    left = list(rooms)
    parcels: list[dict[int, int]] = [{} for _ in rooms]
    for line in sorted(units, key=lambda line: (-weight[line], line)):
        rest = units[line]
        for k in range(len(left)):
            fits = min(rest, max(0, left[k]) // weight[line])
            if fits:
                parcels[k][line] = fits
                left[k] -= fits * weight[line]
                rest -= fits
        for _ in range(rest):
            k = max(range(len(left)), key=left.__getitem__)
            parcels[k][line] = parcels[k].get(line, 0) + 1
            left[k] -= weight[line]
    return [parcel for parcel in parcels if parcel]
