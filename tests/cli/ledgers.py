"""What the tests of `import`, `plan --db` and `demo` share: days, the command line, and what must hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select
from typer.testing import CliRunner, Result

from fulfillment.cli.app import app
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.write import write_scenario
from fulfillment.store.engine import open_engine
from fulfillment.store.entries import audit, balances
from fulfillment.store.schema import metadata
from fulfillment.store.schema.orders import fulfillment_order_line, order_line, orders, parcel_line
from fulfillment.store.schema.planning import decision

TINY = GeneratorParams(orders=60, stores=6, warehouses=1, vendors=1, skus=25, postal_codes=30, scarcity=0.5)


def write_day(folder: Path, seed: int = 7) -> Path:
    """Write a small day of which some units cannot be filled."""
    write_scenario(generate(TINY, seed), folder)
    return folder


def run(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@contextmanager
def connect(database: str | Path) -> Iterator[Connection]:
    """Look into a ledger."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def rows(database: str | Path) -> dict[str, int]:
    """Count the rows of every table."""
    with connect(database) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def states(database: str | Path) -> dict[str, int]:
    """Count the orders of each state."""
    counted = select(orders.c.state, func.count()).group_by(orders.c.state)
    with connect(database) as connection:
        return {state: count for state, count in connection.execute(counted)}


def assert_sound(database: str | Path) -> int:
    """Entries replay to the balances, nothing is below zero or promised twice; return the units committed.

    What is committed in stock is what lines were allocated, what nodes were told, and what parcels hold.
    """
    with connect(database) as connection:
        assert audit(connection).disagreements == ()
        committed = sum(balance.committed for balance in balances(connection).values())
        for column in (order_line.c.allocated, fulfillment_order_line.c.qty, parcel_line.c.qty):
            assert connection.execute(select(func.coalesce(func.sum(column), 0))).scalar_one() == committed
        over = select(order_line).where(order_line.c.allocated > order_line.c.qty)
        assert connection.execute(over).all() == []
        decided = connection.scalars(select(decision.c.order_id)).all()
        waiting = select(orders.c.order_id).where(orders.c.state == "open")
        assert not set(decided) & set(connection.scalars(waiting))
    return committed
