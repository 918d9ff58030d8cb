"""Golden cases: small enough to check by hand, written in a retailer's words.

A case is a folder with `problem.json` and `expected.json`. What a problem does not name has the defaults of
`tests.planning.days`: nodes on one spot, 600 cents a parcel, 6,000 cents a unit left unfilled. What is
expected names what must be so and leaves out what may be either way. `without_the_policy` expects the same of
a plan of that day under the default policy.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fulfillment.domain.policy import Policy
from fulfillment.scenario.tables import Scenario
from tests.planning.days import day, node, order

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    scenario: Scenario
    policy: Policy
    expected: dict[str, Any]


def case_names() -> list[str]:
    return sorted(path.parent.name for path in HERE.glob("*/problem.json"))


def load_case(name: str) -> Case:
    problem = json.loads((HERE / name / "problem.json").read_text(encoding="utf-8"))
    expected = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    nodes = {
        node_id: node(**{key: value for key, value in row.items() if key != "stock"})
        for node_id, row in problem["nodes"].items()
    }
    stock = {
        (node_id, sku): units
        for node_id, row in problem["nodes"].items()
        for sku, units in row.get("stock", {}).items()
    }
    orders = {
        order_id: order(
            *((sku, qty) for sku, qty in row["lines"]),
            **{key: value for key, value in row.items() if key not in ("lines", "alternatives")},
            alternatives=tuple(map(tuple, row.get("alternatives", ()))),
        )
        for order_id, row in problem["orders"].items()
    }
    policy = Policy.from_toml(problem["policy_toml"]) if "policy_toml" in problem else Policy.default()
    scenario = day(nodes, stock, orders, kits=problem.get("kits"))
    return Case(name, problem["about"], scenario, policy, expected)
