"""The least that one order can cost at prices, over all its plans.

Equal units are alike, so what an order still wants is a **count** of units per line, and there are
prod(qty + 1) counts. The nodes are walked one after another ::

    f[x]  = least cost of the units of count x, sent by the nodes walked so far or left unfilled
    f'[x] = min(f[x], min over y <= x that the node can send: h[y] + f[x - y])

where h[y] is what it costs the node to send y in all. A node is met once and sends all it sends at once, so
its stock and its number of parcels bind as they do in the plan, over all its parcels jointly. Nothing is
relaxed: where several lines draw on one SKU (kits that share a component), what y takes of it in all must be
there. Hence f of the whole order, after the last node, is the exact minimum.

Three observations make it quick; none changes a value.

- A second parcel from the same node costs one more handling, `fixed`, and saves at most S, the most that any
  two parcels undercut one in transport. Where S <= fixed, parcels may be merged two by two without loss:
  one parcel is enough and h is its cost. Else the parcels are composed one by one, up to the node's limit.
- The node lowers some f[x] only if h[y] < D[y] = max over x of f[x] - f[x - y] for some y. That is looked up,
  and D changes only when f does.
- Nodes that promise most come first, so that most others find f settled. The order of the walk is free.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

STATES_MAX = 512
NEVER_CHOSEN = 2**60  # micros: above any order's penalty, and four of them still fit 64 bits
NO_OFFER = -1
NEVER = -1

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Grid = npt.NDArray[np.int64]


class Market(NamedTuple):
    """Nodes, positions and price lists, for all orders.

    Axes: ``n`` nodes, ``s`` SKUs, ``p`` positions by SKU, ``q`` offers (sets of price lists), ``r`` price
    lists, ``w`` weight steps, ``b`` rings, ``t`` levels of transit time.
    """

    sku_ptr: Ints  # [s+1]
    pos_node: Ints  # [p]
    pos_free: Ints  # [p]
    pos_unit: Ints  # [p] handling, commission and stock price of a unit
    taken_ptr: Ints  # [s+1]
    taken_sku: Ints  # what a unit takes from stock: itself, or a kit's components
    taken_qty: Ints
    node_fixed: Ints  # [n] handling and capacity price of a parcel
    node_parcels: Ints  # [n] the most parcels
    node_clock: Ints  # [n]
    sku_grams: Ints  # [s]
    sku_penalty: Ints  # [s]
    offer: Grid  # [b, t]
    offer_ptr: Ints  # [q+1]
    offer_list: Ints
    list_ptr: Ints  # [r+1]
    step_grams: Ints  # [w]
    step_cost: Ints  # [w]


class Candidates(NamedTuple):
    """Nodes that can send an order something in time.

    Axes: ``c`` candidates, ``l`` lines, ``k`` SKUs of which several lines take.
    """

    node: Ints  # [c]
    offer: Ints  # [c]
    free: Grid  # [c, l] units, at most the line's
    unit: Grid  # [c, l] micros
    shared_use: Grid  # [k, l] units that one unit of the line takes
    shared_free: Grid  # [c, k] units


@njit(cache=True)
def order_minima(
    orders: Ints, order_ptr: Ints, line_sku: Ints, line_qty: Ints, levels: Grid, ring: Ints, market: Market
) -> Ints:
    """Least cost of each of some orders to one destination, prices included; micros.

    orders : positions of the orders.   order_ptr, line_sku, line_qty : their lines, each SKU once.
    levels : [o, k] levels of transit time that a clock leaves an order, or NEVER.
    ring : [n] row of `market.offer` for each node, NO_OFFER where it can't serve the destination.
    """
    least = np.zeros(len(orders), np.int64)
    slots = np.full(len(ring), -1, np.int64)
    for k in range(len(orders)):
        order = orders[k]
        sku = line_sku[order_ptr[order] : order_ptr[order + 1]]
        qty = line_qty[order_ptr[order] : order_ptr[order + 1]]
        candidates = find_candidates(sku, qty, levels[order], ring, market, slots)
        if count_states(qty) > STATES_MAX:
            least[k] = bound_unit_by_unit(sku, qty, candidates, market)
        else:
            least[k] = least_cost(sku, qty, candidates, market)
    return least


@njit(cache=True)
def count_states(qty: Ints) -> int:
    """prod(qty + 1), or STATES_MAX + 1 when it is larger."""
    states = 1
    for units in qty:
        states *= units + 1
        if states > STATES_MAX:
            return STATES_MAX + 1
    return states


@njit(cache=True)
def find_candidates(
    sku: Ints, qty: Ints, levels: Ints, ring: Ints, market: Market, slots: Ints
) -> Candidates:
    """Collect the nodes with stock of some line that can send it in time; `slots` is -1 before and after."""
    most = 0
    for line in range(len(sku)):
        most += market.sku_ptr[sku[line] + 1] - market.sku_ptr[sku[line]]
    most = min(most, len(ring))
    node_of, offer_of = np.empty(most, np.int64), np.empty(most, np.int64)
    free = np.zeros((most, len(sku)), np.int64)
    unit = np.zeros((most, len(sku)), np.int64)
    found = 0
    for line in range(len(sku)):
        for pos in range(market.sku_ptr[sku[line]], market.sku_ptr[sku[line] + 1]):
            node = market.pos_node[pos]
            level = levels[market.node_clock[node]]
            if ring[node] == NO_OFFER or level == NEVER or market.offer[ring[node], level] == NO_OFFER:
                continue
            if market.pos_free[pos] == 0 or market.node_parcels[node] == 0:
                continue
            if slots[node] < 0:
                slots[node] = found
                node_of[found] = node
                offer_of[found] = market.offer[ring[node], level]
                found += 1
            free[slots[node], line] = min(market.pos_free[pos], qty[line])
            unit[slots[node], line] = market.pos_unit[pos]
    shared, use = find_shared(sku, market)
    shared_free = np.zeros((found, len(shared)), np.int64)
    for k in range(len(shared)):
        for pos in range(market.sku_ptr[shared[k]], market.sku_ptr[shared[k] + 1]):
            if slots[market.pos_node[pos]] >= 0:
                shared_free[slots[market.pos_node[pos]], k] = market.pos_free[pos]
    for c in range(found):
        slots[node_of[c]] = -1
    return Candidates(node_of[:found], offer_of[:found], free[:found], unit[:found], use, shared_free)


@njit(cache=True)
def find_shared(sku: Ints, market: Market) -> tuple[Ints, Grid]:
    """List the SKUs of which more than one line takes, and what a unit of each line takes, [k, l]."""
    most = 0
    for line in range(len(sku)):
        most += market.taken_ptr[sku[line] + 1] - market.taken_ptr[sku[line]]
    taken, use = np.empty(most, np.int64), np.zeros((most, len(sku)), np.int64)
    found = 0
    for line in range(len(sku)):
        for at in range(market.taken_ptr[sku[line]], market.taken_ptr[sku[line] + 1]):
            k = 0
            while k < found and taken[k] != market.taken_sku[at]:
                k += 1
            taken[k] = market.taken_sku[at]
            use[k, line] = market.taken_qty[at]
            found = max(found, k + 1)
    is_shared = np.zeros(most, np.bool_)
    for k in range(found):
        is_shared[k] = np.count_nonzero(use[k]) > 1
    return taken[is_shared], use[is_shared]


@njit(cache=True)
def bound_unit_by_unit(sku: Ints, qty: Ints, candidates: Candidates, market: Market) -> int:
    """Bound an order too large for the exact search: every unit at the least it can possibly cost."""
    total: int = 0
    for line in range(len(sku)):
        least = market.sku_penalty[sku[line]]
        for c in range(len(candidates.node)):
            if candidates.free[c, line] > 0:
                least = min(least, candidates.unit[c, line])
        total += qty[line] * least
    return total


@njit(cache=True)
def least_cost(sku: Ints, qty: Ints, candidates: Candidates, market: Market) -> int:
    """Least cost of an order of at most STATES_MAX counts; see the module's docstring."""
    n_states, n_lines = count_states(qty), len(qty)
    digits = list_counts(qty, n_states)
    fits_ptr, fits = list_complements(digits, qty)
    grams, penalty = np.zeros(n_states, np.int64), np.zeros(n_states, np.int64)
    for x in range(n_states):
        for line in range(n_lines):
            grams[x] += digits[x, line] * market.sku_grams[sku[line]]
            penalty[x] += digits[x, line] * market.sku_penalty[sku[line]]
    row, transport, saving = price_offers(candidates.offer, grams, fits_ptr, fits, market)
    f, gain = penalty.copy(), penalty.copy()
    send, fits_stock = np.empty(n_states, np.int64), np.empty(n_states, np.bool_)
    for c in order_of_walk(candidates, row, transport, penalty, qty, market):
        node = candidates.node[c]
        fixed = market.node_fixed[node]
        units = 0
        for line in range(n_lines):
            units += candidates.free[c, line]
        find_sendable(c, candidates, digits, fits_stock)
        for y in range(1, n_states):
            send[y] = NEVER_CHOSEN
            if fits_stock[y]:
                cost = fixed + transport[row[c], y]
                for line in range(n_lines):
                    cost += digits[y, line] * candidates.unit[c, line]
                send[y] = min(cost, NEVER_CHOSEN)
        parcels = min(units, market.node_parcels[node])
        if saving[row[c]] > fixed and parcels > 1:
            compose_parcels(send, fits_stock, fits_ptr, fits, parcels)
        if serve(send, f, gain, fits_ptr, fits):
            find_gain(f, gain, fits_ptr, fits)
    return int(f[n_states - 1])


