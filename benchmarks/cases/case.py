"""One day to measure on, from its name and its axes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.cases.sizes import SEVERITIES, SIZES, of_counts
from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import Scenario

SEED: Final = 20261120
COUNTS: Final = re.compile(r"(\d+)x(\d+)x(\d+)")


@dataclass(frozen=True, slots=True)
class Case:
    """One day to measure on."""

    name: str
    params: GeneratorParams
    seed: int = SEED

    def generate(self) -> Scenario:
        """Make the day; the same every time."""
        return generate(self.params, self.seed)


def case_of(name: str, axes: Mapping[str, float] | None = None) -> Case:
    """Find the day that a name and axes stand for; see the package's docstring.

    Parameters
    ----------
    name : str
        ``SIZE`` or ``SIZE-SEVERITY``.
    axes : mapping, optional
        Parameters of `GeneratorParams`, and ``seed``, that override the name's; they become part of the
        case's own name.

    Raises
    ------
    InvalidRequest
        When the name says no day, or an axis is out of range.
    """
    size, _, severity = name.partition("-")
    if counts := COUNTS.fullmatch(size):
        params = of_counts(*map(int, counts.groups()))
    elif size in SIZES:
        params = SIZES[size]
    else:
        raise InvalidRequest(
            f"no size is called {size}",
            remedy=f"name {', '.join(SIZES)} or ORDERSxNODESxSKUS such as 20000x200x3000",
            name=name,
        )
    if severity and severity not in SEVERITIES:
        raise InvalidRequest(
            f"no severity is called {severity}", remedy=f"name {', '.join(SEVERITIES)}", name=name
        )
    changes = dict(axes or {})
    label = "".join(f",{axis}={value:g}" for axis, value in sorted(changes.items()))
    seed = int(changes.pop("seed", SEED))
    params = replace(params, **{**SEVERITIES.get(severity, {}), **changes})
    return Case(name + label, params, seed)
