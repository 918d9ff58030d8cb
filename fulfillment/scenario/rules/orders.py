"""Rules for orders: where they go, how, and by when."""

from typing import Final

import numpy as np
import pyarrow as pa

from fulfillment.scenario import limits
from fulfillment.scenario.cells import (
    MISSING,
    is_blank,
    read_choice,
    read_ids,
    read_text,
    read_whole,
    to_list,
)
from fulfillment.scenario.keys import find_positions, flag_repeated_ids
from fulfillment.scenario.moments import read_times
from fulfillment.scenario.problems import Severity
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import METHODS, NO_INDEX, Bools, Ints, Nodes, Orders, PostalCodes, Times

ORDINARY_PRIORITY: Final = 3  # of an order that names none


def read_orders(sheet: Sheet, nodes: Nodes, postal_codes: PostalCodes) -> Orders:
    """Read orders and report what is wrong with them."""
    order_id = read_ids(sheet, "order_id")
    flag_repeated_ids(sheet, "order_id", order_id)
    method = read_choice(sheet, "method", METHODS)
    # Of an order whose method is not known neither is true.
    is_pickup = np.array([word == "PICK_UP" for word in method], np.bool_)
    is_delivery = np.array([word in METHODS for word in method], np.bool_) & ~is_pickup
    placed_at = read_times(sheet, "placed_at")
    promise_by = read_times(sheet, "promise_by", optional=True)
    _check_promises(sheet, placed_at, promise_by)
    return Orders(
        order_id=to_list(order_id),
        placed_at=placed_at,
        channel=to_list(read_text(sheet, "channel")),
        postal=_read_postal(sheet, postal_codes, is_delivery),
        method=method,
        service=to_list(read_text(sheet, "service")),
        pickup_node=read_pickup_nodes(
            sheet, nodes, is_pickup, is_delivery, "a PICK_UP order", "the order cannot be filled"
        ),
        promise_by=promise_by,
        priority=read_whole(
            sheet, "priority", least=-limits.NUMBERS, most=limits.NUMBERS, blank=ORDINARY_PRIORITY
        ),
        customer_id=to_list(read_text(sheet, "customer_id")),
    )


def warn_without_lines(sheet: Sheet, orders: Orders, lines_of: Ints) -> None:
    """Warn of orders that nothing was ordered with.

    lines_of : int64[line], the order of every line.
    """
    has_line = np.zeros(len(orders), np.bool_)
    has_line[lines_of[lines_of != NO_INDEX]] = True
    sheet.flag(
        "order_id", ~has_line, "the order has no lines", "Add its lines, or drop it.", Severity.WARNING
    )


def _check_promises(sheet: Sheet, placed_at: Times, promise_by: Times) -> None:
    sheet.flag(
        "promise_by",
        promise_by < placed_at,  # never true beside a NaT
        "the promise is before the placement",
        "Correct placed_at or promise_by; leave promise_by blank where there is no deadline.",
    )


def _read_postal(sheet: Sheet, postal_codes: PostalCodes, is_delivery: Bools) -> Ints:
    codes = read_ids(sheet, "postal_code", optional=True)
    if sheet.has("postal_code"):
        sheet.flag(
            "postal_code",
            is_blank(codes) & is_delivery,
            MISSING,
            "Write where to deliver to; only a PICK_UP order may leave it blank.",
        )
    return find_positions(sheet, "postal_code", codes, postal_codes.postal_code, "postal_codes")


def read_pickup_nodes(
    sheet: Sheet, nodes: Nodes, is_pickup: Bools, is_delivery: Bools, a_pickup: str, left_without: str
) -> Ints:
    """Read where customers collect, which the rows of PICK_UP must name.

    Parameters
    ----------
    sheet, nodes
        Where to read, and what the identifiers refer to.
    is_pickup, is_delivery : bool[row]
        Rows of PICK_UP and of the other methods; neither, where the method is not known.
    a_pickup, left_without : str
        Words for a row of PICK_UP, and for what comes of a node without pickup.

    Returns
    -------
    int64[row], NO_INDEX where nothing is collected or the node is not known
    """
    ids = read_ids(sheet, "pickup_node_id", optional=True)
    given = ~is_blank(ids)
    if sheet.has("pickup_node_id"):
        sheet.flag(
            "pickup_node_id",
            is_pickup & ~given,
            f"{a_pickup} names no pickup node",
            "Write the node where the customer collects.",
        )
    sheet.flag(
        "pickup_node_id",
        given & is_delivery,
        f"only {a_pickup} has a pickup node; it is ignored",
        "Leave it blank, or make the method PICK_UP.",
        Severity.WARNING,
    )
    ids_of_pickups = pa.array(np.where(is_pickup, ids.to_numpy(zero_copy_only=False), ""), pa.large_string())
    at = find_positions(sheet, "pickup_node_id", ids_of_pickups, nodes.node_id, "nodes")
    no_pickup = (at != NO_INDEX) & ~np.append(nodes.pickup, True)[at]  # NO_INDEX reads the appended one
    sheet.flag(
        "pickup_node_id",
        no_pickup,
        f"the node offers no pickup, so {left_without}",
        "Set the node's pickup to True, or name another node.",
        Severity.WARNING,
    )
    return at
