"""Alembic's steps from one schema to the next; `fulfillment.store.migrate` runs them."""
