"""Tell the ledger about nodes: a new version of each that differs from the current one."""

from collections.abc import Sequence

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.network import Node
from fulfillment.store import network
from fulfillment.store.transaction import run_in_transaction


def put_nodes(engine: Engine, nodes: Sequence[Node], *, clock: Clock) -> int:
    """Add a version of each node that has changed, and return how many; the same nodes again add none."""
    now = clock.now()
    return run_in_transaction(engine, lambda connection: network.put_node_facts(connection, nodes, now))
