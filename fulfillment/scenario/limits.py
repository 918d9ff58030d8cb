"""Bounds on single values, so that no sum of a plan can leave 64 bits.

They are far above anything a retailer has, and far below what would overflow: beside them
`rules.totals` bounds what a whole order can weigh, be worth and cost to ship.
"""

from typing import Final

CENTS: Final = 100_000_000  # a million dollars, as a price, a rate or a handling cost
WEIGHT_G: Final = 100_000_000  # a hundred tonnes
ORDERED_UNITS: Final = 100_000  # on one line
KIT_UNITS: Final = 1_000  # of all components in one kit
UNITS: Final = 2**31 - 1  # in one position
PARCELS: Final = 2**31 - 1  # of one node; this very number means unlimited
KM: Final = 1_000_000
HOURS: Final = 24 * 366
TRANSIT_DAYS: Final = 366
NUMBERS: Final = 2**31 - 1  # of a line, a zone, a priority, of people at a postal code
YEARS: Final = (1970, 2200)

# What a single order may be worth or cost, and all orders together: int64 holds 9.2e18.
TOTAL_MICROS: Final = 10**18
