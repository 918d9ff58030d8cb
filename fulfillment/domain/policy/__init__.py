"""The policy: what a plan is worth and what it may not do, as a typed document with a version.

A file tells one story: what its tables say, within which limits, how they are read and written. `policy`
puts them together.
"""

from fulfillment.domain.policy.checks import DECIDED_METHODS
from fulfillment.domain.policy.lateness import Lateness
from fulfillment.domain.policy.nodes import Balance, VendorsLast
from fulfillment.domain.policy.parcels import Completion, ParcelRules
from fulfillment.domain.policy.policy import MAX_WINDOW_MINUTES, Policy
from fulfillment.domain.policy.stock import LastUnits, LastUnitsByKind, SafetyFloor
from fulfillment.domain.policy.unfilled import MAX_PENALTY_CENTS, MAX_PERCENT, Unfilled

__all__ = [
    "DECIDED_METHODS",
    "MAX_PENALTY_CENTS",
    "MAX_PERCENT",
    "MAX_WINDOW_MINUTES",
    "Balance",
    "Completion",
    "LastUnits",
    "LastUnitsByKind",
    "Lateness",
    "ParcelRules",
    "Policy",
    "SafetyFloor",
    "Unfilled",
    "VendorsLast",
]
