"""Who may do what: the scopes that an API key can have."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key opens. None includes another: a key that reads and places orders has both."""

    READ = "read"
    ORDERS = "orders"
    INVENTORY = "inventory"
    STORES = "stores"
    ADMIN = "admin"
