"""How smooth the dual is made, step after step of the climb, and when to leave off.

Two errors part the value that a step climbs from the bound that it proves. **Missing** is what the patterns
known promised at the prices reached beyond what the exact pass confirmed: patterns that were not met yet.
**Smoothing** is what soft minima lose against hard ones. While patterns are missing, or steps still gain more
than smoothing takes, the temperature is right; when smoothing is what stands in the way, it falls. A day that
is short of much so gets many steps, and one that has plenty of all few. Once hardly a pattern is missing,
longer climbs pay: near the top, and the more so the colder it is, a quasi-Newton method gains little a step.
"""

from math import inf
from typing import NamedTuple

from solver.params import SolveParams

TRUSTED = 0.3  # of the smoothing, which patterns that are missing may cost


class Step(NamedTuple):
    """What a step of the climb came to, in micros."""

    rise: int  # of the bound at its prices above the best one before; below 0 where it fell
    missing: int  # >= 0
    smoothing: float


class Cooling:
    """The temperature of the next step, in micros."""

    def __init__(self, params: SolveParams, first: float, unit: float) -> None:
        """Begin.

        first : the share of `unit` to begin at.   unit : micros.
        """
        self.temperature = first * unit
        self._trusted = 0  # steps, one after another, in which hardly a pattern was missing
        self._params = params
        self._coolest = params.coolest * unit
        self._last_rises = inf, inf  # of the bound, by two steps; endless while it must not get cooler

    def after(self, step: Step) -> None:
        """Choose the next temperature."""
        rise = max(0, step.rise)
        self._trusted = self._trusted + 1 if step.missing < TRUSTED * step.smoothing else 0
        if step.smoothing > max(2 * step.missing, rise):
            self.temperature *= self._params.cooling
            self._last_rises = self._last_rises[1], rise
        else:
            self._last_rises = inf, inf

    @property
    def is_trusted(self) -> bool:
        """Whether hardly a pattern is missing: what the dual is climbed for is to be had."""
        return self._trusted >= 2

    @property
    def is_cold(self) -> bool:
        """Whether it is too cold for another step."""
        return self.temperature < self._coolest

    def pays(self, gap: int) -> bool:
        """Whether the last two steps closed enough of a gap (micros) to go on."""
        return sum(self._last_rises) >= self._params.climb_pays * gap
