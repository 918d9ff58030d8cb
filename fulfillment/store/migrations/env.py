"""What Alembic runs: the steps, on the connection that `fulfillment.store.migrate` gives."""

from alembic import context

from fulfillment.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a table in place; batch mode copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
