"""What happened on the demo's day, in plain words."""

from typing import TYPE_CHECKING

import numpy as np

from fulfillment.cli.output import Output
from fulfillment.cli.plan_search import dollars

if TYPE_CHECKING:
    from fulfillment.planning.plan_day import PlannedDay
    from fulfillment.scenario.tables import Scenario

WAYS = {
    "shipped_from_warehouse": "shipped from a warehouse",
    "shipped_from_store": "shipped from a store",
    "shipped_by_vendor": "shipped by a marketplace vendor",
    "collected_from_shelf": "collected, from the store's own shelf",
    "collected_after_transfer": "collected, brought to the store first",
    "same_day": "delivered the same day by a near store",
}


def tell_retailer(out: Output, scenario: "Scenario") -> None:
    """Introduce the retailer."""
    kinds, orders = scenario.nodes.kind, scenario.orders
    out.line(
        f"A made-up retailer: {_times(kinds.count('store'), 'store')}, "
        f"{_times(kinds.count('warehouse'), 'warehouse')}, "
        f"{_times(kinds.count('vendor'), 'marketplace vendor')}, {_times(len(scenario.skus), 'product')}."
    )
    out.line(
        f"One day: {len(orders):,} orders for {int(scenario.order_lines.qty.sum()):,} units, "
        f"{orders.method.count('PICK_UP'):,} of the orders to be collected, "
        f"{orders.method.count('LOCAL'):,} due the same day."
    )
    out.line()


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def ways(day: "PlannedDay") -> dict[str, int]:
    """Count the planned units by the way they reach the customer."""
    scenario, allocations = day.scenario, day.allocations
    units = dict.fromkeys(WAYS, 0)
    for order, node, qty in zip(
        allocations.order.tolist(), allocations.node.tolist(), allocations.qty.tolist(), strict=True
    ):
        match scenario.orders.method[order], scenario.nodes.kind[node]:
            case "LOCAL", _:
                way = "same_day"
            case "PICK_UP", _:
                on_shelf = scenario.orders.pickup_node[order] == node
                way = "collected_from_shelf" if on_shelf else "collected_after_transfer"
            case _, "vendor":
                way = "shipped_by_vendor"
            case _, kind:
                way = f"shipped_from_{kind}"
        units[way] += qty
    return units


def tell_day(out: Output, day: "PlannedDay") -> None:
    """Say how the units go out, what that costs, and what is missing and why."""
    _tell_ways(out, day)
    _tell_cost(out, day)
    _tell_orders(out, day)
    _tell_missing(out, day)
    out.line()


def _tell_ways(out: Output, day: "PlannedDay") -> None:
    out.line()
    out.line("How the units go out")
    for way, qty in ways(day).items():
        if qty:
            out.line(f"  {qty:>7,}  {WAYS[way]}")
    if missing := int(day.unfilled.qty.sum()):
        out.line(f"  {missing:>7,}  not at all, see below")


def _tell_cost(out: Output, day: "PlannedDay") -> None:
    result, cost = day.result, day.cost
    first, best = result.first_come_cost, result.lower_bound
    saved = (first - result.cost) / first if first else 0.0
    amounts = [dollars(amount) for amount in (first, result.cost, best)]
    width = max(map(len, amounts))
    out.line()
    out.line("What it costs, in dollars")
    out.line(f"  {amounts[0]:>{width}}  each order in turn at its own cheapest: first come, first served")
    out.line(f"  {amounts[1]:>{width}}  this plan, {saved:.1%} less")
    out.line(
        f"  {'':>{width}}  ({dollars(cost.transport_micros)} transport, "
        f"{dollars(cost.handling_micros)} handling, "
        f"{dollars(cost.unfilled_micros)} for what is missing, at its penalty)"
    )
    out.line(
        f"  {amounts[2]:>{width}}  no plan at all can cost less: "
        f"this one is at most {result.gap:.2%} above the best possible"
    )


def _tell_orders(out: Output, day: "PlannedDay") -> None:
    parcels = np.bincount(day.result.plan.parcel_order, minlength=len(day.scenario.orders))
    short = len(np.unique(day.scenario.order_lines.order[day.unfilled.line]))
    out.line()
    out.line("How the orders fare")
    out.line(f"  {len(parcels) - short:>7,}  filled whole")
    out.line(f"  {short:>7,}  lack something")
    out.line(f"  {int((parcels == 1).sum()):>7,}  in one parcel")
    out.line(f"  {int((parcels > 1).sum()):>7,}  split over several parcels")


def _tell_missing(out: Output, day: "PlannedDay") -> None:
    from fulfillment.planning.manifest import units_by_reason
    from fulfillment.planning.unfilled import Reason

    missing = units_by_reason(day)
    if not missing:
        return
    out.line()
    out.line("What could not be filled, and why")
    for reason, units in sorted(missing.items(), key=lambda entry: -entry[1]):
        out.line(f"  {units:>7,}  {Reason(reason).in_words}")
