"""What the ledger keeps of a plan."""

from collections.abc import Mapping

import numpy as np

from fulfillment.planning.cost import to_cents
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.scenario.tables import MICROS_PER_CENT
from fulfillment.store.plans import PlanHead
from fulfillment.store.schema.network import EVERY_DAY


def plan_head(day: PlannedDay, plan_id: str, manifest: Mapping[str, object]) -> PlanHead:
    """Say what the ledger keeps of a plan: what it costs under its policy, and the prices that prove it.

    Prices of zero are left out; a price that is not there is zero.
    """
    problem, prices = day.built.problem, day.result.prices
    node_id, sku_id = day.scenario.nodes.node_id, day.scenario.skus.sku_id
    sku_of_row = day.built.items.stock_sku
    return PlanHead(
        plan_id=plan_id,
        policy_digest=day.policy.digest,
        total_cents=round(to_cents(day.result.cost)),
        lower_bound_cents=day.result.lower_bound // MICROS_PER_CENT,
        manifest=manifest,
        stock_prices=[
            (node_id[problem.pos_node[k]], sku_id[sku_of_row[k]], int(prices.stock[k]))
            for k in np.flatnonzero(prices.stock).tolist()
        ],
        capacity_prices=[
            (node_id[k], EVERY_DAY, int(prices.capacity[k])) for k in np.flatnonzero(prices.capacity).tolist()
        ],
    )
