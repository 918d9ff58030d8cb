"""Named days to measure on: sizes crossed with severities, all generated from a fixed seed.

Everything about these days is made up; figures measured on them must say so. A **size** grows the network,
the catalogue and the orders together. A **severity** makes one thing worse and leaves the rest as it is.
"""

from dataclasses import dataclass, replace

from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import Scenario

SEED = 20261120

SIZES: dict[str, GeneratorParams] = {
    "tiny": GeneratorParams(orders=150, stores=20, warehouses=2, vendors=2, skus=80, postal_codes=100),
    "small": GeneratorParams(orders=2_000, stores=50, warehouses=6, vendors=4, skus=400, postal_codes=800),
    "medium": GeneratorParams(
        orders=20_000, stores=280, warehouses=12, vendors=8, skus=2_500, postal_codes=5_000
    ),
}

SEVERITIES: dict[str, dict[str, float]] = {
    "calm": {"scarcity": 0.0, "tight_nodes": 0.0},
    "ordinary": {},
    "scarce": {"scarcity": 0.5},  # half of the SKUs have less stock than demand
    "hot": {"hot_sku_share": 0.4},  # two lines in five ask for the hottest half percent of the SKUs
    "baskets": {"lines_per_order": 5.0},  # more to split, and more states in the one-order search
    "deep": {"store_range": 0.9},  # most stores carry most SKUs: many candidates an order
    "shallow": {"store_range": 0.1},  # few do: more orders need two nodes
    "tight": {"tight_nodes": 0.9},  # nine in ten stores send a few parcels only
}


@dataclass(frozen=True, slots=True)
class Case:
    """One day to measure on."""

    size: str
    severity: str

    @property
    def name(self) -> str:
        """As the command line and the reports call it."""
        return f"{self.size}-{self.severity}"

    @property
    def params(self) -> GeneratorParams:
        """Parameters of the generated day."""
        return replace(SIZES[self.size], **SEVERITIES[self.severity])

    def generate(self) -> Scenario:
        """Make the day; the same every time."""
        return generate(self.params, SEED)


CASES: dict[str, Case] = {
    case.name: case for case in (Case(size, severity) for size in SIZES for severity in SEVERITIES)
}
