"""Price lists as a retailer tells them: all steps of all carriers, services and methods, as one list.

One (carrier, service, method) is a grid: its zones share their weight steps, a zone has one reach and one
transit time, and the reach rises with the zone. The rules over a file's columns are in
`fulfillment/scenario/rules/rates.py`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStep:
    """What a parcel up to a weight costs to a zone.

    Attributes
    ----------
    max_km : float
        The zone's reach.
    """

    carrier: str
    service: str
    method: Method
    zone: int
    max_km: float
    max_weight_g: int
    cost_micros: int
    transit_days: int

    def __str__(self) -> str:
        return f"{self.carrier} {self.service} {self.method}, zone {self.zone}, {self.max_weight_g} g"


Zones = dict[int, list[RateStep]]


def check_price_list(steps: Sequence[RateStep]) -> None:
    """Refuse a list of which no price could be found without doubt.

    Raises
    ------
    InvalidRequest
        Naming the first step that is wrong, and the remedy.
    """
    grids: dict[tuple[str, str, str], Zones] = defaultdict(lambda: defaultdict(list))
    for step in steps:
        grids[step.carrier, step.service, step.method][step.zone].append(step)
    for zones in grids.values():
        for rows in zones.values():
            _check_zone(rows)
        _check_reach_rises(zones)
        _check_shared_steps(zones)


def _check_zone(rows: list[RateStep]) -> None:
    first = rows[0]
    seen: set[int] = set()
    for step in rows:
        if (step.max_km, step.transit_days) != (first.max_km, first.transit_days):
            raise _bad(
                step, "max_km or transit_days", f"give {first.max_km:g} km and {first.transit_days} days"
            )
        if step.max_weight_g in seen:
            raise _bad(step, "the same weight as an earlier step", "keep one of the two")
        seen.add(step.max_weight_g)


def _check_reach_rises(zones: Zones) -> None:
    for (_, nearer), (_, rows) in pairwise(sorted(zones.items())):
        if rows[0].max_km <= nearer[0].max_km:
            raise _bad(
                rows[0], "no wider reach than the zone before", f"give more than {nearer[0].max_km:g} km"
            )


def _check_shared_steps(zones: Zones) -> None:
    weights = {step.max_weight_g for rows in zones.values() for step in rows}
    for rows in zones.values():
        if lacking := sorted(weights - {step.max_weight_g for step in rows}):
            raise _bad(rows[0], "fewer weight steps than other zones", f"add the step of {lacking[0]} g")


def _bad(step: RateStep, what: str, remedy: str) -> InvalidRequest:
    return InvalidRequest(f"the step {step} has {what}", remedy=remedy, key="steps", value=str(step))
