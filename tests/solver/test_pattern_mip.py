"""The integer program of one order: as good as the exact search, and its bound never above the truth."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from solver import pattern_mip, price_ladder
from solver.arrays import ProblemArrays, Scratch
from solver.one_order import OneOrder, PriceList, Sender, StockRow, Supply, Tail, read_order, ways_of
from solver.pattern_mip import Parcel, PatternPlan, plan_cost, solve_order
from solver.problem import OWN_WAY, UNLIMITED_PARCELS, AllocationProblem
from solver.search import search_order
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules

PLENTY = 20.0  # deterministic seconds; these orders take thousandths of one


def random_order(seed: int, severity: str) -> tuple[AllocationProblem, np.ndarray, np.ndarray]:
    """One order of at most three lines of four units, and prices, at every second seed above zero."""
    rng = np.random.default_rng(seed)
    p = random_problem(rng, n_nodes=int(rng.integers(1, 6)), lines_max=3, qty_max=4, stock_max=5)
    match severity:
        case "prices fall with the weight":
            p = replace(p, list_cost=rng.integers(0, 60, len(p.list_cost)))
        case "several parcels pay":
            p = replace(p, list_cost=p.list_weight**2 // 8, node_parcel_cost=rng.integers(0, 4, p.n_nodes))
        case "weights on the steps":
            steps = 10 * (1 + np.arange(len(p.list_weight)) - np.repeat(p.list_ptr[:-1], np.diff(p.list_ptr)))
            p = replace(p, sku_weight=rng.integers(9, 12, p.n_skus), list_weight=steps.astype(np.int64))
        case "nothing left":
            p = replace(p, pos_free=p.pos_free * (seed % 2), node_capacity=p.node_capacity * (1 - seed % 2))
    scale = seed % 2
    return p, rng.integers(0, 30, p.n_stock) * scale, rng.integers(0, 20, p.n_nodes) * scale


def both(
    p: AllocationProblem, pos_price: np.ndarray, node_price: np.ndarray
) -> tuple[int, PatternPlan, OneOrder]:
    """Return the optimum by the exact search, and what the integer program found."""
    arrays = ProblemArrays.of(p)
    scratch = Scratch.for_problem(p)
    least = search_order(0, arrays, p.pos_free, p.node_capacity, pos_price, node_price, scratch)[0]
    supply = Supply(p.pos_free, p.node_capacity, pos_price, node_price, with_tails=False)
    order = read_order(0, OWN_WAY, arrays, supply)
    return least, solve_order(order, PLENTY), order


SEVERITIES = [
    "ordinary",
    "prices fall with the weight",
    "several parcels pay",
    "weights on the steps",
    "nothing left",
]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_it_finds_and_proves_what_the_exact_search_finds(severity: str) -> None:
    """80 orders of each kind. Beside the costs, its plan is feasible and costs what it says."""
    seen = Counter[str]()
    for seed in range(80):
        p, *prices = random_order(seed, severity)
        least, found, order = both(p, *prices)
        assert found.cost == least == found.lower_bound, seed
        assert_feasible(order, found.parcels)
        assert plan_cost(order, found.parcels) == found.cost
        parcels_of = Counter(parcel.sender for parcel in found.parcels)
        seen["sent"] += len(parcels_of) > 0
        seen["several from one node"] += max(parcels_of.values(), default=0) > 1
    assert seen["sent"] > 0 or severity == "nothing left"
    assert seen["several from one node"] > 0 or severity != "several parcels pay"


def assert_feasible(order: OneOrder, parcels: tuple[Parcel, ...]) -> None:
    sent = Counter[int]()
    for parcel in parcels:
        assert parcel.units
        assert min(parcel.units.values()) > 0
        sent.update(parcel.units)
    assert all(sent[line] <= qty for line, qty in enumerate(order.qty))
    assert not order.is_complete or not sent or all(sent[line] == q for line, q in enumerate(order.qty))
    assert len(parcels) <= order.parcels_max
    for c, sender in enumerate(order.senders):
        mine = [parcel.units for parcel in parcels if parcel.sender == c]
        assert sender.capacity is None or sender.capacity_used(mine) <= sender.capacity
        for row in sender.rows:
            assert row.taken(mine) <= row.left


@pytest.mark.parametrize("severity", SEVERITIES)
def test_lists_that_are_not_written_out_cost_the_same(severity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one step only, every list keeps its own ladder and its full multiples."""
    monkeypatch.setattr(price_ladder, "ENVELOPE_STEPS_MAX", 1)
    for seed in range(40):
        p, *prices = random_order(seed, severity)
        least, found, _ = both(p, *prices)
        assert found.cost == least == found.lower_bound, seed


