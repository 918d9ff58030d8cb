"""What was proved of a plan, and what was not."""

from dataclasses import dataclass
from fractions import Fraction

MICROS_PER_CENT = 10_000
EXAMPLES_MAX = 3


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken, how often, and the first places."""

    rule: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.examples) else ""
        return f"{self.rule}: {self.count:,} ({'; '.join(self.examples)}{more})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification; money in micros, exact.

    `total_micros` is None where rows of the plan can't be priced, `lower_bound_micros` where the prices
    prove nothing.
    """

    proved: tuple[str, ...]
    violations: tuple[Violation, ...]
    unchecked: tuple[str, ...]  # claims of the certificate that these files can't prove
    total_micros: int | None
    lower_bound_micros: int | None

    @property
    def holds(self) -> bool:
        """Whether all that the plan claims in the pinned meaning is proved."""
        return not self.violations

    @property
    def total_cents(self) -> float | None:
        """What the plan costs, to two decimals."""
        return None if self.total_micros is None else round(self.total_micros / MICROS_PER_CENT, 2)

    @property
    def lower_bound_cents(self) -> int | None:
        """What no plan can cost less than, rounded down."""
        return None if self.lower_bound_micros is None else self.lower_bound_micros // MICROS_PER_CENT

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost, the bound rounded down to the cent; 0 for a plan that costs nothing."""
        if self.total_micros is None or self.lower_bound_cents is None:
            return None
        if self.total_micros == 0:
            return 0.0
        return float(1 - Fraction(self.lower_bound_cents * MICROS_PER_CENT, self.total_micros))