@njit(cache=True)
def find_sendable(c: int, candidates: Candidates, digits: Grid, fits_stock: Bools) -> None:
    """Mark the counts that a candidate has the stock for, each line alone and all together."""
    n_shared, n_lines = candidates.shared_use.shape
    for y in range(len(digits)):
        fits_stock[y] = True
        for line in range(n_lines):
            if digits[y, line] > candidates.free[c, line]:
                fits_stock[y] = False
                break
        for k in range(n_shared):
            taken = 0
            for line in range(n_lines):
                taken += digits[y, line] * candidates.shared_use[k, line]
            if taken > candidates.shared_free[c, k]:
                fits_stock[y] = False


@njit(cache=True)
def list_counts(qty: Ints, n_states: int) -> Grid:
    """All counts within `qty`, [x, l]; the sum of two counts has the sum of their positions."""
    digits = np.empty((n_states, len(qty)), np.int64)
    for x in range(n_states):
        rest = x
        for line in range(len(qty)):
            digits[x, line] = rest % (qty[line] + 1)
            rest //= qty[line] + 1
    return digits


@njit(cache=True)
def list_complements(digits: Grid, qty: Ints) -> tuple[Ints, Ints]:
    """For each count y all counts z with y + z still within the order: z in fits[ptr[y]:ptr[y + 1]]."""
    n_states, n_lines = digits.shape
    ptr = np.zeros(n_states + 1, np.int64)
    for y in range(n_states):
        room = 1
        for line in range(n_lines):
            room *= qty[line] - digits[y, line] + 1
        ptr[y + 1] = ptr[y] + room
    fits = np.empty(ptr[n_states], np.int64)
    for y in range(n_states):
        at = ptr[y]
        for z in range(n_states - y):
            inside = True
            for line in range(n_lines):
                if digits[y, line] + digits[z, line] > qty[line]:
                    inside = False
                    break
            if inside:
                fits[at] = z
                at += 1
    return ptr, fits


