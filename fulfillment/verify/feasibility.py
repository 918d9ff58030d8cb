"""May the plan be carried out, and what does it cost? Rule by rule, over all parcels at once.

Cost is counted in micros. A commission is rounded down to the micro for each unit, which loses nothing where
prices are in whole cents.
"""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.carriage import ANY_WAY, Parcels, carry
from fulfillment.verify.clocks import TransitDays
from fulfillment.verify.day import ORDERED_MAX, PENALTY_MICROS, Day
from fulfillment.verify.files import Bools, Ints, find
from fulfillment.verify.findings import Findings
from fulfillment.verify.plan import Allocations
from fulfillment.verify.transport import Transport
from fulfillment.verify.ways import OWN_WAY


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the allocations that name what exists, as positions."""

    order: Ints
    line: Ints
    sku: Ints
    node: Ints
    parcel: Ints  # position in Parcels
    qty: Ints


def total_cost(
    day: Day, transport: Transport, days: TransitDays, allocations: Allocations, findings: Findings
) -> int | None:
    """Check every rule of feasibility and add the cost up.

    Returns
    -------
    int or None
        Micros; None where a row or a parcel can't be priced. `findings` names everything that is wrong.
    """
    before = len(findings)
    rows, parcels = _understand(day, allocations, findings)
    if len(findings) > before:
        return None
    _check_lines(day, rows, findings)
    _check_stock(day, rows, findings)
    _check_capacity(day, parcels, findings)
    handling = _handling(day, rows, parcels)
    carried = carry(day, transport, days, parcels, findings)
    return None if carried is None else carried + handling + _unfilled(day, rows)


def _understand(day: Day, a: Allocations, findings: Findings) -> tuple[_Rows, Parcels]:
    """Turn names into positions; whatever names nothing is found."""
    places = [f"{parcel} line {line:g}" for parcel, line in zip(a.parcel_id, a.line_no, strict=True)]
    whole = np.isfinite(a.qty) & (a.qty == np.rint(a.qty))
    findings.forbid("a quantity that is not a whole number", ~whole, places)
    findings.forbid("a quantity below one", whole & (a.qty < 1), places)
    findings.forbid("a quantity beyond any order", whole & (a.qty > ORDERED_MAX), places)
    order, node = find(day.orders.order_id, a.order_id), find(day.nodes.node_id, a.node_id)
    sku = find(day.skus.sku_id, a.sku_id)
    findings.forbid("an unknown order", order < 0, a.order_id)
    findings.forbid("an unknown node", node < 0, a.node_id)
    findings.forbid("an unknown SKU", sku < 0, a.sku_id)
    findings.forbid("a parcel without a name", np.array([not each for each in a.parcel_id], bool), places)
    keys = zip(day.lines.order.tolist(), day.lines.line_no.tolist(), strict=True)
    line_at = {key: at for at, key in enumerate(keys)}
    wanted = zip(order.tolist(), a.line_no.tolist(), strict=True)
    line = np.fromiter((line_at.get(key, -1) for key in wanted), np.int64, len(order))
    findings.forbid("a line that was never ordered", (order >= 0) & (line < 0), places)
    if len(line):
        other = (line >= 0) & (sku >= 0) & (day.lines.sku[line] != sku)
        cut = other & day.kits.contains(day.lines.sku[line], sku)
        findings.forbid("a kit cut up: a component on a row of its own", cut, places)
        findings.forbid("another SKU than the line's", other & ~cut, places)
    way = _chosen_ways(day, a, order, places, findings)
    names, first, parcel = np.unique(
        np.array(a.parcel_id, dtype=object), return_index=True, return_inverse=True
    )
    for what, values in (
        ("orders", order.tolist()),
        ("nodes", node.tolist()),
        ("carriers", a.carrier),
        ("services", a.service),
    ):
        of_row = np.array(values, dtype=object)
        differs = of_row != of_row[first][parcel]
        findings.forbid(f"a parcel of two {what}", differs, places)
    pairs = {(p, k) for p, k in zip(parcel.tolist(), line.tolist(), strict=True)}
    if len(pairs) < len(line):
        findings.note("a parcel and line on two rows", f"{len(line) - len(pairs)} rows too many")
    qty = np.where(whole & (a.qty <= ORDERED_MAX), a.qty, 0).astype(np.int64)
    grams = (qty * day.skus.weight_g[sku]).tolist()
    weight = np.zeros(len(names), np.int64)
    np.add.at(weight, parcel, grams)
    rows = _Rows(order, line, sku, node, parcel, qty)
    carriers, services = [a.carrier[k] for k in first], [a.service[k] for k in first]
    parcels = Parcels(names.tolist(), order[first], node[first], way[first], carriers, services, weight)
    return rows, parcels


def _chosen_ways(day: Day, a: Allocations, order: Ints, places: list[str], findings: Findings) -> Ints:
    """Way of each row where the plan names it, ANY_WAY where it has no column for that."""
    if a.alternative is None:
        return np.full(len(order), ANY_WAY)
    numbers = np.where(np.isnan(a.alternative), OWN_WAY, a.alternative)
    keys = zip(day.ways.order.tolist(), day.ways.number.tolist(), strict=True)
    way_at: dict[tuple[int, float], int] = {key: at for at, key in enumerate(keys)}
    wanted = zip(order.tolist(), numbers.tolist(), strict=True)
    way = np.fromiter((way_at.get(key, -1) for key in wanted), np.int64, len(order))
    findings.forbid("an alternative that the order does not have", (order >= 0) & (way < 0), places)
    first_of = {o: w for o, w in zip(order[::-1].tolist(), way[::-1].tolist(), strict=True)}
    first = np.fromiter((first_of[o] for o in order.tolist()), np.int64, len(order))
    findings.forbid("an order served by two ways", (order >= 0) & (way != first), places)
    return way


def _check_lines(day: Day, rows: _Rows, findings: Findings) -> None:
    lines = day.lines
    names = [f"{day.orders.order_id[o]} line {no}" for o, no in zip(lines.order, lines.line_no, strict=True)]
    findings.forbid(
        "more units than the line asks for", _sum(rows.line, rows.qty, lines.qty) > lines.qty, names
    )


def _check_stock(day: Day, rows: _Rows, findings: Findings) -> None:
    n_skus = len(day.skus.sku_id)
    free_at = dict(
        zip((day.stock.node * n_skus + day.stock.sku).tolist(), day.stock.free.tolist(), strict=True)
    )
    row, component, units = day.kits.take_apart(rows.sku)
    positions, which = np.unique(rows.node[row] * n_skus + component, return_inverse=True)
    taken = np.zeros(len(positions), np.int64)
    np.add.at(taken, which, rows.qty[row] * units)
    free = np.array([free_at.get(key, 0) for key in positions.tolist()], np.int64)
    names = [f"{day.nodes.node_id[k // n_skus]} {day.skus.sku_id[k % n_skus]}" for k in positions.tolist()]
    findings.forbid("more units than a position may give", taken > free, names)


def _check_capacity(day: Day, parcels: Parcels, findings: Findings) -> None:
    load = _sum(parcels.node, np.ones(len(parcels.node), np.int64), day.nodes.capacity)
    findings.forbid("more parcels than a node may send", load > day.nodes.capacity, day.nodes.node_id)


def _handling(day: Day, rows: _Rows, parcels: Parcels) -> int:
    nodes, price = day.nodes, day.skus.price[rows.sku]
    handled = nodes.unit_micros[rows.node] * day.kits.units[rows.sku]
    unit = handled + price * nodes.commission[rows.node] // 10_000
    units = sum(q * u for q, u in zip(rows.qty.tolist(), unit.tolist(), strict=True))
    return int(units + sum(nodes.parcel_micros[parcels.node].tolist()))


def _unfilled(day: Day, rows: _Rows) -> int:
    short = np.maximum(0, day.lines.qty - _sum(rows.line, rows.qty, day.lines.qty))
    penalty = PENALTY_MICROS + day.skus.price[day.lines.sku]
    return sum(q * p for q, p in zip(short.tolist(), penalty.tolist(), strict=True))


def _sum(at: Ints, amounts: Ints, like: Ints | Bools) -> Ints:
    """Add amounts up by position."""
    total = np.zeros(len(like), np.int64)
    np.add.at(total, at, amounts)
    return total
