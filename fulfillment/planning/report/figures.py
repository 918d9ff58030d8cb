"""The figures of a plan that fit on one line, for a report's head and for plans side by side."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fulfillment.planning.plan_facts import PlanFacts


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan comes to; costs in cents, in the pinned meaning."""

    method: str
    policy: str
    total_cents: float
    transport_cents: float
    handling_cents: float
    unfilled_cents: float
    bound_cents: float | None  # None where the certificate claims none
    gap: float | None
    orders: int
    orders_filled: int  # whole
    orders_served: int  # at least in part
    orders_split: int  # in more than one parcel
    units: int
    units_unfilled: int
    parcels: int
    km: float  # of all parcels
    seconds: float  # of the solve

    @classmethod
    def of(cls, facts: PlanFacts) -> Self:
        """Take the figures of a plan."""
        run, counts = facts.run, facts.run["counts"]
        parcels = facts.orders["parcels"].to_numpy()
        return cls(
            method=run["method"],
            policy=run["policy"]["name"],
            total_cents=run["total_cents"],
            transport_cents=run["transport_cents"],
            handling_cents=run["handling_cents"],
            unfilled_cents=run["unfilled_cents"],
            bound_cents=facts.certificate["lower_bound_cents"],
            gap=facts.certificate["gap"],
            orders=counts["orders"],
            orders_filled=counts["orders_filled"],
            orders_served=int(np.count_nonzero(parcels)),
            orders_split=counts["orders_split"],
            units=counts["units"],
            units_unfilled=counts["units_unfilled"],
            parcels=counts["parcels"],
            km=float(facts.parcels["km"].to_numpy().sum()),
            seconds=run["seconds"]["solve"],
        )

    @property
    def parcels_per_order(self) -> float:
        """Parcels of an order that is served at all."""
        return self.parcels / max(1, self.orders_served)

    @property
    def split_share(self) -> float:
        """Orders in more than one parcel, of those that are served at all."""
        return self.orders_split / max(1, self.orders_served)

    @property
    def km_per_parcel(self) -> float:
        """Mean distance of a parcel."""
        return self.km / max(1, self.parcels)

    @property
    def unfilled_share(self) -> float:
        """Units left unfilled, of all."""
        return self.units_unfilled / max(1, self.units)

    @property
    def cost_per_order_cents(self) -> float:
        """Mean cost of an order, what stays unfilled included."""
        return self.total_cents / max(1, self.orders)
