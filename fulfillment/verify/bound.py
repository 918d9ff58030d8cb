"""What no plan can cost less than, at the prices of the plan's folder.

    sum over orders of min(cost + sum price * units taken + sum price * parcels)
    - sum price * max(0, available - safety_stock) - sum price * capacity_parcels

Any plan that may be carried out takes at most what there is, so at prices of zero and more it pays at most
the last two sums; taking them off leaves no more than its cost. And each order pays at least its own minimum,
which is the least over all its ways. A kit takes its components' units, at the sum of their prices.
"""

import numpy as np

from fulfillment.verify.clocks import NEVER, TransitDays
from fulfillment.verify.day import PENALTY_MICROS, UNITS_MAX, UNLIMITED, Day
from fulfillment.verify.files import Ints
from fulfillment.verify.findings import Findings
from fulfillment.verify.order_minimum import NO_OFFER, Grid, Market, order_minima
from fulfillment.verify.plan import Prices
from fulfillment.verify.transport import Transport, great_circle_km
from fulfillment.verify.ways import Ways

_ANY_WEIGHT_G = 2**62
_NEVER_TAKEN = 2**50
"""Micros: a unit of this price costs more than leaving all of any searched order unfilled. A dearer kit
counts as this, and no sum leaves 64 bits."""


def lower_bound(
    day: Day, transport: Transport, days: TransitDays, prices: Prices, findings: Findings
) -> int | None:
    """Evaluate the formula, in micros; None where the prices prove nothing."""
    endless = (day.nodes.capacity == UNLIMITED) & (prices.capacity > 0)
    findings.forbid("a capacity price at a node without a limit", endless, day.nodes.node_id)
    if endless.any():
        return None
    offers = _Offers(transport)
    market = _market(day, transport, days, offers, prices)
    order_ptr, line_sku, line_qty = _lines_by_sku(day)
    levels = _levels(days, offers)
    least = np.zeros(len(day.ways.order), np.int64)
    for ways in _by_destination(day.ways):
        ring, orders = _rings(day, transport, offers, int(ways[0])), day.ways.order[ways]
        least[ways] = order_minima(orders, order_ptr, line_sku, line_qty, levels, ring, market)
    # An order takes the best of its ways. Python's integers: a sum of any size.
    minima = sum(np.minimum.reduceat(least, day.ways.ptr[:-1]).tolist())
    stock = sum(p * free for p, free in zip(prices.stock.tolist(), day.stock.free.tolist(), strict=True))
    capacity = zip(prices.capacity.tolist(), day.nodes.capacity.tolist(), strict=True)
    return int(minima - stock - sum(p * parcels for p, parcels in capacity))


class _Offers:
    """The price lists that may be used in a ring when so many levels of transit time are left.

    Rows are the rings of one method after another, and at the end own-stock pickup, which is free and needs
    no transit. Columns count the distinct transit times, from none, that still arrive.
    """

    def __init__(self, transport: Transport) -> None:
        self.transit_days = np.unique([each.transit_days for each in transport.lists])
        self.first_row: dict[str, int] = {}
        self.lists: dict[tuple[int, ...], int] = {}
        own_pickup = (len(transport.lists),)
        rows: list[list[int]] = []
        for method, in_ring in transport.in_ring.items():
            self.first_row[method] = len(rows)
            rows += [[NO_OFFER, *self._row(transport, each)] for each in in_ring]
        self.own_pickup_row = len(rows)
        rows.append([self._number(own_pickup)] * (len(self.transit_days) + 1))
        self.table = np.array(rows, np.int64)

    def _row(self, transport: Transport, lists: list[int]) -> list[int]:
        in_time = (
            tuple(at for at in lists if transport.lists[at].transit_days <= days)
            for days in self.transit_days
        )
        return [self._number(each) if each else NO_OFFER for each in in_time]

    def _number(self, lists: tuple[int, ...]) -> int:
        return self.lists.setdefault(lists, len(self.lists))


