"""The certificate of a plan: what it costs, what no plan can cost less than, and the prices that prove it.

The head of the certificate always speaks of the **pinned meaning** of cost, whatever the policy weighs: every
unfilled unit at 5,000 cents and its price, stock down to its safety stock, no node excluded ::

    bound = sum over orders of min(cost + sum stock price * units + sum capacity price * parcels)
            - sum stock price * max(0, available - safety_stock) - sum capacity price * capacity_parcels

The formula holds at any prices that are not negative, so the prices found under a policy prove a bound of
the pinned meaning too, if a weaker one; it is evaluated afresh for it. What plan and bound are worth to the
policy stands beside it under names of its own.

Rules that forbid or weigh leave every plan one of the pinned meaning. Lateness does not: a plan with a late
parcel is none that the bound speaks of and may cost less, so the certificate then claims no pinned bound and
says why.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fulfillment.domain.errors import invariant
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.planning.cost import to_cents
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.scenario.tables import MICROS_PER_CENT
from solver.prices import lower_bound
from solver.problem import Int64s

FORMULA_VERSION = 1
EXACT_IN_CENTS = 2**51
"""Micros below this survive the way to float64 cents and back: two roundings of a relative 2**-53 each are
off by less than half a micro."""


def certificate(day: PlannedDay) -> Mapping[str, object]:
    """State what is proved; the document of certificate.json."""
    total_cents = to_cents(day.cost.total_micros)
    no_bound = why_no_pinned_bound(day)
    return {
        "total_cents": total_cents,
        **(_pinned_claim(day, total_cents) if no_bound is None else {"lower_bound_cents": None, "gap": None}),
        "no_pinned_bound": no_bound,
        "formula_version": FORMULA_VERSION,
        "policy": {
            "name": day.policy.name,
            "version": day.policy.version,
            "digest": day.policy.digest,
            "has_pinned_meaning": day.policy.has_pinned_meaning,
        },
        "policy_total_cents": to_cents(day.result.cost),
        "policy_lower_bound_cents": day.result.lower_bound // MICROS_PER_CENT,
        "policy_gap": day.result.gap,
        "policy_parts_cents": day.policy_cost.in_cents(),
    }


def _pinned_claim(day: PlannedDay, total_cents: float) -> Mapping[str, object]:
    bound_cents = pinned_bound(day) // MICROS_PER_CENT
    gap = (total_cents - bound_cents) / total_cents if total_cents > 0 else 0.0
    return {"lower_bound_cents": bound_cents, "gap": gap}


def why_no_pinned_bound(day: PlannedDay) -> str | None:
    """Say why the plan is none of the pinned meaning; None where it is one."""
    late = day.parcels_late
    if late == 0:
        return None
    return (
        f"{late:,} parcels arrive after their promise, at the policy's price; the pinned meaning allows no "
        "such plan, so its bound says nothing of this one"
    )


def pinned_bound(day: PlannedDay) -> int:
    """Evaluate the pinned formula at the plan's prices, in micros."""
    prices = day.result.prices
    # A search interrupted before its first bound claims 0 without evaluating anything.
    if day.policy.has_pinned_meaning and prices.lower_bound > 0:
        return prices.lower_bound
    pinned = build_problem(day.scenario, Policy.default()).problem
    bound = lower_bound(pinned, prices.stock, prices.capacity)
    invariant(bound <= day.cost.total_micros, "no plan costs less than the bound in the pinned meaning")
    return bound


def stock_prices_table(day: PlannedDay) -> pa.Table:
    """Tabulate the prices of stock that are not zero."""
    problem, price = day.built.problem, day.result.prices.stock
    at = np.flatnonzero(price)
    sku = day.built.items.stock_sku[at]
    return pa.table(
        {
            "node_id": _names(day.scenario.nodes.node_id, problem.pos_node[at]),
            "sku_id": _names(day.scenario.skus.sku_id, sku),
            "price_cents": pa.array(in_cents(price[at])),
        }
    )


def capacity_prices_table(day: PlannedDay) -> pa.Table:
    """Tabulate the prices of a parcel that are not zero."""
    price = day.result.prices.capacity
    at = np.flatnonzero(price)
    return pa.table(
        {
            "node_id": _names(day.scenario.nodes.node_id, at),
            "price_cents": pa.array(in_cents(price[at])),
        }
    )


def in_cents(micros: Int64s) -> np.ndarray:
    """Give micros as float64 cents from which ``rint(cents * 10_000)`` gives them back exactly.

    Raises
    ------
    InvariantViolation
        When an amount is too large for that.
    """
    largest = int(micros.max(initial=0))
    invariant(largest < EXACT_IN_CENTS, "a price can be written exactly", micros=largest)
    return np.asarray(micros / MICROS_PER_CENT)


def _names(names: list[str], at: np.ndarray) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(at))
