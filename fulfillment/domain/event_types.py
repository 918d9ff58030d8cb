"""Every type of event that subscribers may get, with what its data tell.

A type keeps its meaning: members may be added to its data, none is taken away or changes its sense.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event.

    Attributes
    ----------
    subject : str
        What the event's subject is the id of.
    what : str
        What has happened.
    data : mapping
        An example of its data.
    """

    subject: str
    what: str
    data: Mapping[str, object]


_UNITS = [{"node_id": "store-17", "sku_id": "sku-204", "qty": 2}]
_HOLD = {
    "hold_id": "cart-81",
    "channel": "web",
    "customer_id": "c-5521",
    "expires_at": "2026-11-20T12:15:00+00:00",
    "units": _UNITS,
}
_SUPPLY = {
    "supply_id": "po-3308-1",
    "node_id": "warehouse-east",
    "sku_id": "sku-204",
    "due_on": "2026-11-27",
    "qty": 480,
    "promised": 0,
    "reference": "po-3308",
}
_LOST = {"node_id": "store-17", "sku_id": "sku-204", "qty": 1, "cause": "till", "reference": "receipt-9001"}
_PLACED = {
    "order_id": "web-100045",
    "channel": "web",
    "decision_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b0f",
    "units_left": 0,
    "units_cancelled": 0,
    "fulfillment_order_ids": ["01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11"],
}

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType(
    {
        "order.on_hold": EventType(
            "order",
            "An order was placed that waits for payment or fraud review, and nothing is decided.",
            {
                **_PLACED,
                "decision_id": None,
                "units_left": None,
                "units_cancelled": None,
                "fulfillment_order_ids": [],
            },
        ),
        "order.open": EventType(
            "order",
            "An order waits for its decision.",
            {
                **_PLACED,
                "decision_id": None,
                "units_left": None,
                "units_cancelled": None,
                "fulfillment_order_ids": [],
            },
        ),
        "order.allocated": EventType(
            "order",
            "An order was decided: nodes have work for every unit of it, but for `units_cancelled`, which an "
            "order that takes what there is goes without.",
            _PLACED,
        ),
        "order.back_ordered": EventType(
            "order",
            "An order was decided in part: `units_left` wait for stock. `decision_id` is null when it lost "
            "units and nothing of what it waits for is to be had elsewhere.",
            {**_PLACED, "units_left": 1},
        ),
        "order.rerouted": EventType(
            "order",
            "Units that an order lost, or that waited for stock, were given to nodes after a node had begun "
            "on another part of it; `units_left` wait on.",
            {name: it for name, it in _PLACED.items() if name != "units_cancelled"},
        ),
        "order.improved": EventType(
            "order",
            "A better plan for the order was found before any node began: other work replaces what is named "
            "first.",
            {
                "order_id": "web-100045",
                "decision_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b0f",
                "cancelled_fulfillment_order_ids": ["01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11"],
                "fulfillment_order_ids": ["01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b12"],
            },
        ),
        "order.changed": EventType(
            "order",
            "An order is delivered another way or elsewhere, and was decided anew for it; the fulfillment "
            "orders are those that stand now.",
            _PLACED,
        ),
        "order.cancelled": EventType(
            "order",
            "An order was cancelled, and with it these fulfillment orders; their units are free again.",
            {
                "order_id": "web-100045",
                "channel": "web",
                "fulfillment_order_ids": ["01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11"],
            },
        ),
        "order.units_lost": EventType(
            "order",
            "Units that the order was promised at a node are gone: sold at its till, or missing in a count. "
            "They are routed to another node, or wait for stock.",
            {
                **_LOST,
                "order_id": "web-100045",
                "fulfillment_order_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11",
                "line_no": 1,
            },
        ),
        "fulfillment_order.released": EventType(
            "order",
            "The window of a node's work is over: the node may begin, and the decision stands.",
            {
                "order_id": "web-100045",
                "fulfillment_order_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11",
                "node_id": "store-17",
                "method": "SHIPPING",
            },
        ),
        "hold.opened": EventType("hold", "Units were reserved.", _HOLD),
        "hold.changed": EventType("hold", "A hold reserves other units, or for another time.", _HOLD),
        "hold.released": EventType("hold", "A hold gave its units back before it expired.", _HOLD),
        "hold.expired": EventType(
            "hold",
            "A hold's time was over, and its units were given back. Told when that is done, which may be "
            "later than the moment from which they counted as available.",
            {"hold_id": "cart-81", "units": _UNITS},
        ),
        "hold.units_lost": EventType(
            "hold",
            "Units of a hold are gone: sold at the till, or missing in a count.",
            {**_HOLD, "lost": _LOST},
        ),
        "stock.unclaimed_units_lost": EventType(
            "position, as `node_id/sku_id`",
            "Units that the books had given away were taken, and nobody was found who had them.",
            _LOST,
        ),
        "supply.announced": EventType("supply", "Units are under way to a node.", _SUPPLY),
        "supply.changed": EventType("supply", "A supply is due on another day, or of other units.", _SUPPLY),
        "supply.received": EventType(
            "supply",
            "Units of a supply are on the shelf; `qty` are still under way unless it is complete.",
            {**_SUPPLY, "qty": 240, "received": 240, "is_complete": False},
        ),
        "supply.cancelled": EventType("supply", "The units of a supply will not come.", _SUPPLY),
        "buffer.changed": EventType(
            "rule, as `node_id/sku_id/channel` with a star for any",
            "A safety stock or a channel's buffer was set; `qty` is null when it was withdrawn.",
            {"node_id": "store-17", "sku_id": None, "channel": "marketplace", "qty": 2},
        ),
        "webhook.disabled": EventType(
            "webhook",
            "An endpoint has failed for too long, or said that it is gone (410). Its events wait.",
            {
                "webhook_id": "warehouse-system",
                "reason": "it has failed since …: HTTP 500",
                "cursor": "2fe-1c",
            },
        ),
        "webhook.event_passed_over": EventType(
            "webhook",
            "An endpoint has refused one event for too long while it took others; the event was passed over. "
            "A replay from before its cursor tells it again.",
            {
                "webhook_id": "warehouse-system",
                "event_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b10",
                "event_subject": "web-100045",
                "cursor": "2fe-1b",
                "reason": "HTTP 422",
            },
        ),
    }
)
