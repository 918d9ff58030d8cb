"""The tables, a file for each story; importing this package fills the one `metadata`."""

from fulfillment.store.schema import access, catalogue, messaging, network, orders, planning, stock
from fulfillment.store.schema.base import metadata

__all__ = ["access", "catalogue", "messaging", "metadata", "network", "orders", "planning", "stock"]
