"""When to stop: by time, by gap, by number of passes, or when asked.

A stop is asked often and answers with its reason. Only stops that do not look at a clock make a plan
repeatable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solve is."""

    passes: int
    passes_planned: int
    seconds: float
    cost: int  # micros
    lower_bound: int  # micros

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 when the plan costs nothing."""
        return (self.cost - self.lower_bound) / self.cost if self.cost > 0 else 0.0


class Stop(Protocol):
    """Says whether to stop, and why."""

    @property
    def repeatable(self) -> bool:
        """Whether it stops at the same moment every time."""

    def reason(self, progress: Progress) -> str | None:
        """Return why to stop now, or None to go on."""


@dataclass(frozen=True, slots=True)
class NeverStop:
    """Go on until the passes planned are done."""

    repeatable: bool = True

    def reason(self, progress: Progress) -> str | None:  # noqa: D102
        return None


@dataclass(frozen=True, slots=True)
class MaxSeconds:
    """Stop when `seconds` have passed since the solve began; such a plan may not repeat."""

    seconds: float
    repeatable: bool = False
    clock: Callable[[], float] = time.monotonic

    def reason(self, progress: Progress) -> str | None:  # noqa: D102
        return "time limit" if progress.seconds >= self.seconds else None


@dataclass(frozen=True, slots=True)
class MaxGap:
    """Stop when the plan is proved to be within `gap` of the best."""

    gap: float
    repeatable: bool = True

    def reason(self, progress: Progress) -> str | None:  # noqa: D102
        return "gap reached" if progress.gap <= self.gap else None


@dataclass(frozen=True, slots=True)
class MaxPasses:
    """Stop after so many passes over all orders."""

    passes: int
    repeatable: bool = True

    def reason(self, progress: Progress) -> str | None:  # noqa: D102
        return "passes done" if progress.passes >= self.passes else None


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Stop as soon as any of several stops does."""

    stops: tuple[Stop, ...]

    @property
    def repeatable(self) -> bool:  # noqa: D102
        return all(stop.repeatable for stop in self.stops)

    def reason(self, progress: Progress) -> str | None:  # noqa: D102
        return next((why for stop in self.stops if (why := stop.reason(progress))), None)
