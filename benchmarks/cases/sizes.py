"""How large a day is, and what can be worse about it."""

from typing import Final

from fulfillment.scenario.generate import GeneratorParams

SIZES: Final[dict[str, GeneratorParams]] = {
    "tiny": GeneratorParams(orders=150, stores=20, warehouses=2, vendors=2, skus=80, postal_codes=100),
    "small": GeneratorParams(orders=2_000, stores=50, warehouses=6, vendors=4, skus=400, postal_codes=800),
    "medium": GeneratorParams(
        orders=20_000, stores=280, warehouses=12, vendors=8, skus=2_500, postal_codes=5_000
    ),
}

FAMILY: Final = (
    "1000x20x200",
    "5000x50x1000",
    "20000x200x3000",
    "100000x500x10000",
    "1000000x2000x100000",
)
"""Sizes at which published and our own figures stand side by side, orders x nodes x SKUs."""

SEVERITIES: Final[dict[str, dict[str, float]]] = {
    "calm": {"scarcity": 0.0, "tight_nodes": 0.0},
    "ordinary": {},
    "scarce": {"scarcity": 0.5},  # half of the SKUs have less stock than demand
    "hot": {"hot_sku_share": 0.4},  # two lines in five ask for the hottest half percent of the SKUs
    "baskets": {"lines_per_order": 5.0},  # more to split, and more states in the one-order search
    "wide": {"store_range": 0.9},  # most stores carry most SKUs: many candidates an order
    "narrow": {"store_range": 0.1},  # few do: more orders need two nodes
    "deep": {"store_depth": 6.0},  # full shelves: few SKUs are short anywhere
    "shallow": {"store_depth": 0.0},  # bare shelves: a SKU's units lie scattered, a few a node
    "tight": {"tight_nodes": 0.9},  # nine in ten stores send a few parcels only
}

STORE_SKUS_MAX: Final = 5_000  # a store holds so many products at most, however large the catalogue
FAMILY_RANGE: Final = 0.35
FAMILY_LINES: Final = 2.06  # 41,000 lines of 20,000 orders
POSTAL_CODES_MAX: Final = 40_000  # about as many as the United States have


def of_counts(orders: int, nodes: int, skus: int) -> GeneratorParams:
    """Size a day by its orders, nodes and SKUs.

    Warehouses grow with the square root of the network (3 of 20 nodes, 8 of 200, 27 of 2,000), one node in
    fifty is a vendor, the rest are stores. A store carries about a third of the catalogue, `STORE_SKUS_MAX`
    SKUs at most. There is a postal code for every four orders, `POSTAL_CODES_MAX` at most.
    """
    warehouses = max(1, round(0.6 * nodes**0.5))
    vendors = nodes // 50
    return GeneratorParams(
        orders=orders,
        warehouses=warehouses,
        vendors=vendors,
        stores=max(0, nodes - warehouses - vendors),
        skus=skus,
        postal_codes=min(POSTAL_CODES_MAX, max(1, orders // 4)),
        lines_per_order=FAMILY_LINES,
        store_range=min(FAMILY_RANGE, STORE_SKUS_MAX / skus),
    )
