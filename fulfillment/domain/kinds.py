"""The closed lists of the field: what kinds of node there are, and how a customer gets the goods."""

from enum import StrEnum


class NodeKind(StrEnum):
    """What a place is."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    VENDOR = "vendor"  # a marketplace vendor who ships his own stock


class Method(StrEnum):
    """How the goods reach the customer, named as the commerce world does."""

    SHIPPING = "SHIPPING"
    PICK_UP = "PICK_UP"  # collected at a node, from its own stock or brought there by transfer
    LOCAL = "LOCAL"  # same-day delivery
    RETAIL = "RETAIL"  # carried out at the till
