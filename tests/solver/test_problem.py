"""Every way in which the arrays of a problem can contradict each other is refused, by field and remedy."""

from dataclasses import replace

import numpy as np
import pytest

from solver.problem import NO_LANE, AllocationProblem, InvalidProblem
from tests.solver.small_problems import random_problem


@pytest.fixture(scope="module")
def problem() -> AllocationProblem:
    """Two orders and two SKUs; every array has an entry to break."""
    found = random_problem(np.random.default_rng(4), n_orders=3, n_nodes=4, n_skus=3, lines_max=3)
    assert np.diff(found.order_ptr).max() >= 2
    assert np.diff(found.sku_ptr).min() >= 2
    return found


def told(problem: AllocationProblem, **changed: np.ndarray) -> str:
    with pytest.raises(InvalidProblem) as refused:
        replace(problem, **changed)
    return str(refused.value)


def set_at(array: np.ndarray, index: object, value: int) -> np.ndarray:
    changed = array.copy()
    changed[index] = value
    return changed


@pytest.mark.parametrize("wrong", ["list", "dtype", "float"])
def test_each_array_has_its_type(problem: AllocationProblem, wrong: str) -> None:
    match wrong:
        case "list":
            value = problem.line_qty.tolist()
        case "dtype":
            value = problem.line_qty.astype(np.int32)
        case _:
            value = problem.line_qty.astype(float)
    assert told(problem, line_qty=value) == "line_qty: must be an array of int64"
    assert told(problem, lane_band=problem.lane_band.astype(int)) == "lane_band: must be an array of int16"
    assert told(problem, pos_node=problem.pos_node.astype(int)) == "pos_node: must be an array of int32"


def test_each_array_has_its_axes_in_c_order(problem: AllocationProblem) -> None:
    assert told(problem, lane_band=problem.lane_band[0]) == "lane_band: has the wrong number of axes"
    assert told(problem, pos_free=problem.pos_free[None]) == "pos_free: has the wrong number of axes"
    twice = np.repeat(problem.pos_free, 2)[::2]
    assert told(problem, pos_free=twice) == "pos_free: must be C-contiguous"
    turned = np.asfortranarray(problem.lane_band)
    assert told(problem, lane_band=turned) == "lane_band: must be C-contiguous"


@pytest.mark.parametrize("name", ["sku_ptr", "order_ptr", "tariff_ptr", "list_ptr"])
def test_pointers_run_over_all_they_own(problem: AllocationProblem, name: str) -> None:
    ptr = getattr(problem, name)
    last = int(ptr[-1])
    assert told(problem, **{name: set_at(ptr, 0, 1)}) == f"{name}: must run from 0 to {last}"
    assert told(problem, **{name: set_at(ptr, -1, last - 1)}) == f"{name}: must run from 0 to {last}"
    assert told(problem, **{name: set_at(ptr, 1, last + 1)}) == f"{name}: must not decrease"


@pytest.mark.parametrize("name", ["sku_ptr", "order_ptr"])
def test_pointers_have_an_end_for_every_owner(problem: AllocationProblem, name: str) -> None:
    ptr = getattr(problem, name)
    longer = np.append(ptr, ptr[-1])
    assert told(problem, **{name: longer}) == f"{name}: must have {len(ptr)} entries"


def test_no_price_list_and_no_tariff_is_empty(problem: AllocationProblem) -> None:
    empty_list = np.insert(problem.list_ptr, 1, problem.list_ptr[1])
    assert told(problem, list_ptr=empty_list) == "list_ptr: every price list needs a step"
    empty_tariff = np.insert(problem.tariff_ptr, 1, problem.tariff_ptr[1])
    assert told(problem, tariff_ptr=empty_tariff) == "tariff_ptr: every tariff needs a price list"


@pytest.mark.parametrize(
    "name",
    [
        "node_parcel_cost",
        "node_departure_class",
        "pos_free",
        "pos_unit_cost",
        "order_promise_class",
        "line_qty",
        "line_penalty",
        "list_cost",
    ],
)
def test_arrays_of_one_axis_are_equally_long(problem: AllocationProblem, name: str) -> None:
    array = getattr(problem, name)
    assert told(problem, **{name: array[:-1].copy()}) == f"{name}: must have {len(array)} entries"


def test_lanes_have_a_column_for_every_node(problem: AllocationProblem) -> None:
    narrower = np.ascontiguousarray(problem.lane_band[:, :-1])
    assert told(problem, lane_band=narrower) == "lane_band: needs a column for every node"


