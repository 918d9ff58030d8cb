"""How smooth the dual is made, step after step of the climb, and when to leave off.

Two errors part the value that a step climbs from the bound that it proves. **Missing** is what the patterns
known promised at the prices reached beyond what the exact pass confirmed: patterns that were not met yet.
**Smoothing** is what soft minima lose against hard ones. While patterns are missing, or steps still gain more
than smoothing takes, the temperature is right; when smoothing is what stands in the way, it falls. A day that
is short of much so gets many steps, and one that has plenty of all few.
"""

from typing import NamedTuple

from solver.params import SolveParams


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
        self.is_done = False
        self._params = params
        self._coolest = params.coolest * unit
        self._rise_before = float("inf")  # of the bound, by the step before

    def after(self, step: Step, gap: int) -> None:
        """Choose the next temperature, or that two steps gained too little of a gap to go on; micros."""
        rise = max(0, step.rise)
        if step.smoothing <= max(step.missing, rise):
            self._rise_before = float("inf")
            return
        self.temperature *= self._params.cooling
        is_slow = rise + self._rise_before < self._params.climb_pays * gap
        self.is_done = is_slow or self.temperature < self._coolest
        self._rise_before = rise
