"""What every contestant had at every time limit, as a Markdown table."""

import math

from benchmarks.peers.curves import Curve

HEAD = "| case | solver | at s | cost $ | bound $ | gap | ended s | build s | MiB | columns | status |"
RULE = "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"


def table(races: dict[str, list[Curve]], marks: list[float]) -> str:
    """Lay out the curves of each case at each mark, in seconds; at the last mark the whole curve counts."""
    rows = [
        _row(case, curve, mark, is_last=mark == max(marks))
        for case, curves in races.items()
        for mark in sorted(marks)
        for curve in curves
    ]
    return "\n".join([HEAD, RULE, *rows]) + "\n"


def _row(case: str, curve: Curve, mark: float, *, is_last: bool) -> str:
    point = curve.at(math.inf if is_last else mark)
    cells = (
        case,
        curve.solver,
        f"{mark:g}",
        _dollars(point.cost),
        _dollars(point.bound),
        f"{point.gap:.3%}" if point.cost is not None and point.bound is not None else "none",
        _seconds(curve.ended_seconds),
        _seconds(curve.build_seconds),
        f"{curve.peak_memory_mib:,}",
        f"{curve.model['columns']:,}" if curve.model else "",
        curve.status,
    )
    return f"| {' | '.join(cells)} |"


def _dollars(micros: int | None) -> str:
    return "none" if micros is None else f"{micros / 1e6:,.2f}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"