@njit(cache=True)
def price_offers(
    offers: Ints, grams: Ints, fits_ptr: Ints, fits: Ints, market: Market
) -> tuple[Ints, Grid, Ints]:
    """Transport of every count under each distinct offer, and the most that two parcels undercut one."""
    row = np.empty(len(offers), np.int64)
    distinct = np.unique(offers)
    transport = np.zeros((len(distinct), len(grams)), np.int64)
    saving = np.zeros(len(distinct), np.int64)
    for k in range(len(distinct)):
        for x in range(1, len(grams)):
            transport[k, x] = price_parcel(distinct[k], grams[x], market)
        for y in range(1, len(grams)):
            for i in range(fits_ptr[y] + 1, fits_ptr[y + 1]):  # the first is z = 0
                z = fits[i]
                two = transport[k, y] + transport[k, z]
                saving[k] = max(saving[k], transport[k, y + z] - two)
    for c in range(len(offers)):
        row[c] = np.searchsorted(distinct, offers[c])
    return row, transport, saving


@njit(cache=True)
def price_parcel(offer: int, grams: int, market: Market) -> int:
    """Price a parcel on the cheapest price list of an offer."""
    best = NEVER_CHOSEN
    for i in range(market.offer_ptr[offer], market.offer_ptr[offer + 1]):
        first = market.list_ptr[market.offer_list[i]]
        end = market.list_ptr[market.offer_list[i] + 1]
        heaviest, dearest = market.step_grams[end - 1], market.step_cost[end - 1]
        full = (grams - 1) // heaviest
        if dearest > 0 and full > NEVER_CHOSEN // dearest:
            continue  # leaving the units unfilled costs less
        rest = grams - full * heaviest
        step = first + np.searchsorted(market.step_grams[first:end], rest)
        best = min(best, full * dearest + market.step_cost[step])
    return best


