"""Read the network and the stock view from the ledger, as they stand at one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.policy import Policy
from fulfillment.live.network import LiveNetwork
from fulfillment.live.stock_view import ExpiringUnits, StockView
from fulfillment.planning.from_ledger import nodes_of, postal_codes_of, rates_of, skus_of
from fulfillment.scenario.tables import Kits, Skus
from fulfillment.store.buffers import read_rules
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.changes import Changes, read_changes
from fulfillment.store.columns import KitColumns
from fulfillment.store.feed import head
from fulfillment.store.live_reads import newest_plan, read_balances, read_expiring, read_prices
from fulfillment.store.network_reads import (
    read_closed_dates,
    read_kits,
    read_nodes,
    read_policy_toml,
    read_postal_codes,
    read_price_lists,
    read_skus,
)
from fulfillment.store.recipes import recipes_known_at
from fulfillment.store.transaction import read_snapshot

EXPIRY_AHEAD = timedelta(seconds=30)
"""How far ahead the view knows which holds will expire; longer than it takes to look again."""


@dataclass(frozen=True, slots=True)
class LiveWorld:
    """A network, a view that counts by it, and what of the ledger they show.

    Attributes
    ----------
    cursor : Cursor
        All entries up to it are in the view.
    changes : Changes
        Of the reference data and the buffers, that are in them.
    plan_id : str or None
        The plan whose prices the view has.
    """

    network: LiveNetwork
    view: StockView
    cursor: Cursor
    changes: Changes
    plan_id: str | None


def load_live(engine: Engine, clock: Clock) -> LiveWorld:
    """Read everything that decisions depend on, at one moment of the ledger."""
    now = clock.now()
    return read_snapshot(engine, lambda connection: _read(connection, now))


def expiring_units(connection: Connection, now: datetime) -> list[ExpiringUnits]:
    """Read the units of active holds that have expired by `now`, or will soon."""
    return [ExpiringUnits(*row) for row in read_expiring(connection, now + EXPIRY_AHEAD)]


def _read(connection: Connection, now: datetime) -> LiveWorld:
    # The cursor first: whatever is seen twice, here and after the cursor, is recognised by its version.
    cursor = head(connection)
    skus = skus_of(read_skus(connection))
    policy_toml = read_policy_toml(connection)
    network = LiveNetwork(
        nodes_of(read_nodes(connection)),
        skus,
        postal_codes_of(read_postal_codes(connection)),
        rates_of(read_price_lists(connection)),
        Policy.default() if policy_toml is None else Policy.from_toml(policy_toml),
        _kits(read_kits(connection), skus),
        read_closed_dates(connection),
        recipes_known_at(connection),
    )
    view = StockView(network, read_rules(connection))
    balances = read_balances(connection)
    view.load(balances.node_id, balances.sku_id, balances.available, balances.version, str(cursor))
    view.replace_holds(expiring_units(connection, now), now)
    view.replace_capacity(read_capacity_use(connection, now.date() - timedelta(days=1)))
    plan_id = newest_plan(connection)
    if plan_id is not None:
        prices = read_prices(connection, plan_id)
        view.replace_prices(prices.stock, prices.nodes)
    return LiveWorld(network, view, cursor, read_changes(connection), plan_id)


def _kits(kits: KitColumns, skus: Skus) -> Kits:
    """Find the components of kits by number."""
    sku = {sku_id: s for s, sku_id in enumerate(skus.sku_id)}
    rows = [
        (sku[kit], sku[component], qty)
        for kit, component, qty in zip(kits.kit_sku_id, kits.sku_id, kits.qty, strict=True)
    ]
    columns = np.array(sorted(rows), np.int64).reshape(-1, 3)
    return Kits(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy())
