"""The price of a parcel by its weight, cut into the pieces that matter to one site.

A **site** is an order and a node that can send it units: at most `limit` of each of some lines. The transport
price of a parcel from there is a step function of its weight, the cheapest of the tariff's price lists. Here
it becomes a short list of pieces ``(lo, hi, cost)``: any parcel that the site can fill whose weight is within
``lo..hi`` costs ``cost``, and every such parcel is in one piece. Weights that no content reaches belong to no
piece, which makes the linear relaxation of a model over pieces much tighter.
"""

import numpy as np

from solver.jit import kernel
from solver.problem import Int32s, Int64s

STATES_MAX = 512  # contents of a site that are tried one by one; beyond, every weight counts as reachable
BREAKS_MAX = 8_192  # places where the price may change; more mean parcels of thousands of full last steps
TOO_MANY_BREAKS = -1


@kernel
def list_price(weight: int, price_list: int, list_ptr: Int64s, list_weight: Int64s, list_cost: Int64s) -> int:
    """Price a parcel of `weight` grams on a list: full multiples of the last step, and the rest's step."""
    first, last = list_ptr[price_list], list_ptr[price_list + 1] - 1
    full = (weight - 1) // list_weight[last]
    rest = weight - full * list_weight[last]
    step = first
    while list_weight[step] < rest:
        step += 1
    return full * list_cost[last] + list_cost[step]


@kernel
def cheapest_list(
    weight: int,
    tariff: int,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
) -> tuple[int, int]:
    """Find a tariff's cheapest list at a weight; returns (micros, list)."""
    best_cost, best_list = np.int64(-1), np.int64(-1)
    for at in range(tariff_ptr[tariff], tariff_ptr[tariff + 1]):
        cost = list_price(weight, tariff_list[at], list_ptr, list_weight, list_cost)
        if best_cost < 0 or cost < best_cost:
            best_cost, best_list = cost, np.int64(tariff_list[at])
    return best_cost, best_list


@kernel
def _reachable_weights(first: int, end: int, limit: Int64s, weight: Int64s, out: Int64s) -> int:
    """Weigh every content of a site, the empty one aside; returns how many, or 0 for more than STATES_MAX."""
    count = 1
    out[0] = 0
    for term in range(first, end):
        if count * (limit[term] + 1) > STATES_MAX:
            return 0
        for units in range(1, limit[term] + 1):
            for state in range(count):
                out[units * count + state] = out[state] + units * weight[term]
        count *= limit[term] + 1
    out[:count].sort()
    kept = 0
    for at in range(1, count):
        if kept == 0 or out[at] != out[kept - 1]:
            out[kept] = out[at]
            kept += 1
    return kept


@kernel
def _price_breaks(
    heaviest: int,
    tariff: int,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    out: Int64s,
) -> int:
    """List the weights up to `heaviest` after which a list's price changes; the last is `heaviest`."""
    kept = 0
    for at in range(tariff_ptr[tariff], tariff_ptr[tariff + 1]):
        first, end = list_ptr[tariff_list[at]], list_ptr[tariff_list[at] + 1]
        base = np.int64(0)
        while base < heaviest:
            for step in range(first, end):
                if base + list_weight[step] < heaviest:
                    if kept + 1 >= len(out):
                        return TOO_MANY_BREAKS
                    out[kept] = base + list_weight[step]
                    kept += 1
            base += list_weight[end - 1]
    out[kept] = heaviest
    kept += 1
    out[:kept].sort()
    return kept


@kernel
def _one_parcel_suffices(lo: Int64s, hi: Int64s, cost: Int64s, first: int, end: int, fixed: int) -> bool:
    """Say whether two parcels of a site can always be merged without paying more.

    Merging keeps every unit and frees a parcel of capacity. It pays for any two parcels if
    ``T(g + h) <= T(g) + T(h) + fixed`` for all weights that a content reaches; checked for pieces, with the
    dearest price that the sum of their weights may have.
    """
    for i in range(first, end):
        for j in range(i, end):
            for k in range(first, end):
                meets = lo[k] <= hi[i] + hi[j] and hi[k] >= lo[i] + lo[j]
                if meets and cost[k] > cost[i] + cost[j] + fixed:
                    return False
    return True


