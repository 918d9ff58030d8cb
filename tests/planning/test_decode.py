"""Units come back to the lines and parcels they belong to."""

import numpy as np

from fulfillment.domain.policy import Policy
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.planning.decode import Allocations, decode_plan
from fulfillment.scenario.tables import Scenario
from solver.problem import AllocationPlan
from tests.planning.days import day, node, order
from tests.solver.plans import first_come


def decoded(scenario: Scenario) -> tuple[BuiltProblem, AllocationPlan, Allocations]:
    found = build_problem(scenario, Policy.default())
    plan = first_come(found.problem).to_plan()
    return found, plan, decode_plan(scenario, found, plan)


def rows(scenario: Scenario, allocations: Allocations) -> list[tuple[str, int, str, str, int]]:
    """(order, line_no, node, parcel, qty)."""
    return [
        (
            scenario.orders.order_id[o],
            int(scenario.order_lines.line_no[line]),
            scenario.nodes.node_id[n],
            parcel,
            int(qty),
        )
        for o, line, n, parcel, qty in zip(
            allocations.order,
            allocations.line,
            allocations.node,
            allocations.parcel_ids(scenario),
            allocations.qty,
            strict=True,
        )
    ]


def test_a_parcel_holds_both_lines_that_ask_for_one_sku() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 9}, {"O1": order(("V", 3), ("V", 3))})
    assert rows(scenario, decoded(scenario)[2]) == [("O1", 1, "L1", "O1-1", 3), ("O1", 2, "L1", "O1-1", 3)]


def test_lines_are_cut_where_parcels_end_and_filled_in_the_order_of_their_numbers() -> None:
    """Two parcels of four and one units for lines of three and three: the last unit of line 2 stays open."""
    scenario = day(
        {"L1": node(), "L2": node()}, {("L1", "V"): 4, ("L2", "V"): 1}, {"O1": order(("V", 3), ("V", 3))}
    )
    found = rows(scenario, decoded(scenario)[2])
    first = [row for row in found if row[1] == 1]
    second = [row for row in found if row[1] == 2]
    assert sum(row[4] for row in first) == 3
    assert sum(row[4] for row in second) == 2
    assert {row[2]: sum(other[4] for other in found if other[2] == row[2]) for row in found} == {
        "L1": 4,
        "L2": 1,
    }


def test_parcels_are_numbered_within_their_order() -> None:
    scenario = day(
        {"L1": node(), "L2": node()},
        {("L1", "V"): 3, ("L2", "W"): 3},
        {"B": order(("V", 1), ("W", 1)), "A": order(("V", 1), placed_at="2026-11-20T08:00")},
    )
    assert rows(scenario, decoded(scenario)[2]) == [
        ("B", 1, "L1", "B-1", 1),
        ("B", 2, "L2", "B-2", 1),
        ("A", 1, "L1", "A-1", 1),
    ]


def test_no_parcels_are_no_allocations() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 0}, {"O1": order(("V", 1))})
    assert len(decoded(scenario)[2]) == 0


def random_day(rng: np.random.Generator) -> Scenario:
    """SKUs on several lines of an order, on stock for about half of the units."""
    names = [f"L{at}" for at in range(4)]
    skus = [f"S{at}" for at in range(3)]
    orders = {
        f"O{at}": order(
            *(
                (str(rng.choice(skus)), int(rng.integers(1, 4)))
                for _ in range(int(rng.integers(1, 6)))
            ),
            placed_at=f"2026-11-20T{rng.integers(0, 24):02d}:00",
        )
        for at in range(8)
    }  # fmt: skip
    stock = {(name, sku): int(rng.integers(0, 8)) for name in names for sku in skus}
    return day({name: node(lat=float(rng.uniform(30, 45))) for name in names}, stock, orders)


def test_sums_by_line_by_parcel_and_by_position_are_those_of_the_plan() -> None:
    split_lines = 0
    for seed in range(60):
        scenario = random_day(np.random.default_rng(seed))
        found, plan, allocations = decoded(scenario)
        lines = scenario.order_lines
        assert (allocations.qty >= 1).all()
        assert (lines.order[allocations.line] == allocations.order).all()

        by_line = np.bincount(allocations.line, allocations.qty, len(lines)).astype(int)
        assert (by_line <= lines.qty).all()
        by_merged = np.bincount(found.merged_line, by_line, found.problem.n_lines).astype(int)
        planned = np.bincount(plan.entry_line, plan.entry_qty, found.problem.n_lines).astype(int)
        assert by_merged.tolist() == planned.tolist()

        parcel = np.repeat(np.arange(len(plan.parcel_order)), np.diff(plan.parcel_ptr))
        number = parcel - np.searchsorted(plan.parcel_order, plan.parcel_order[parcel])
        theirs: dict[tuple[int, ...], int] = {}
        for o, k, n, r, line, qty in zip(
            found.order[plan.parcel_order[parcel]],
            number,
            plan.parcel_node[parcel],
            plan.parcel_list[parcel],
            plan.entry_line,
            plan.entry_qty.tolist(),
            strict=True,
        ):
            key = (int(o), int(k), int(n), int(r), int(line))
            theirs[key] = theirs.get(key, 0) + qty
        ours: dict[tuple[int, ...], int] = {}
        for o, k, n, r, line, qty in zip(
            allocations.order,
            allocations.parcel,
            allocations.node,
            allocations.price_list,
            found.merged_line[allocations.line],
            allocations.qty.tolist(),
            strict=True,
        ):
            key = (int(o), int(k), int(n), int(r), int(line))
            ours[key] = ours.get(key, 0) + qty
        assert ours == theirs, seed
        split_lines += len(allocations) - len(np.unique(allocations.line))

        ranked = list(zip(allocations.order, allocations.parcel, allocations.line, strict=True))
        assert ranked == sorted(set(ranked)), seed
    assert split_lines > 0


def test_lines_of_one_sku_are_filled_in_turn() -> None:
    """No later line of a SKU gets a unit while an earlier one of the order lacks one."""
    for seed in range(40):
        scenario = random_day(np.random.default_rng(seed))
        allocations = decoded(scenario)[2]
        lines = scenario.order_lines
        filled = np.bincount(allocations.line, allocations.qty, len(lines)).astype(int)
        lacking: set[tuple[int, int]] = set()
        for at in np.lexsort((lines.line_no, lines.order)):
            key = int(lines.order[at]), int(lines.sku[at])
            assert filled[at] == 0 or key not in lacking
            if filled[at] < lines.qty[at]:
                lacking.add(key)
