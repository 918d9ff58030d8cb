"""What a plan is worth, priced again row by row in plain Python: no arrays, no solver, no rounding.

Reads a scenario's tables and the rows of allocations.csv, and knows nothing else of how the plan was made.
Money is in cents, as fractions. The rules are the pinned meaning of a plan; each parcel is looked at alone.
A kit's units are those of its components; a column `alternative` says in which way an order is served.
"""

import csv
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from fulfillment.scenario.tables import METHODS, MICROS_PER_CENT, UNLIMITED_PARCELS, Scenario

Row = dict[str, str]
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
OWN_WAY = "None"  # as a row without an alternative says it


@dataclass
class Verdict:
    """What is wrong with a plan, and what it costs in cents."""

    violations: list[str] = field(default_factory=list)
    transport: Fraction = Fraction(0)
    handling: Fraction = Fraction(0)
    unfilled: Fraction = Fraction(0)
    days_late: dict[str, int] = field(default_factory=dict)  # by parcel; a day begun counts whole

    @property
    def total(self) -> Fraction:
        return self.transport + self.handling + self.unfilled


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class PinnedJudge:
    """Judges plans of one scenario; a parcel may be `days_late_max` days late."""

    def __init__(self, scenario: Scenario, days_late_max: int = 0) -> None:
        self.s = scenario
        self.days_late_max = days_late_max
        self.node_at = {name: at for at, name in enumerate(scenario.nodes.node_id)}
        self.sku_at = {name: at for at, name in enumerate(scenario.skus.sku_id)}
        self.order_at = {name: at for at, name in enumerate(scenario.orders.order_id)}
        kits, names = scenario.kits, scenario.skus.sku_id
        self.recipes: dict[str, dict[str, int]] = {}
        for kit, component, qty in zip(
            kits.kit.tolist(), kits.component.tolist(), kits.qty.tolist(), strict=True
        ):
            self.recipes.setdefault(names[kit], {})[names[component]] = qty
        ways = scenario.alternatives
        self.ways = {
            (scenario.orders.order_id[order], str(number)): (METHODS[method], pickup)
            for order, number, method, pickup in zip(
                ways.order.tolist(),
                ways.number.tolist(),
                ways.method.tolist(),
                ways.pickup_node.tolist(),
                strict=True,
            )
        }
        lines = scenario.order_lines
        self.asked = {
            (scenario.orders.order_id[o], n): (scenario.skus.sku_id[s], q)
            for o, n, s, q in zip(
                lines.order.tolist(),
                lines.line_no.tolist(),
                lines.sku.tolist(),
                lines.qty.tolist(),
                strict=True,
            )
        }

    def judge(self, rows: list[Row]) -> Verdict:
        verdict = Verdict()
        parcels: dict[str, list[Row]] = {}
        for row in rows:
            parcels.setdefault(row["parcel_id"], []).append(row)
        self._judge_units(rows, verdict)
        self._judge_ways(rows, verdict)
        load = Counter(members[0]["node_id"] for members in parcels.values())
        for node, sent in load.items():
            capacity = int(self.s.nodes.capacity_parcels[self.node_at[node]])
            if capacity != UNLIMITED_PARCELS and sent > capacity:
                verdict.violations.append(f"{node} sends {sent} parcels of {capacity}")
        for name, members in parcels.items():
            self._judge_parcel(name, members, verdict)
        return verdict

    def _judge_units(self, rows: list[Row], verdict: Verdict) -> None:
        filled: Counter[tuple[str, int]] = Counter()
        taken: Counter[tuple[str, str]] = Counter()
        for row in rows:
            line = row["order_id"], int(row["line_no"])
            if line not in self.asked or self.asked[line][0] != row["sku_id"]:
                verdict.violations.append(f"nobody asked for {row}")
            if int(row["qty"]) < 1:
                verdict.violations.append(f"less than a unit: {row}")
            filled[line] += int(row["qty"])
            for sku, units in self.recipe(row["sku_id"]).items():
                taken[row["node_id"], sku] += int(row["qty"]) * units
        stock = self.s.stock
        free = {
            (self.s.nodes.node_id[n], self.s.skus.sku_id[k]): max(0, a - kept)
            for n, k, a, kept in zip(
                stock.node, stock.sku, stock.available.tolist(), stock.safety_stock.tolist(), strict=True
            )
        }
        for position, units in taken.items():
            if units > free.get(position, 0):
                verdict.violations.append(f"{position} gives {units} of {free.get(position, 0)}")
        for line, (sku, qty) in self.asked.items():
            if filled[line] > qty:
                verdict.violations.append(f"line {line} gets {filled[line]} of {qty}")
            price = Fraction(int(self.s.skus.price_micros[self.sku_at[sku]]), MICROS_PER_CENT)
            verdict.unfilled += max(0, qty - filled[line]) * (5000 + price)

    def recipe(self, sku: str) -> dict[str, int]:
        return self.recipes.get(sku, {sku: 1})

    def _judge_ways(self, rows: list[Row], verdict: Verdict) -> None:
        taken: dict[str, set[str]] = {}
        for row in rows:
            taken.setdefault(row["order_id"], set()).add(row.get("alternative", OWN_WAY))
        for order, ways in taken.items():
            if len(ways) > 1:
                verdict.violations.append(f"order {order} is served in {len(ways)} ways")

    def _way(self, row: Row) -> tuple[str, int]:
        """Method and pickup node by which the order is served."""
        order = self.order_at[row["order_id"]]
        if row.get("alternative", OWN_WAY) == OWN_WAY:
            return self.s.orders.method[order], int(self.s.orders.pickup_node[order])
        return self.ways[row["order_id"], row["alternative"]]

    def _judge_parcel(self, name: str, members: list[Row], verdict: Verdict) -> None:
        one = members[0]
        for key in ("order_id", "node_id", "carrier", "service"):
            if any(row[key] != one[key] for row in members):
                verdict.violations.append(f"parcel {name} mixes {key}")
        nodes, orders = self.s.nodes, self.s.orders
        node, order = self.node_at[one["node_id"]], self.order_at[one["order_id"]]
        method, pickup = self._way(one)
        is_own = method == "PICK_UP" and pickup == node
        if method == "PICK_UP" and not nodes.pickup[pickup]:
            verdict.violations.append(f"parcel {name}: no pickup there")
        if not is_own and not nodes.ships[node]:
            verdict.violations.append(f"parcel {name}: {one['node_id']} does not ship")
        placed = orders.placed_at[order].astype("datetime64[us]").astype(datetime).replace(tzinfo=UTC)
        ready = placed + int(nodes.processing_minutes[node]) * MINUTE
        if is_own:
            if (one["carrier"], one["service"]) != ("none", "none"):
                verdict.violations.append(f"parcel {name}: own stock rides nothing")
            arrives = ready
        else:
            km = self._distance_km(node, order, method, pickup)
            if method == "LOCAL" and km > float(nodes.same_day_radius_km[node]):
                verdict.violations.append(f"parcel {name}: beyond the radius")
            zone = self._zone(one["carrier"], one["service"], method, km)
            if zone is None:
                verdict.violations.append(f"parcel {name}: no rate goes there")
                return
            steps, days = zone
            grams = sum(
                int(row["qty"]) * int(self.s.skus.weight_g[self.sku_at[row["sku_id"]]]) for row in members
            )
            verdict.transport += Fraction(price_of(steps, grams), MICROS_PER_CENT)
            departs = first_cutoff(ready, nodes.cutoff_local[node], ZoneInfo(nodes.timezone[node]))
            arrives = departs + timedelta(hours=24 * days)
        promise = orders.promise_by[order]
        late = ZERO if str(promise) == "NaT" else arrives - promise.astype(datetime).replace(tzinfo=UTC)
        if late > ZERO:
            verdict.days_late[name] = -(-late // timedelta(days=1))
            if verdict.days_late[name] > self.days_late_max:
                verdict.violations.append(f"parcel {name}: arrives {arrives}, promised by {promise}")
        verdict.handling += Fraction(int(nodes.handling_micros_per_parcel[node]), MICROS_PER_CENT)
        percent = Fraction(str(float(nodes.commission_pct[node]))) / 100
        for row in members:
            price = int(self.s.skus.price_micros[self.sku_at[row["sku_id"]]])
            picked = sum(self.recipe(row["sku_id"]).values())
            unit = picked * int(nodes.handling_micros_per_unit[node]) + price * percent
            verdict.handling += int(row["qty"]) * Fraction(unit) / MICROS_PER_CENT

    def _distance_km(self, node: int, order: int, method: str, pickup: int) -> float:
        if method == "PICK_UP":
            there = self.s.nodes.lat[pickup], self.s.nodes.lon[pickup]
        else:
            postal = self.s.orders.postal[order]
            there = self.s.postal_codes.lat[postal], self.s.postal_codes.lon[postal]
        a, b, c, d = (
            math.radians(float(x)) for x in (self.s.nodes.lat[node], self.s.nodes.lon[node], *there)
        )
        h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
        return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, h)))

    def _zone(
        self, carrier: str, service: str, method: str, km: float
    ) -> tuple[list[tuple[int, int]], int] | None:
        """Steps (grams, micros) and days of the first zone at or above the distance."""
        rates = self.s.rates
        mine = [
            at
            for at in range(len(rates))
            if (rates.carrier[at], rates.service[at], rates.method[at]) == (carrier, service, method)
        ]
        reaching = [at for at in mine if rates.max_km[at] >= km]
        if not reaching:
            return None
        zone = min(int(rates.zone[at]) for at in reaching)
        rows = [at for at in mine if rates.zone[at] == zone]
        steps = sorted((int(rates.max_weight_g[at]), int(rates.cost_micros[at])) for at in rows)
        return steps, int(rates.transit_days[rows[0]])


def price_of(steps: list[tuple[int, int]], grams: int) -> int:
    """The last step for every full multiple of it, and the first step that holds the rest."""
    cost = 0
    while grams > steps[-1][0]:
        cost, grams = cost + steps[-1][1], grams - steps[-1][0]
    return cost + next(micros for most, micros in steps if most >= grams)


def first_cutoff(ready: datetime, cutoff: str, zone: ZoneInfo) -> datetime:
    """First local cut-off at or after `ready` by the wall clock; a gap is walked through by the minute."""
    wall = ready.astimezone(zone).replace(tzinfo=None, fold=0)
    hour, minute = map(int, cutoff.split(":"))
    at = wall.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if at < wall:
        at += timedelta(days=1)
    while True:
        moment = at.replace(tzinfo=zone, fold=1).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == at:
            return moment
        at += MINUTE
