"""May the plan be carried out, and what does it cost? Rule by rule, over all parcels at once.

Cost is counted in micros. A commission is rounded down to the micro for each unit, which loses nothing where
prices are in whole cents.
"""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.clocks import NEVER, TransitDays
from fulfillment.verify.day import METHODS, ORDERED_MAX, PENALTY_MICROS, Day
from fulfillment.verify.files import Bools, Ints, find
from fulfillment.verify.findings import Findings
from fulfillment.verify.plan import Allocations
from fulfillment.verify.transport import OUT_OF_REACH, PriceList, Transport, great_circle_km


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the allocations that name what exists, as positions."""

    order: Ints
    line: Ints
    sku: Ints
    node: Ints
    parcel: Ints  # position in _Parcels
    qty: Ints


@dataclass(frozen=True, slots=True)
class _Parcels:
    parcel_id: list[str]
    order: Ints
    node: Ints
    carrier: list[str]
    service: list[str]
    weight_g: Ints


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
    carried = _transport(day, transport, days, parcels, findings)
    return None if carried is None else carried + handling + _unfilled(day, rows)


def _understand(day: Day, a: Allocations, findings: Findings) -> tuple[_Rows, _Parcels]:
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
        findings.forbid("another SKU than the line's", (line >= 0) & (day.lines.sku[line] != sku), places)
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
    return rows, _Parcels(names.tolist(), order[first], node[first], carriers, services, weight)


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
    positions, which = np.unique(rows.node * n_skus + rows.sku, return_inverse=True)
    taken = np.zeros(len(positions), np.int64)
    np.add.at(taken, which, rows.qty)
    free = np.array([free_at.get(key, 0) for key in positions.tolist()], np.int64)
    names = [f"{day.nodes.node_id[k // n_skus]} {day.skus.sku_id[k % n_skus]}" for k in positions.tolist()]
    findings.forbid("more units than a position may give", taken > free, names)


def _check_capacity(day: Day, parcels: _Parcels, findings: Findings) -> None:
    load = _sum(parcels.node, np.ones(len(parcels.node), np.int64), day.nodes.capacity)
    findings.forbid("more parcels than a node may send", load > day.nodes.capacity, day.nodes.node_id)


def _transport(
    day: Day, transport: Transport, days: TransitDays, parcels: _Parcels, findings: Findings
) -> int | None:
    """Check way, price list and time of every parcel; the sum of transport, None where a list is lacking."""
    orders, nodes, names = day.orders, day.nodes, parcels.parcel_id
    node, order = parcels.node, parcels.order
    method = np.array(orders.method, dtype=object)[order]
    pickup = orders.pickup_node[order]
    is_pickup = method == "PICK_UP"
    own = is_pickup & (node == pickup)
    labels = zip(parcels.carrier, parcels.service, strict=True)
    unlabelled = np.array([label == ("none", "none") for label in labels], np.bool_)
    findings.forbid("own-stock pickup with a carrier or service", own & ~unlabelled, names)
    findings.forbid("a parcel from a node that does not ship", ~own & ~nodes.ships[node], names)
    findings.forbid("a pickup where none is offered", is_pickup & ~nodes.pickup[pickup], names)
    km = great_circle_km(nodes.lat[node], nodes.lon[node], orders.lat[order], orders.lon[order])
    too_far = (method == "LOCAL") & (km > nodes.same_day_radius_km[node])
    findings.forbid("a same-day parcel beyond the node's radius", too_far, names)
    left = days.at(order, node)
    findings.forbid("a pickup that is ready too late", own & (left == NEVER), names)
    rings = np.full(len(node), OUT_OF_REACH)
    for name in METHODS:
        rings[method == name] = transport.ring(name, km[method == name])
    rings[own] = OUT_OF_REACH
    found = [
        transport.list_of(*parcel)
        for parcel in zip(method.tolist(), rings.tolist(), parcels.carrier, parcels.service, strict=True)
    ]
    unpriced = ~own & np.array([each is None for each in found], np.bool_)
    findings.forbid("no rate for a parcel's carrier, service, method and distance", unpriced, names)
    days_needed = np.array([each.transit_days if each else 0 for each in found], np.int64)
    findings.forbid("a parcel that arrives too late", ~own & ~unpriced & (days_needed > left), names)
    if unpriced.any():
        return None
    weights = parcels.weight_g.tolist()  # Python's integers: a sum of any size
    return sum(_price(each, weight) for each, weight in zip(found, weights, strict=True) if each)


def _price(of: PriceList, weight_g: int) -> int:
    last = int(of.steps_g[-1])
    full = (weight_g - 1) // last
    step = int(np.searchsorted(of.steps_g, weight_g - full * last))
    return full * int(of.costs[-1]) + int(of.costs[step])


def _handling(day: Day, rows: _Rows, parcels: _Parcels) -> int:
    nodes, price = day.nodes, day.skus.price[rows.sku]
    unit = nodes.unit_micros[rows.node] + price * nodes.commission[rows.node] // 10_000
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
