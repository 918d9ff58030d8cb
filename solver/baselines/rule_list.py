"""A list of rules, each breaking the ties of the one before it.

How the routing of larger order systems is set up by hand: an administrator sorts rules such as "the store
where it is collected", "fill the order from one place", "warehouses before stores before vendors", "nearest",
"the fullest shelf" into a list, and every order goes down the list. It says what the retailer wants in words
that he can check, but a rule above always beats any amount of a rule below: a warehouse on the other coast
comes before the store around the corner when kind stands above distance.
"""

from dataclasses import dataclass
from enum import StrEnum

from solver.baselines.node_by_node import DISTANCE, KIND, LOW_STOCK, NOT_FILLED, NOT_OWN, node_by_node
from solver.baselines.places import Places
from solver.baselines.run import Server
from solver.problem import AllocationProblem


class Rule(StrEnum):
    """What a rule puts first."""

    OWN_STOCK = "own stock of the node where the customer collects"
    MOST_FILLED = "the node that can fill most units of the order"
    KIND = "warehouses, then stores, then vendors"
    NEAREST = "the nearest node"
    MOST_STOCK = "the node with most units left of what is wanted"


_SIGHTS = {
    Rule.OWN_STOCK: NOT_OWN,
    Rule.MOST_FILLED: NOT_FILLED,
    Rule.KIND: KIND,
    Rule.NEAREST: DISTANCE,
    Rule.MOST_STOCK: LOW_STOCK,
}


@dataclass(frozen=True, slots=True)
class RuleListParams:
    """The list; the first rule decides, each later one only what is still tied."""

    rules: tuple[Rule, ...] = (
        Rule.OWN_STOCK,
        Rule.MOST_FILLED,
        Rule.KIND,
        Rule.NEAREST,
        Rule.MOST_STOCK,
    )

    def __post_init__(self) -> None:
        if not self.rules or len(set(self.rules)) < len(self.rules):
            raise ValueError("a rule list names at least one rule, and each rule once")


def rule_list(problem: AllocationProblem, places: Places, params: RuleListParams | None = None) -> Server:
    """Rank nodes by the rules of a list; what they all leave tied goes to the node that stands first."""
    params = params or RuleListParams()
    return node_by_node(problem, places, tuple(_SIGHTS[rule] for rule in params.rules))
