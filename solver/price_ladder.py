"""What a parcel costs by its weight, as steps that a MIP can choose from; and when several parcels can pay.

Transport is a step function of the weight: the cheapest of a tariff's lists, each with steps and, above the
last one, full multiples of it. A **ladder** is a set of steps of which a parcel takes one, plus, where lists
are too long to write out, a number of full multiples. Small tariffs become one ladder of their lower
envelope; the others one ladder for each list, of which the parcel takes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver.one_order import PriceList

ENVELOPE_STEPS_MAX = 64  # more are not written out in a model
PAIRED_STEPS_MAX = 600  # more are not compared in pairs


@dataclass(frozen=True, slots=True)
class Step:
    """A parcel of more than `low` and at most `high` grams costs `cost` micros."""

    low: int
    high: int
    cost: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps, and how many full multiples of `full_weight` may be added to one, at `full_cost` each."""

    steps: tuple[Step, ...]
    full_weight: int = 0
    full_cost: int = 0
    full_max: int = 0

    @property
    def is_rising(self) -> bool:
        """Whether more weight never costs less, so that a parcel gains nothing from claiming too much."""
        return all(a.cost <= b.cost for a, b in zip(self.steps, self.steps[1:], strict=False))


def ladders_of(lists: Sequence[PriceList], weight_max: int) -> tuple[Ladder, ...]:
    """Return the ladders of which a parcel of 1 to `weight_max` grams takes one."""
    if _count_steps(lists, weight_max) <= ENVELOPE_STEPS_MAX:
        return (Ladder(lower_envelope(lists, weight_max)),)
    return tuple(_ladder_of(prices, weight_max) for prices in lists)


def _ladder_of(prices: PriceList, weight_max: int) -> Ladder:
    lows = (0, *prices.weights[:-1])
    steps = tuple(
        Step(low, min(high, weight_max), prices.fixed + cost)
        for low, high, cost in zip(lows, prices.weights, prices.costs, strict=True)
        if low < weight_max
    )
    full_max = (weight_max - 1) // prices.weights[-1]
    return Ladder(steps, prices.weights[-1], prices.costs[-1], full_max)


def lower_envelope(lists: Sequence[PriceList], weight_max: int) -> tuple[Step, ...]:
    """Write the cheapest of several lists out, step by step, up to `weight_max` grams."""
    ends = {weight_max}
    for prices in lists:
        for full in range((weight_max - 1) // prices.weights[-1] + 1):
            ends.update(full * prices.weights[-1] + weight for weight in prices.weights)
    steps: list[Step] = []
    low = 0
    for high in sorted(end for end in ends if end <= weight_max):
        cost = min(prices.price(high) for prices in lists)
        if steps and steps[-1].cost == cost:
            steps[-1] = Step(steps[-1].low, high, cost)
        else:
            steps.append(Step(low, high, cost))
        low = high
    return tuple(steps)


def _count_steps(lists: Sequence[PriceList], weight_max: int) -> int:
    return sum(len(p.weights) * ((weight_max - 1) // p.weights[-1] + 1) for p in lists)


def parcels_worthwhile(lists: Sequence[PriceList], fixed: int, weight_max: int, units: int) -> int:
    """Bound the number of parcels that a best plan needs from one node.

    Let a parcel of W grams cost F(W), its fixed part included. Two parcels of a and b grams can be merged at
    no extra cost when F(a + b) <= F(a) + F(b), and a merger uses no more of anything else. So let V be the
    least sum of weights at which that fails. A best plan with the fewest parcels has no two whose weights sum
    to less than V; pairing its parcels up, it has at most 2 * (weight of all) / V + 1.

    That F fails is judged with the dearest parcel up to a + b in place of F(a + b): the same where prices
    rise with the weight, and on the safe side where they do not.

    fixed : micros a parcel before transport.   weight_max, units : grams and units of all that the node may
    send.
    """
    # For one list it is enough to look at two lengths of it: a full multiple adds the same on both sides.
    reach = min(weight_max, 2 * lists[0].weights[-1]) if len(lists) == 1 else weight_max
    if units <= 1 or _count_steps(lists, reach) > PAIRED_STEPS_MAX:
        return units
    steps = lower_envelope(lists, reach)
    low = np.array([step.low for step in steps])
    high = np.array([step.high for step in steps])
    cost = np.array([step.cost for step in steps])
    dearest = np.maximum.accumulate(cost)
    least_sum = np.add.outer(low, low) + 2
    greatest_sum = np.minimum(np.add.outer(high, high), reach)
    merged = dearest[np.searchsorted(high, greatest_sum)]
    fails = (least_sum <= reach) & (merged > np.add.outer(cost, cost) + fixed)
    if not fails.any():
        return 1
    return int(min(units, 2 * (weight_max // least_sum[fails].min()) + 1))
