"""The fulfilment service: one ledger of stock, promises, routing and planning on it."""
