"""Percentiles, and tables to read them in."""

from collections.abc import Sequence

POINTS = (50, 90, 95, 99, 99.9)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return nearest-rank percentiles in milliseconds; every value was measured, none interpolated."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    last = len(ordered) - 1
    found = {f"p{point:g}": ordered[min(last, int(len(ordered) * point / 100))] for point in POINTS}
    return {name: round(value * 1000, 3) for name, value in (found | {"max": ordered[-1]}).items()}


def as_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align rows under headings, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in [headings, *rows]
    ]
    return "\n".join(lines) + "\n"