def test_an_order_of_several_parcels_is_written_out_where_units_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By hand: three lines of 6 g, and a parcel of 10 g costs 10, one of 18 g costs 100.

    Weights alone would let two parcels of 9 g carry them; whole units need three.
    """
    written_out = list[int]()
    program = pattern_mip._Program

    def watched(order: OneOrder, apart: frozenset[int]) -> object:
        written_out.append(len(apart))
        return program(order, apart)

    monkeypatch.setattr(pattern_mip, "_Program", watched)
    lists = (PriceList(0, weights=(10, 18), costs=(10, 100), fixed=0),)
    order = one_sender(qty=(1, 1, 1), weight=(6, 6, 6), penalty=(1000,) * 3, lists=lists, fixed=1)
    found = solve_order(order, PLENTY)
    assert (found.cost, found.lower_bound) == (33, 33)
    assert written_out == [0, 1]


def one_sender(
    *,
    qty: tuple[int, ...],
    weight: tuple[int, ...],
    penalty: tuple[int, ...],
    lists: tuple[PriceList, ...],
    fixed: int = 0,
    **rules: object,
) -> OneOrder:
    """An order that one node has all of, at no cost a unit."""
    lines = range(len(qty))
    sender = Sender(
        node=0,
        fixed=fixed,
        parcel_use=1,
        capacity=None,
        capacity_tail=None,
        lists=lists,
        avail=dict(enumerate(qty)),
        unit=dict.fromkeys(lines, 0),
        unit_use=dict.fromkeys(lines, 0),
        position={line: line for line in lines},
        rows=tuple(StockRow(line, units, {line: 1}, None) for line, units in enumerate(qty)),
    )
    order = OneOrder(0, qty, penalty, weight, UNLIMITED_PARCELS, False, (sender,))
    of_order = {name: value for name, value in rules.items() if name in ("parcels_max", "is_complete")}
    of_sender = {name: value for name, value in rules.items() if name not in of_order}
    return replace(order, senders=(replace(sender, **of_sender),), **of_order)


FLAT = (PriceList(0, weights=(10, 1000), costs=(10, 100), fixed=2),)


@pytest.mark.parametrize(
    ("rules", "cost"),
    [
        ({}, 3 * 12),  # three parcels of one unit
        ({"parcels_max": 2}, 2 * 12 + 50),  # and the third unit stays: two in one parcel cost 102
        ({"parcels_max": 2, "is_complete": True}, 102),
        ({"parcels_max": 1, "is_complete": True}, 102),
        ({"capacity": 5, "parcel_use": 2}, 2 * 12 + 50),
        ({"capacity": 5, "unit_use": {0: 1}}, 2 * 12 + 50),
        ({"capacity": 3, "capacity_tail": Tail(free=1, cost=30)}, 12 + 2 * 42),
        ({"capacity": 3, "capacity_tail": Tail(free=1, cost=60)}, 102),  # all in one
        ({"rows": (StockRow(0, 5, {0: 2}, None),)}, 2 * 12 + 50),  # a kit of two
        ({"rows": (StockRow(0, 3, {0: 1}, Tail(free=2, cost=45)),)}, 2 * 12 + 50),
    ],
)
def test_rules_by_hand(rules: dict[str, object], cost: int) -> None:
    """Three units of 10 g, penalty 50 each; a parcel of 10 g costs 12, a heavier one 102."""
    order = one_sender(qty=(3,), weight=(10,), penalty=(50,), lists=FLAT, **rules)
    found = solve_order(order, PLENTY)
    assert_feasible(order, found.parcels)
    assert (found.cost, found.lower_bound) == (cost, cost)


def test_two_kits_share_their_component() -> None:
    """Four units of the component make two of one kit and none of the other, or one of each."""
    order = one_sender(
        qty=(2, 1), weight=(1, 1), penalty=(50, 70), lists=FLAT, rows=(StockRow(0, 4, {0: 2, 1: 1}, None),)
    )
    found = solve_order(order, PLENTY)
    assert (found.cost, found.lower_bound) == (12 + 50, 12 + 50)
    assert_feasible(order, found.parcels)


@pytest.mark.parametrize("rule", EACH_AND_MIXED)
def test_under_each_rule_it_finds_and_proves_what_the_exact_search_finds(rule: str) -> None:
    """30 orders each; an order with alternatives costs what its best way does."""
    for seed in range(30):
        p, *prices = random_order(seed, "ordinary")
        p = with_rules(np.random.default_rng(seed), p, rule)
        arrays, scratch = ProblemArrays.of(p), Scratch.for_problem(p)
        pos_price, node_price = prices
        least = search_order(0, arrays, p.pos_free, p.node_capacity, pos_price, node_price, scratch)[0]
        supply = Supply(p.pos_free, p.node_capacity, pos_price, node_price, with_tails=False)
        found = [solve_order(read_order(0, way, arrays, supply), PLENTY) for way in ways_of(0, arrays)]
        assert min(plan.cost for plan in found) == least, seed
        assert all(plan.cost == plan.lower_bound for plan in found), seed


def random_rules(rng: np.random.Generator, order: OneOrder) -> OneOrder:
    """Give an order every rule at once."""
    senders = []
    for sender in order.senders:
        lines = list(sender.avail)
        shared = StockRow(
            99, int(rng.integers(1, 6)), {line: int(rng.integers(1, 3)) for line in lines}, None
        )
        rows = tuple(replace(row, tail=Tail(max(0, row.left - 1), 7)) for row in sender.rows)
        capacity = int(rng.integers(0, 9))
        senders.append(
            replace(
                sender,
                rows=(*rows, shared) if rng.random() < 0.5 else rows,
                capacity=capacity,
                capacity_tail=Tail(capacity // 2, int(rng.integers(1, 9))),
                parcel_use=int(rng.integers(0, 3)),
                unit_use={line: int(rng.integers(0, 3)) for line in lines},
                lists=tuple(replace(prices, fixed=int(rng.integers(0, 9))) for prices in sender.lists),
            )
        )
    return replace(
        order,
        senders=tuple(senders),
        parcels_max=int(rng.integers(1, 4)),
        is_complete=bool(rng.random() < 0.4),
    )


def cheapest_by_enumeration(order: OneOrder) -> int:
    """Put every unit into every parcel of every node, or into none; units of a line in all sequences."""
    units = [line for line, qty in enumerate(order.qty) for _ in range(qty)]
    best = plan_cost(order, ())

    def place(at: int, parcels: list[Parcel]) -> None:
        nonlocal best
        if at == len(units):
            try:
                assert_feasible(order, tuple(parcels))
            except AssertionError:
                return
            best = min(best, plan_cost(order, parcels))
            return
        line = units[at]
        place(at + 1, parcels)
        for k, parcel in enumerate(parcels):
            if line in order.senders[parcel.sender].avail:
                grown = Parcel(parcel.sender, {**parcel.units, line: parcel.units.get(line, 0) + 1})
                place(at + 1, [*parcels[:k], grown, *parcels[k + 1 :]])
        for c, sender in enumerate(order.senders):
            if line in sender.avail:
                place(at + 1, [*parcels, Parcel(c, {line: 1})])

    place(0, [])
    return best


def test_all_rules_at_once_against_enumeration() -> None:
    """200 orders of at most four units over at most two nodes, with every rule drawn at random."""
    seen = Counter[str]()
    for seed in range(200):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, n_nodes=2, lines_max=2, qty_max=2, stock_max=3)
        supply = Supply(
            p.pos_free, p.node_capacity, np.zeros(p.n_stock, int), np.zeros(p.n_nodes, int), with_tails=False
        )
        order = random_rules(rng, read_order(0, OWN_WAY, ProblemArrays.of(p), supply))
        found = solve_order(order, PLENTY)
        assert found.cost == found.lower_bound == cheapest_by_enumeration(order), seed
        assert_feasible(order, found.parcels)
        seen["sent"] += bool(found.parcels)
        seen["left"] += not found.parcels
    assert min(seen["sent"], seen["left"]) > 10


def test_costs_too_large_for_the_program_are_rounded_down_and_the_bound_holds() -> None:
    """Costs near 2**47 with no common divisor: their sum leaves 60 bits, so the program rounds them."""
    dear = 2**47 + 1
    lists = (PriceList(0, weights=(10, 1000), costs=(dear, 10 * dear), fixed=0),)
    order = one_sender(qty=(20_000,), weight=(1,), penalty=(dear // 3,), lists=lists, fixed=5)
    found = solve_order(order, PLENTY)
    assert 0 < found.lower_bound <= found.cost
    assert found.cost - found.lower_bound < 1e-6 * found.cost


def test_no_effort_gives_the_start_and_a_start_is_never_made_worse() -> None:
    for seed in range(20):
        p, *prices = random_order(seed, "several parcels pay")
        least, found, order = both(p, *prices)
        unchanged = solve_order(order, 0.0, found.parcels)
        assert unchanged == PatternPlan(least, 0, found.parcels, 0.0)
        again = solve_order(order, PLENTY, found.parcels)
        assert (again.cost, again.lower_bound) == (least, least)


def test_the_same_effort_gives_the_same_plan() -> None:
    p, *prices = random_order(3, "several parcels pay")
    assert both(p, *prices)[1] == both(p, *prices)[1]
