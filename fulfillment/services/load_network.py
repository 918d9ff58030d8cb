"""Load the network and the catalogue: a new version of each row that differs from the current one."""

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.store import network
from fulfillment.store.columns import RetailDay
from fulfillment.store.transaction import run_in_transaction


def load_network(engine: Engine, day: RetailDay, *, clock: Clock) -> int:
    """Load nodes, SKUs, postal codes, rates and safety stocks in one transaction.

    What the ledger knows and `day` does not name stays as it is; the price list alone is replaced as a whole.

    Returns
    -------
    int
        New versions; 0 when the ledger knew all of it.
    """
    now = clock.now()

    def story(connection: Connection) -> int:
        return (
            network.put_nodes(connection, day.nodes, now)
            + network.put_skus(connection, day.skus, now)
            + network.put_postal_codes(connection, day.postal_codes, now)
            + network.put_rates(connection, day.rates, now)
            + network.put_safety_stock(connection, day.stock, now)
        )

    return run_in_transaction(engine, story)