@kernel
def cut_pieces(
    site_tariff: Int32s,
    site_fixed: Int64s,
    term_ptr: Int64s,
    term_limit: Int64s,
    term_weight: Int64s,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
    piece_ptr: Int64s,
    lo: Int64s,
    hi: Int64s,
    cost: Int64s,
    is_single: np.ndarray,
) -> int:
    """Cut the price of every site into pieces; call once to count, and again to fill.

    site_tariff, site_fixed : int32[s], int64[s], the tariff and micros of handling a parcel.
    term_ptr, term_limit, term_weight : int64[s+1], int64[e], int64[e], the lines that a site can send: units
    at most, grams a unit.
    piece_ptr : int64[s+1], written: pieces of site s are piece_ptr[s]:piece_ptr[s+1].
    lo, hi, cost : int64[m], grams and micros, written where they are long enough: of length 0 in the first
    call, of length piece_ptr[-1] in the second.
    is_single : uint8[s], written in the second call: 1 where one parcel suffices.
    Returns 0, or 1 + the site whose price changes at more than BREAKS_MAX weights.
    """
    states = np.zeros(STATES_MAX, np.int64)
    breaks = np.zeros(BREAKS_MAX, np.int64)
    piece = np.int64(0)
    for site in range(len(site_tariff)):
        piece_ptr[site] = piece
        first, end, tariff = term_ptr[site], term_ptr[site + 1], site_tariff[site]
        count = _reachable_weights(first, end, term_limit, term_weight, states)
        weights, are_reachable = states, count > 0
        if not are_reachable:
            heaviest = np.int64(0)
            for term in range(first, end):
                heaviest += term_limit[term] * term_weight[term]
            count = _price_breaks(heaviest, tariff, tariff_ptr, tariff_list, list_ptr, list_weight, breaks)
            if count == TOO_MANY_BREAKS:
                return site + 1
            weights = breaks
        start, last_cost = piece, np.int64(-1)
        for at in range(count):
            price, _ = cheapest_list(
                weights[at], tariff, tariff_ptr, tariff_list, list_ptr, list_weight, list_cost
            )
            if at == 0 or price != last_cost:
                if piece < len(lo):
                    if are_reachable:
                        lo[piece] = weights[at]
                    else:
                        lo[piece] = 1 if at == 0 else weights[at - 1] + 1
                    cost[piece] = price
                piece += 1
                last_cost = price
            if piece <= len(lo):
                hi[piece - 1] = weights[at]
        if piece <= len(lo):
            is_single[site] = _one_parcel_suffices(lo, hi, cost, start, piece, site_fixed[site])
    piece_ptr[len(site_tariff)] = piece
    return 0


@kernel
def count_units(
    term_ptr: Int64s,
    term_limit: Int64s,
    term_weight: Int64s,
    piece_ptr: Int64s,
    piece_hi: Int64s,
    most_units: Int64s,
    is_tighter: np.ndarray,
) -> None:
    """Count the units that a parcel of each piece holds at most: the lightest first.

    most_units : int64[m], written.   is_tighter : uint8[s], written: 1 where some piece of the site holds
    fewer units in all than line by line.
    """
    for site in range(len(term_ptr) - 1):
        first, end = term_ptr[site], term_ptr[site + 1]
        by_weight = first + np.argsort(term_weight[first:end])
        is_tighter[site] = 0
        for piece in range(piece_ptr[site], piece_ptr[site + 1]):
            left, in_all, by_line = piece_hi[piece], np.int64(0), np.int64(0)
            for term in by_weight:
                fit = min(term_limit[term], left // term_weight[term])
                left -= fit * term_weight[term]
                in_all += fit
                by_line += min(term_limit[term], piece_hi[piece] // term_weight[term])
            most_units[piece] = in_all
            if in_all < by_line:
                is_tighter[site] = 1


@kernel
def list_contents(
    sites: Int64s,
    site_tariff: Int32s,
    term_ptr: Int64s,
    term_limit: Int64s,
    term_weight: Int64s,
    tariff_ptr: Int64s,
    tariff_list: Int32s,
    list_ptr: Int64s,
    list_weight: Int64s,
    list_cost: Int64s,
    content_cost: Int64s,
    entry_content: Int64s,
    entry_term: Int64s,
    entry_qty: Int64s,
) -> int:
    """List every content of some sites, the empty one aside, with its price.

    content_cost : int64[c], written: micros of transport.
    entry_content, entry_term, entry_qty : int64[e], written where they are long enough: the units of each
    content, those of one content side by side. Returns how many entries there are.
    """
    content, entry = np.int64(0), np.int64(0)
    for site in sites:
        first, end = term_ptr[site], term_ptr[site + 1]
        states = 1
        for term in range(first, end):
            states *= term_limit[term] + 1
        for state in range(1, states):
            rest, weight = state, np.int64(0)
            for term in range(first, end):
                qty = rest % (term_limit[term] + 1)
                rest //= term_limit[term] + 1
                weight += qty * term_weight[term]
                if qty > 0:
                    if entry < len(entry_qty):
                        entry_content[entry], entry_term[entry], entry_qty[entry] = content, term, qty
                    entry += 1
            if content < len(content_cost):
                content_cost[content], _ = cheapest_list(
                    weight, site_tariff[site], tariff_ptr, tariff_list, list_ptr, list_weight, list_cost
                )
            content += 1
    return entry
