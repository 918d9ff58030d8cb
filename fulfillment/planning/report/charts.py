"""Geometry of the charts that a page draws as inline SVG; no scripts, no files, no library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 760.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 14.0, 14.0, 30.0
TICKS = 5


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class TraceChart:
    """Cost and bound over time as stairs, and between them what is not yet proved."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    cost: str  # points of a polyline
    bound: str
    between: str  # points of a polygon
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def trace_chart(points: Sequence[tuple[float, float, float]]) -> TraceChart | None:
    """Lay out (seconds, cost, bound) points; None where there are too few to make a curve."""
    if len(points) < 2 or points[-1][0] <= 0:
        return None
    x_ticks = round_steps(0.0, points[-1][0])
    y_ticks = round_steps(min(bound for _, _, bound in points), max(cost for _, cost, _ in points))
    x_low, x_high = x_ticks[0], max(points[-1][0], x_ticks[-1])
    y_low, y_high = y_ticks[0], y_ticks[-1]

    def x(value: float) -> float:
        return LEFT + (value - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    cost = _stairs([(x(seconds), y(value)) for seconds, value, _ in points])
    bound = _stairs([(x(seconds), y(value)) for seconds, _, value in points])
    return TraceChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        cost=_points(cost),
        bound=_points(bound),
        between=_points([*cost, *reversed(bound)]),
        x_ticks=tuple(Tick(x(value), f"{value:g} s") for value in x_ticks),
        y_ticks=tuple(Tick(y(value), f"{value:,.0f}") for value in y_ticks),
    )


def round_steps(low: float, high: float) -> list[float]:
    """Choose round values from at or below `low` to at or above `high`, about TICKS of them."""
    span = (high - low) or max(abs(high), 1.0)
    rough = span / TICKS
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [k * step for k in range(first, max(last, first + 1) + 1)]


def _stairs(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Hold each height until the next point: between two points nothing better was known."""
    stairs = points[:1]
    for at, height in points[1:]:
        stairs += [(at, stairs[-1][1]), (at, height)]
    return stairs


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a row of bars, measured against the longest."""

    label: str
    value: float
    share: float  # of all
    length: float  # of the longest, 0 to 1


def bars(labels: Sequence[str], values: Sequence[float]) -> tuple[Bar, ...]:
    """Measure values against the longest and against their sum."""
    longest, total = max(values, default=0) or 1, sum(values) or 1
    return tuple(
        Bar(label, value, value / total, value / longest) for label, value in zip(labels, values, strict=True)
    )
