"""What a policy's rules forbid and charge, counted again row by row in plain Python beside `pinned`."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import Policy
from fulfillment.scenario.tables import MICROS_PER_CENT, UNLIMITED_PARCELS, Scenario
from tests.planning.pinned import PinnedJudge, Row

CHARGES = ("lateness", "last_units", "balance", "vendors_last")


@dataclass
class Charges:
    """Rules that are broken, the pinned cost, and what the rules of `CHARGES` add to it; in cents."""

    violations: list[str] = field(default_factory=list)
    pinned_cents: Fraction = Fraction(0)
    lateness: int = 0
    last_units: int = 0
    balance: int = 0
    vendors_last: int = 0


def charges(scenario: Scenario, policy: Policy, rows: list[Row]) -> Charges:
    """Judge the rows of a plan, those of the pinned meaning included."""
    judge = PinnedJudge(scenario, policy.lateness.max_days)
    verdict = judge.judge(rows)
    found = Charges(violations=verdict.violations, pinned_cents=verdict.total)
    found.lateness = sum(verdict.days_late.values()) * policy.lateness.cents_per_day
    parcels: dict[str, list[Row]] = {}
    for row in rows:
        parcels.setdefault(row["parcel_id"], []).append(row)
    _judge_orders(scenario, policy, judge, parcels, found)
    _judge_nodes(scenario, policy, judge, parcels, found)
    _judge_stock(scenario, policy, judge, rows, found)
    return found


def _judge_orders(
    scenario: Scenario, policy: Policy, judge: PinnedJudge, parcels: dict[str, list[Row]], found: Charges
) -> None:
    asked: dict[str, Counter[str]] = {}
    for (order, _), (sku, qty) in judge.asked.items():
        asked.setdefault(order, Counter())[sku] += qty
    of_order: dict[str, list[list[Row]]] = {}
    for members in parcels.values():
        of_order.setdefault(members[0]["order_id"], []).append(members)
    for order, wanted in asked.items():
        sent = of_order.get(order, [])
        value = sum(qty * int(scenario.skus.price_micros[judge.sku_at[sku]]) for sku, qty in wanted.items())
        is_small = value < policy.parcels.single_below_cents * MICROS_PER_CENT
        most = 1 if is_small else policy.parcels.max_per_order
        if most and len(sent) > most:
            found.violations.append(f"order {order} is cut into {len(sent)} parcels of {most}")
        filled: Counter[str] = Counter()
        for members in sent:
            held: Counter[str] = Counter()
            for row in members:
                held[row["sku_id"]] += int(row["qty"])
            filled += held
            for sku in held.keys() & policy.parcels.unsplit_skus:
                if held[sku] != wanted[sku]:
                    found.violations.append(f"order {order} gets {held[sku]} of {wanted[sku]} {sku} at once")
        method = Method(scenario.orders.method[judge.order_at[order]])
        if method in policy.completion.ship_complete_methods and sent and filled != wanted:
            found.violations.append(f"order {order} leaves in part")


def _judge_nodes(
    scenario: Scenario, policy: Policy, judge: PinnedJudge, parcels: dict[str, list[Row]], found: Charges
) -> None:
    load = Counter(members[0]["node_id"] for members in parcels.values())
    for name, sent in load.items():
        at = judge.node_at[name]
        capacity = int(scenario.nodes.capacity_parcels[at])
        if capacity != UNLIMITED_PARCELS:
            light = capacity * policy.balance.from_percent // 100
            found.balance += max(0, sent - light) * policy.balance.cents_per_parcel
        if scenario.nodes.kind[at] == NodeKind.VENDOR:
            found.vendors_last += sent * policy.vendors_last.cents_per_parcel
    for members in parcels.values():
        if scenario.nodes.kind[judge.node_at[members[0]["node_id"]]] == NodeKind.VENDOR:
            units = sum(int(row["qty"]) * sum(judge.recipe(row["sku_id"]).values()) for row in members)
            found.vendors_last += units * policy.vendors_last.cents_per_unit


def _judge_stock(
    scenario: Scenario, policy: Policy, judge: PinnedJudge, rows: list[Row], found: Charges
) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for row in rows:
        for sku, units in judge.recipe(row["sku_id"]).items():
            taken[judge.node_at[row["node_id"]], judge.sku_at[sku]] += int(row["qty"]) * units
    stock = scenario.stock
    for node, sku, available, safety in zip(
        stock.node.tolist(),
        stock.sku.tolist(),
        stock.available.tolist(),
        stock.safety_stock.tolist(),
        strict=True,
    ):
        kind = NodeKind(scenario.nodes.kind[node])
        free = max(0, available - safety - policy.safety_floor.units(kind))
        if taken[node, sku] > free:
            found.violations.append(f"{taken[node, sku]} units of {free} above the floor")
        last = policy.last_units.of(kind)
        found.last_units += max(0, taken[node, sku] - max(0, free - last.units)) * last.cents_per_unit
