"""What a generated retailer sells."""

from typing import Final

import numpy as np

from fulfillment.domain.gtin import check_digit
from fulfillment.scenario.tables import MICROS_PER_CENT, Skus

# GS1 keeps the prefix 952 for demonstrations; the leading zero makes a GTIN-13 a GTIN-14.
DEMO_PREFIX: Final = "0952"

# Name, usual price in dollars, usual weight in grams.
PRODUCTS: Final = (
    ("Running Shoes", 84, 900),
    ("Rain Jacket", 69, 650),
    ("Cotton T-Shirt", 15, 180),
    ("Denim Jeans", 48, 700),
    ("Wool Socks", 12, 90),
    ("Backpack", 55, 1100),
    ("Water Bottle", 19, 350),
    ("Yoga Mat", 29, 1300),
    ("Desk Lamp", 38, 1800),
    ("Table Fan", 42, 2600),
    ("Coffee Maker", 89, 4200),
    ("Frying Pan", 34, 1500),
    ("Bath Towel", 17, 600),
    ("Duvet Cover", 45, 1600),
    ("Throw Pillow", 22, 700),
    ("Storage Box", 14, 1200),
    ("Picture Book", 13, 450),
    ("Board Game", 31, 1300),
    ("Building Blocks", 39, 1400),
    ("Plush Bear", 18, 350),
    ("Headphones", 119, 400),
    ("Phone Charger", 24, 150),
    ("Smart Speaker", 79, 800),
    ("Tablet Cover", 27, 300),
    ("Face Cream", 21, 150),
    ("Shampoo", 9, 450),
    ("Vitamin Drops", 16, 120),
    ("Dog Bed", 52, 3200),
    ("Garden Hose", 33, 3800),
    ("Tool Set", 95, 6500),
)
VARIANTS: Final = (
    "Classic", "Blue", "Green", "Red", "Black", "White", "Large", "Small", "Light", "Travel", "Family", "Eco",
)  # fmt: skip


def make_skus(count: int, rng: np.random.Generator) -> Skus:
    """Make products whose prices end in 99 and whose weights vary around the usual."""
    product = rng.integers(0, len(PRODUCTS), count)
    variant = rng.integers(0, len(VARIANTS), count)
    usual_price, usual_weight = (
        np.array(column)[product] for column in list(zip(*PRODUCTS, strict=True))[1:]
    )
    dollars = np.maximum(1, np.rint(usual_price * rng.lognormal(0.0, 0.35, count)))
    grams = np.maximum(20, np.rint(usual_weight * rng.lognormal(0.0, 0.25, count)))
    return Skus(
        sku_id=[f"{100_001 + at}" for at in range(count)],
        gtin=[_make_gtin(at) for at in range(count)],
        name=[
            f"{VARIANTS[of]} {PRODUCTS[at][0]}"
            for of, at in zip(variant.tolist(), product.tolist(), strict=True)
        ],
        price_micros=(100 * dollars.astype(np.int64) - 1) * MICROS_PER_CENT,
        weight_g=grams.astype(np.int64),
    )


def _make_gtin(number: int) -> str:
    body = f"{DEMO_PREFIX}{number:09d}"
    return f"{body}{check_digit(body)}"
