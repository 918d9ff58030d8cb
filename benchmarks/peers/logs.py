"""Read costs and bounds off the logs that solvers write while they search.

MathOpt's callbacks tell nothing of bounds for SCIP and HiGHS, their logs do. A log rounds: SCIP to seven
digits, CP-SAT to nine. So points of a curve are as exact as that; final figures are taken from the result.
"""

import math
import re

Reading = tuple[float | None, float | None]  # cost and bound, in the model's units; None where not known yet

_CP_SAT = re.compile(r"#(?:\d+|Bound)\s+[\d.]+s\s+best:(\S+)\s+next:\[([^\]]*)\]")
# Source, processed, in queue, leaves, explored %, bound, best.
_HIGHS = re.compile(r"\s?[A-Za-z]?\s+\S+\s+\S+\s+\S+\s+[\d.]+%\s+(\S+)\s+(\S+)\s+\S+")


def _number(text: str) -> float | None:
    try:
        value = float(text.replace("'", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e20 else None


def read_cp_sat(line: str) -> Reading | None:
    """Read ``#3  0.19s best:1266  next:[1141,1265]``; an empty interval means that the best is optimal."""
    found = _CP_SAT.search(line)
    if not found:
        return None
    best = _number(found[1])
    lowest = found[2].split(",")[0]
    return best, _number(lowest) if lowest else best


def read_scip(line: str) -> Reading | None:
    """Read a row of SCIP's table: the last four columns are dual bound, primal bound, gap, completion."""
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) < 10 or "dualbound" in cells:
        return None
    return _number(cells[-3]), _number(cells[-4])


def read_highs(line: str) -> Reading | None:
    """Read a row of HiGHS's table: after the explored share come best bound and best solution."""
    found = _HIGHS.match(line)
    return (_number(found[2]), _number(found[1])) if found else None


READERS = {"cp-sat": read_cp_sat, "scip": read_scip, "highs": read_highs}
