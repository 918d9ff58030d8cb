"""All use cases that the fault sweep breaks, and those that it leaves out, with the reason."""

from tests.simulation.order_use_cases import ORDER_USE_CASES
from tests.simulation.reference_use_cases import REFERENCE_USE_CASES
from tests.simulation.stock_use_cases import STOCK_USE_CASES
from tests.simulation.upkeep_use_cases import UPKEEP_USE_CASES

USE_CASES = [*STOCK_USE_CASES, *ORDER_USE_CASES, *REFERENCE_USE_CASES, *UPKEEP_USE_CASES]

LEFT_OUT = {
    "create_key": "a secret is random and shown once: who lost the answer makes another key, as it says",
    "due_webhooks": "reads only",
    "read_events": "reads only",
}
"""Functions of `fulfillment/services` that open transactions and are in no use case here, and why."""
