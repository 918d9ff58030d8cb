"""The fulfilment service: one ledger of stock, promises, routing and planning on it."""

__version__ = "0.1.0"
