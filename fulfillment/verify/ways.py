"""Ways to serve whole orders: the one of its own row, and for flexible orders the alternatives beside it."""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.files import (
    Bools,
    Floats,
    Ints,
    Table,
    UnusableInput,
    find,
    positions,
    require_distinct,
)

METHODS = ("SHIPPING", "PICK_UP", "LOCAL")
OWN_WAY = -1
NUMBERS_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way of every order, sorted by order, its own first. Axes: ``o`` orders, ``w`` ways."""

    ptr: Ints  # [o+1]
    order: Ints  # [w]
    number: Ints  # [w] as alternatives number it; OWN_WAY
    method: list[str]  # [w]
    pickup_node: Ints  # [w] -1 but for PICK_UP
    lat: Floats  # [w] of the destination
    lon: Floats  # [w]


@dataclass(frozen=True, slots=True)
class Points:
    """Where orders can end: rows of nodes for pickups, postal codes for the rest."""

    node_id: list[str]
    node_lat: Floats
    node_lon: Floats
    postal_code: list[str]
    postal_lat: Floats
    postal_lon: Floats


def read_ways(orders: Table, alternatives: Table | None, order_id: list[str], points: Points) -> Ways:
    """Read how orders may be served.

    Raises
    ------
    UnusableInput
        When a way has no clear meaning.
    """
    of_order = np.arange(len(order_id))
    codes = orders.texts("postal_code", optional=True)
    method, pickup, place = _read_ends(orders, points, codes)
    number = np.full(len(order_id), OWN_WAY)
    if alternatives is not None:
        further = positions(alternatives, "order_id", order_id, alternatives.texts("order_id"))
        numbers = alternatives.wholes("alternative", least=0, most=NUMBERS_MAX)
        keys = list(zip(further.tolist(), numbers.tolist(), strict=True))
        require_distinct(alternatives, "an order's alternative", keys)
        its_method, its_pickup, its_place = _read_ends(
            alternatives, points, [codes[at] for at in further.tolist()]
        )
        of_order, number = np.append(of_order, further), np.append(number, numbers)
        pickup, place, method = (
            np.append(pickup, its_pickup),
            np.append(place, its_place),
            method + its_method,
        )
    by_order = np.lexsort((number, of_order))
    collected, pickup, place = pickup[by_order] >= 0, pickup[by_order], place[by_order]
    # -1, where it isn't needed, reads the last entry; the other arm of `where` is taken there.
    return Ways(
        ptr=np.searchsorted(of_order[by_order], np.arange(len(order_id) + 1)).astype(np.int64),
        order=of_order[by_order],
        number=number[by_order],
        method=[method[at] for at in by_order.tolist()],
        pickup_node=pickup,
        lat=np.where(collected, points.node_lat[pickup], points.postal_lat[place]),
        lon=np.where(collected, points.node_lon[pickup], points.postal_lon[place]),
    )


def _read_ends(table: Table, points: Points, codes: list[str]) -> tuple[list[str], Ints, Ints]:
    """Read method, pickup node and place of each row; of the two latter the one it needs, else -1."""
    method = table.texts("method")
    unknown = sorted(set(method) - set(METHODS))
    if unknown:
        raise UnusableInput(f"{table.file}: method {unknown[0]!r} is not known")
    is_pickup = np.array([name == "PICK_UP" for name in method], np.bool_)
    named = table.texts("pickup_node_id", optional=True)
    node = _find_needed(table, "pickup_node_id", points.node_id, named, is_pickup)
    return method, node, _find_needed(table, "postal_code", points.postal_code, codes, ~is_pickup)


def _find_needed(table: Table, what: str, names: list[str], wanted: list[str], needed: Bools) -> Ints:
    """Look up references that only some rows must have; -1 for the others."""
    at = find(names, wanted)
    lacking = np.flatnonzero(needed & (at < 0))
    if len(lacking):
        raise UnusableInput(f"{table.file}: {what} {wanted[lacking[0]]!r} is not known")
    return np.where(needed, at, -1)