@njit(cache=True)
def order_of_walk(
    candidates: Candidates, row: Ints, transport: Grid, penalty: Ints, qty: Ints, market: Market
) -> Ints:
    """Candidates by what they save when they send all they can in one parcel, the most first."""
    promise = np.empty(len(candidates.node), np.int64)
    for c in range(len(candidates.node)):
        whole, stride, cost = 0, 1, market.node_fixed[candidates.node[c]]
        for line in range(len(qty)):
            whole += candidates.free[c, line] * stride
            stride *= qty[line] + 1
            cost += candidates.free[c, line] * candidates.unit[c, line]
        promise[c] = cost + transport[row[c], whole] - penalty[whole]
    return np.argsort(promise)


@njit(cache=True)
def compose_parcels(send: Ints, fits_stock: Bools, fits_ptr: Ints, fits: Ints, parcels: int) -> None:
    """Let a node send a count in up to `parcels` parcels; `send` is the cost of one, changed in place."""
    one = send.copy()
    for _ in range(parcels - 1):
        before = send.copy()
        lower = False
        for y in range(1, len(send)):
            if one[y] >= NEVER_CHOSEN:
                continue
            for i in range(fits_ptr[y] + 1, fits_ptr[y + 1]):
                z = fits[i]
                if fits_stock[y + z] and before[z] < NEVER_CHOSEN and one[y] + before[z] < send[y + z]:
                    send[y + z] = one[y] + before[z]
                    lower = True
        if not lower:
            return


@njit(cache=True)
def serve(send: Ints, f: Ints, gain: Ints, fits_ptr: Ints, fits: Ints) -> bool:
    """Let a node serve what lowers `f`, in place; whether it lowered any."""
    helps = False
    for y in range(1, len(send)):
        helps = helps or send[y] < gain[y]
    if not helps:
        return False
    before = f.copy()
    for y in range(1, len(send)):
        if send[y] < gain[y]:
            for i in range(fits_ptr[y], fits_ptr[y + 1]):
                z = fits[i]
                f[y + z] = min(f[y + z], send[y] + before[z])
    return True


@njit(cache=True)
def find_gain(f: Ints, gain: Ints, fits_ptr: Ints, fits: Ints) -> None:
    """For each count y the most that serving it can still be worth: max over z of f[y + z] - f[z]."""
    for y in range(1, len(f)):
        gain[y] = 0
        for i in range(fits_ptr[y], fits_ptr[y + 1]):
            z = fits[i]
            gain[y] = max(gain[y], f[y + z] - f[z])
