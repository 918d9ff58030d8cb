"""What it costs to leave a unit of an order unfilled, and which orders count more."""

import re
from dataclasses import dataclass
from typing import Self

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy.checks import MAX_CENTS, require_within
from fulfillment.domain.toml_table import TomlTable

MAX_PENALTY_CENTS = MAX_CENTS
MAX_PERCENT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """What it costs to leave a unit of an order unfilled.

    Attributes
    ----------
    penalty_cents_per_unit : int
        Cents.
    price_is_added : bool
        Whether the unit's price comes on top.
    percent_by_priority : tuple of (int, int)
        Priority and the percentage of all that which counts for it; 100 for a priority not named.
    """

    penalty_cents_per_unit: int = 5_000
    price_is_added: bool = True
    percent_by_priority: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        require_within("unfilled.penalty_cents_per_unit", self.penalty_cents_per_unit, 0, MAX_PENALTY_CENTS)
        for priority, percent in self.percent_by_priority:
            require_within("unfilled.percent_by_priority", priority, 1, MAX_UNITS)
            # At 0 percent no unit of such an order would be worth sending.
            require_within(f"unfilled.percent_by_priority.{priority}", percent, 1, MAX_PERCENT)
        priorities = [priority for priority, _ in self.percent_by_priority]
        if priorities != sorted(set(priorities)):
            raise InvalidRequest(
                f"unfilled.percent_by_priority names the priorities {priorities}",
                remedy="name each once, in ascending order",
                key="unfilled.percent_by_priority",
                value=priorities,
            )

    def percent(self, priority: int) -> int:
        """Return the percentage that counts for orders of `priority`."""
        return dict(self.percent_by_priority).get(priority, 100)

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `unfilled`."""
        default = cls()
        percents = table.table("percent_by_priority")
        for key in percents.names():
            if not re.fullmatch("[1-9][0-9]{0,9}", key):
                raise InvalidRequest(
                    f"{percents.path_of(key)}: {key!r} is no priority",
                    remedy="write the priority as a whole number, 1 being the most urgent",
                    key=percents.path_of(key),
                    value=key,
                )
        unfilled = cls(
            penalty_cents_per_unit=table.integer("penalty_cents_per_unit", default.penalty_cents_per_unit),
            price_is_added=table.boolean("price_is_added", default.price_is_added),
            percent_by_priority=tuple(sorted((int(key), percents.integer(key)) for key in percents.names())),
        )
        table.refuse_unread()
        return unfilled

    def written(self) -> list[str]:
        """Write both tables."""
        return [
            "[unfilled]",
            f"penalty_cents_per_unit = {self.penalty_cents_per_unit}",
            f"price_is_added = {str(self.price_is_added).lower()}",
            "",
            "[unfilled.percent_by_priority]",
            *(f"{priority} = {percent}" for priority, percent in self.percent_by_priority),
        ]
