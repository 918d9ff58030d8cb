"""The ways to plan a day: the optimiser, and the rules it is measured against."""

from collections.abc import Callable

import numpy as np

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import NodeKind
from fulfillment.network.distance import unit_vectors
from fulfillment.planning.build import BuiltProblem
from fulfillment.scenario.tables import Scenario
from solver.baselines import BASELINES, solve_by_rule
from solver.baselines.places import Places
from solver.solve import Result
from solver.stop import Progress

OPTIMAL = "optimal"
METHODS: dict[str, str] = {
    OPTIMAL: "the whole day at once, with a proof of how good the plan is",
    **{name: baseline.summary for name, baseline in BASELINES.items()},
}
KINDS_BY_RANK = (NodeKind.WAREHOUSE, NodeKind.STORE, NodeKind.VENDOR)
"""The sequence in which rules prefer kinds of node."""


def require_method(name: str) -> None:
    """Refuse a method that does not exist.

    Raises
    ------
    InvalidRequest
        It lists those that do, one line each.
    """
    if name in METHODS:
        return
    listed = "".join(f"\n  {known:<14}  {summary}" for known, summary in METHODS.items())
    raise InvalidRequest(
        f"there is no method {name!r}",
        remedy=f"the methods are{listed}",
        key="method",
        value=name,
        methods=list(METHODS),
    )


def plan_by_rule(
    method: str,
    scenario: Scenario,
    built: BuiltProblem,
    threads: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Plan by a rule of `METHODS`, told where nodes and customers are."""
    return solve_by_rule(method, built.problem, places_of(scenario, built), threads, on_progress)


def places_of(scenario: Scenario, built: BuiltProblem) -> Places:
    """Say where a problem's nodes and destinations are, and what kind each node is."""
    nodes, to = scenario.nodes, built.destinations
    return Places(
        destination=unit_vectors(to.lat, to.lon),
        node=unit_vectors(nodes.lat, nodes.lon),
        node_kind=np.array([KINDS_BY_RANK.index(NodeKind(kind)) for kind in nodes.kind], np.int64),
        own_node=to.pickup_node,
    )