@pytest.mark.parametrize(
    ("name", "low"),
    [
        ("node_parcel_cost", 0),
        ("node_capacity", 0),
        ("node_departure_class", 0),
        ("sku_weight", 1),
        ("pos_free", 0),
        ("pos_unit_cost", 0),
        ("order_destination", 0),
        ("order_promise_class", 0),
        ("line_sku", 0),
        ("line_qty", 1),
        ("line_penalty", 0),
        ("lane_band", NO_LANE),
        ("transit_slack", -1),
        ("tariff_of", -1),
        ("tariff_list", 0),
        ("list_weight", 1),
        ("list_cost", 0),
        ("pos_node", 0),
    ],
)
def test_no_value_is_below_its_range(problem: AllocationProblem, name: str, low: int) -> None:
    array = getattr(problem, name)
    first = (0,) * array.ndim
    assert told(problem, **{name: set_at(array, first, low - 1)}) == f"{name}: must be at least {low}"


def test_no_value_is_above_its_range(problem: AllocationProblem) -> None:
    most = {
        "node_parcel_cost": 2**48,
        "node_capacity": 2**31 - 1,
        "node_departure_class": problem.transit_slack.shape[1] - 1,
        "sku_weight": 2**31 - 1,
        "pos_node": problem.n_nodes - 1,
        "pos_free": 2**31 - 1,
        "pos_unit_cost": 2**48,
        "order_destination": problem.lane_band.shape[0] - 1,
        "order_promise_class": problem.transit_slack.shape[0] - 1,
        "line_sku": problem.n_skus - 1,
        "line_qty": 2**31 - 1,
        "line_penalty": 2**48,
        "lane_band": problem.tariff_of.shape[0] - 1,
        "transit_slack": problem.tariff_of.shape[1] - 1,
        "tariff_of": len(problem.tariff_ptr) - 2,
        "tariff_list": len(problem.list_ptr) - 2,
        "list_weight": 2**62,
        "list_cost": 2**48,
    }
    for name, limit in most.items():
        array = getattr(problem, name)
        last = (-1,) * array.ndim
        assert told(problem, **{name: set_at(array, last, limit + 1)}) == f"{name}: must be at most {limit}"


def test_what_the_worst_plan_costs_can_be_counted(problem: AllocationProblem) -> None:
    """Each value is within its range, and together they would leave 64 bits."""
    many = np.full_like(problem.line_qty, 2**31 - 1)
    dear = np.full_like(problem.line_penalty, 2**48)
    expected = "line_penalty: all lines unfilled must cost at most 2**62 micros"
    assert told(problem, line_qty=many, line_penalty=dear) == expected
    assert replace(problem, line_qty=many).n_lines == replace(problem, line_penalty=dear).n_lines


def test_positions_and_steps_ascend_and_no_sku_repeats_in_an_order(problem: AllocationProblem) -> None:
    swapped = set_at(problem.pos_node, slice(0, 2), problem.pos_node[:2][::-1])
    assert told(problem, pos_node=swapped) == "pos_node: must ascend within a SKU"
    twice = set_at(problem.pos_node, 1, problem.pos_node[0])
    assert told(problem, pos_node=twice) == "pos_node: must ascend within a SKU"
    long_list = int(np.argmax(np.diff(problem.list_ptr) >= 2))
    at = problem.list_ptr[long_list]
    equal = set_at(problem.list_weight, at + 1, problem.list_weight[at])
    assert told(problem, list_weight=equal) == "list_weight: must ascend within a price list"
    order = int(np.argmax(np.diff(problem.order_ptr) >= 2))
    line = problem.order_ptr[order]
    repeated = set_at(problem.line_sku, line + 1, problem.line_sku[line])
    expected = "line_sku: must not repeat within an order: add the lines up"
    assert told(problem, line_sku=repeated) == expected


def test_what_ascends_within_its_group_may_fall_between_groups(problem: AllocationProblem) -> None:
    """The valid side of the rule above: node 0 may stock every SKU."""
    first = set_at(problem.pos_node, problem.sku_ptr[:-1], 0)
    assert replace(problem, pos_node=first).n_positions == problem.n_positions


def test_a_problem_without_orders_or_positions_is_one() -> None:
    """Batches of nothing are planned at night; they must not need a special case."""
    p = random_problem(np.random.default_rng(0))
    empty = replace(
        p,
        sku_ptr=p.sku_ptr * 0,
        pos_node=p.pos_node[:0],
        pos_free=p.pos_free[:0],
        pos_unit_cost=p.pos_unit_cost[:0],
        order_ptr=p.order_ptr[:1],
        order_destination=p.order_destination[:0],
        order_promise_class=p.order_promise_class[:0],
        line_sku=p.line_sku[:0],
        line_qty=p.line_qty[:0],
        line_penalty=p.line_penalty[:0],
    )
    assert (empty.n_orders, empty.n_lines, empty.n_positions) == (0, 0, 0)
