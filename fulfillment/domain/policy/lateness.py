"""Arriving after the promise at a price, where the plain rules forbid it."""

from dataclasses import dataclass
from typing import Self

from fulfillment.domain.policy.checks import MAX_CENTS, require_within
from fulfillment.domain.toml_table import TomlTable

MAX_LATE_DAYS = 60
"""A parcel that is later is a lost order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """What it costs a parcel to arrive late.

    Attributes
    ----------
    cents_per_day : int
        For each parcel and each day that it is late; a day begun counts whole.
    max_days : int
        No parcel is later; 0 forbids lateness.
    """

    cents_per_day: int = 0
    max_days: int = 0

    def __post_init__(self) -> None:
        require_within("lateness.cents_per_day", self.cents_per_day, 0, MAX_CENTS)
        require_within("lateness.max_days", self.max_days, 0, MAX_LATE_DAYS)

    @property
    def is_forbidden(self) -> bool:
        """Whether every parcel must keep its promise."""
        return self.max_days == 0

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `lateness`; where it is named, both its keys are needed."""
        if not table.names():
            return cls()
        lateness = cls(cents_per_day=table.integer("cents_per_day"), max_days=table.integer("max_days"))
        table.refuse_unread()
        return lateness

    def written(self) -> list[str]:
        """Write the table."""
        return ["[lateness]", f"cents_per_day = {self.cents_per_day}", f"max_days = {self.max_days}"]
