"""The verifier's bound is the solver's, to the micro, and that of blind enumeration.

The two share no code and are built differently: the solver relaxes and repairs, the verifier walks the nodes
one by one. Where they agree on days like these, at random prices, both are right or wrong in the same way;
the enumeration has no way to go wrong in.
"""

from pathlib import Path

import numpy as np
import pytest

from fulfillment.domain.policy import Policy
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import Scenario
from fulfillment.scenario.write import write_scenario
from fulfillment.verify import bound as bound_of
from fulfillment.verify import order_minimum
from fulfillment.verify.clocks import transit_days
from fulfillment.verify.day import read_day
from fulfillment.verify.findings import Findings
from fulfillment.verify.plan import read_prices
from fulfillment.verify.transport import Transport
from solver.prices import limited_capacity, lower_bound
from tests.solver.twin import enumerate_plans
from tests.verify.small_days import random_day, random_prices, write_random_prices


def verified_bound(folder: Path, scenario: Scenario, built: BuiltProblem, *prices: np.ndarray) -> int:
    """Write the day and the prices, and let the verifier read them back."""
    write_scenario(scenario, folder)
    write_random_prices(folder, scenario, built, *prices)
    read, findings = read_day(folder), Findings()
    of_folder = read_prices(folder, read, findings)
    assert of_folder is not None
    days = transit_days(read.nodes, read.orders)
    bound = bound_of.lower_bound(read, Transport.of(read.rates), days, of_folder, findings)
    assert bound is not None
    assert findings.all() == ()
    return bound


def both_bounds(folder: Path, scenario: Scenario, rng: np.random.Generator) -> tuple[int, int]:
    built = build_problem(scenario, Policy.default())
    prices = random_prices(rng, built)
    return verified_bound(folder, scenario, built, *prices), lower_bound(built.problem, *prices)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_solvers_bound_on_awkward_days(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    scenario = random_day(rng, n_nodes=6, n_orders=25, n_skus=7, lines=4, qty=3)
    verified, solved = both_bounds(tmp_path, scenario, rng)
    assert verified == solved


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_solvers_bound_where_orders_are_too_large_to_search(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    scenario = random_day(rng, n_nodes=6, n_orders=12, n_skus=12, lines=7, qty=9)
    problem = build_problem(scenario, Policy.default()).problem
    states = [
        int(np.prod(problem.line_qty[a:b] + 1))
        for a, b in zip(problem.order_ptr[:-1], problem.order_ptr[1:], strict=True)
    ]
    assert min(states) <= order_minimum.STATES_MAX < max(states)
    verified, solved = both_bounds(tmp_path, scenario, rng)
    assert verified == solved


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_solvers_bound_on_a_retailers_day(seed: int, tmp_path: Path) -> None:
    params = GeneratorParams(
        orders=150, stores=12, warehouses=1, vendors=2, skus=30, postal_codes=40, scarcity=0.5
    )
    verified, solved = both_bounds(tmp_path, generate(params, seed), np.random.default_rng(seed))
    assert verified == solved


def enumerated_bound(built: BuiltProblem, stock: np.ndarray, capacity: np.ndarray) -> int:
    p = built.problem
    minima = (
        enumerate_plans(p, order, p.pos_free, p.node_capacity, stock, capacity) for order in range(p.n_orders)
    )
    return sum(minima) - int(stock @ p.pos_free) - int(capacity @ limited_capacity(p))


def tiny_day(seed: int) -> Scenario:
    return random_day(np.random.default_rng(seed), n_nodes=3, n_orders=4, n_skus=2, lines=2, qty=2)


@pytest.mark.parametrize("seed", range(25))
def test_it_is_the_bound_of_blind_enumeration(seed: int, tmp_path: Path) -> None:
    scenario = tiny_day(seed)
    built = build_problem(scenario, Policy.default())
    prices = random_prices(np.random.default_rng(seed), built)
    assert verified_bound(tmp_path, scenario, built, *prices) == enumerated_bound(built, *prices)


def differing_days(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, twin: object) -> int:
    """Count the tiny days on which a broken part gives another bound than enumeration."""
    # Compiled kernels call each other directly: run as plain Python, they can be exchanged.
    for kernel in ("find_candidates", "count_states", "bound_unit_by_unit", "least_cost", "list_counts",
                   "list_complements", "price_offers", "price_parcel", "order_of_walk", "compose_parcels",
                   "serve", "find_gain"):  # fmt: skip
        monkeypatch.setattr(order_minimum, kernel, getattr(order_minimum, kernel).py_func)
    monkeypatch.setattr(bound_of, "order_minima", order_minimum.order_minima.py_func)
    monkeypatch.setattr(order_minimum, name, twin)
    differing = 0
    for seed in range(25):
        scenario = tiny_day(seed)
        built = build_problem(scenario, Policy.default())
        prices = random_prices(np.random.default_rng(seed), built)
        at = folder / str(seed)
        at.mkdir()
        differing += verified_bound(at, scenario, built, *prices) != enumerated_bound(built, *prices)
    return differing


def test_a_node_that_sends_one_parcel_only_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The broken twin: two parcels from one node are never tried."""
    assert differing_days(monkeypatch, tmp_path, "compose_parcels", lambda *_: None) > 0


def test_gains_that_go_stale_are_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The broken twin: a node is passed over on what it could have lowered at the start only, halved."""

    def halved(f: np.ndarray, gain: np.ndarray, *_: object) -> None:
        gain //= 2

    assert differing_days(monkeypatch, tmp_path, "find_gain", halved) > 0


def test_nothing_exchanged_nothing_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    same = order_minimum.find_gain.py_func
    assert differing_days(monkeypatch, tmp_path, "find_gain", same) == 0