def _market(day: Day, transport: Transport, days: TransitDays, offers: _Offers, prices: Prices) -> Market:
    nodes, skus, kits = day.nodes, day.skus, day.kits
    sku, node, free, price = _positions(day, prices)
    commission = skus.price[sku] * nodes.commission[node] // 10_000
    unit = nodes.unit_micros[node] * kits.units[sku] + commission + price
    steps = [each.steps_g for each in transport.lists] + [np.array([_ANY_WEIGHT_G])]
    costs = [each.costs for each in transport.lists] + [np.array([0])]
    return Market(
        sku_ptr=np.searchsorted(sku, np.arange(len(skus.sku_id) + 1)).astype(np.int64),
        pos_node=node,
        pos_free=free,
        pos_unit=np.minimum(unit, _NEVER_TAKEN),
        taken_ptr=kits.ptr,
        taken_sku=kits.component,
        taken_qty=kits.qty,
        node_fixed=nodes.parcel_micros + prices.capacity,
        node_parcels=nodes.capacity,
        node_clock=days.clock_of_node,
        sku_grams=skus.weight_g,
        sku_penalty=PENALTY_MICROS + skus.price,
        offer=offers.table,
        offer_ptr=_pointers([len(lists) for lists in offers.lists]),
        offer_list=np.array([at for lists in offers.lists for at in lists], np.int64),
        list_ptr=_pointers([len(each) for each in steps]),
        step_grams=np.concatenate(steps).astype(np.int64),
        step_cost=np.concatenate(costs).astype(np.int64),
    )


def _positions(day: Day, prices: Prices) -> tuple[Ints, Ints, Ints, Ints]:
    """Where units of a SKU can be had: SKU, node, units free and stock price, sorted by SKU.

    A kit stands at every node that has all its components: as many as the scarcest of them makes, at the
    sum of their prices.
    """
    stock, kits = day.stock, day.kits
    of_sku = np.argsort(stock.sku, kind="stable")
    ptr = np.searchsorted(stock.sku[of_sku], np.arange(len(kits.is_kit) + 1))
    rows = [np.column_stack((stock.sku, stock.node, stock.free, prices.stock))]
    for kit in np.flatnonzero(kits.is_kit).tolist():
        whole = np.full(len(day.nodes.node_id), UNITS_MAX)
        price = np.zeros(len(whole), np.int64)
        for entry in range(kits.ptr[kit], kits.ptr[kit + 1]):
            component, qty = kits.component[entry], kits.qty[entry]
            at = of_sku[ptr[component] : ptr[component + 1]]
            enough = np.zeros(len(whole), np.int64)
            enough[stock.node[at]] = stock.free[at] // qty
            whole = np.minimum(whole, enough)
            price[stock.node[at]] += qty * prices.stock[at]
        node = np.flatnonzero(whole)
        rows.append(np.column_stack((np.full(len(node), kit), node, whole[node], price[node])))
    listed = np.concatenate(rows)
    sku, node, free, price = listed[np.argsort(listed[:, 0], kind="stable")].T.copy()
    return sku, node, free, price


def _lines_by_sku(day: Day) -> tuple[Ints, Ints, Ints]:
    """Lines of every order with equal SKUs added up: they share the stock."""
    n_skus = len(day.skus.sku_id)
    keys, which = np.unique(day.lines.order * n_skus + day.lines.sku, return_inverse=True)
    qty = np.zeros(len(keys), np.int64)
    np.add.at(qty, which, day.lines.qty)
    order_ptr = np.searchsorted(keys // n_skus, np.arange(len(day.orders.order_id) + 1))
    return order_ptr.astype(np.int64), keys % n_skus, qty


def _levels(days: TransitDays, offers: _Offers) -> Grid:
    """How many of the transit times still arrive, per order and clock; NEVER where nothing is ready."""
    levels = np.searchsorted(offers.transit_days, days.days, side="right").astype(np.int64)
    return np.where(days.days == NEVER, -1, levels)


def _by_destination(ways: Ways) -> list[Ints]:
    """Ways of the same method to the same point, together."""
    _, method = np.unique(np.array(ways.method), return_inverse=True)
    points = np.column_stack((method, ways.pickup_node, ways.lat, ways.lon))
    _, which = np.unique(points, axis=0, return_inverse=True)
    together = np.argsort(which, kind="stable")
    return np.split(together, np.flatnonzero(np.diff(which[together])) + 1)


def _rings(day: Day, transport: Transport, offers: _Offers, way: int) -> Ints:
    """For each node the row of `offers.table` that serves the destination of a way, or NO_OFFER."""
    nodes, ways = day.nodes, day.ways
    method, pickup = ways.method[way], int(ways.pickup_node[way])
    if method == "PICK_UP" and not nodes.pickup[pickup]:
        return np.full(len(nodes.node_id), NO_OFFER)
    km = great_circle_km(nodes.lat, nodes.lon, ways.lat[way], ways.lon[way])
    ring = transport.ring(method, km)
    reached = (ring >= 0) & nodes.ships
    if method == "LOCAL":
        reached &= km <= nodes.same_day_radius_km
    rows = np.where(reached, ring + offers.first_row[method], NO_OFFER)
    if method == "PICK_UP":
        rows[pickup] = offers.own_pickup_row
    return rows.astype(np.int64)


def _pointers(sizes: list[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
