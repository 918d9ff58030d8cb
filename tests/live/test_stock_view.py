"""The view: newer balances win, floors and expired holds count when it is read."""

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.buffers import BufferRule, Buffers
from fulfillment.domain.stock import Balance
from fulfillment.live.decide import Decider
from fulfillment.live.stock_view import ExpiringUnits, StockView
from fulfillment.scenario.tables import Scenario
from tests.live.worlds import NINE, live, requests
from tests.planning.days import day, node, order

NODES = ("L1", "L2", "L3")
SKUS = ("V", "W", "X")


def _scenario() -> Scenario:
    return day(
        {node_id: node() for node_id in NODES},
        {("L1", "V"): 5, ("L2", "V"): 7, ("L2", "W"): 1},
        {"O1": order(*((sku, 1) for sku in SKUS))},
    )


def world(rules: object = ()) -> Decider:
    return live(_scenario(), rules=rules)


def units(view: StockView, sku_id: str, channel: str = "web") -> dict[str, int]:
    found = view.atp(SKUS.index(sku_id), channel, NINE)
    return {NODES[node]: qty for node, qty in zip(found.node.tolist(), found.units.tolist(), strict=True)}


def test_a_newer_balance_wins_whoever_brings_it() -> None:
    view = world().view
    view.refresh({("L1", "V"): Balance(available=3, version=5)})
    view.follow(["L1", "L1"], ["V", "V"], [2, 4], [3, 4], position="9")
    assert units(view, "V") == {"L1": 3, "L2": 7}
    assert view.position == "9"


@given(st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(SKUS), st.integers(2, 9)), max_size=12))
def test_balances_in_any_order_end_in_the_newest_of_each(
    arrivals: list[tuple[str, str, int]],
) -> None:
    """Positions that were not there before are laid in between the others."""
    view = world().view
    newest = {("L1", "V"): (1, 5), ("L2", "V"): (1, 7), ("L2", "W"): (1, 1)}
    for node_id, sku_id, version in arrivals:
        view.refresh({(node_id, sku_id): Balance(available=10 * version, version=version)})
        newest[node_id, sku_id] = max(newest.get((node_id, sku_id), (0, 0)), (version, 10 * version))
    for sku_id in SKUS:
        expected = {n: available for (n, s), (_, available) in newest.items() if s == sku_id}
        assert units(view, sku_id) == expected


@given(st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(SKUS), st.integers(2, 9)), max_size=12))
def test_many_entries_at_once_end_where_they_end_one_by_one(arrivals: list[tuple[str, str, int]]) -> None:
    at_once, one_by_one = world().view, world().view
    for node_id, sku_id, version in arrivals:
        one_by_one.follow([node_id], [sku_id], [10 * version], [version])
    at_once.follow(
        [node_id for node_id, _, _ in arrivals],
        [sku_id for _, sku_id, _ in arrivals],
        [10 * version for _, _, version in arrivals],
        [version for _, _, version in arrivals],
    )
    assert all(units(at_once, sku_id) == units(one_by_one, sku_id) for sku_id in SKUS)


def test_a_balance_of_a_strange_node_is_passed_over() -> None:
    view = world().view
    view.refresh({("L9", "V"): Balance(available=3, version=5), ("L1", "V"): Balance(available=3, version=5)})
    assert units(view, "V") == {"L1": 3, "L2": 7}


RULE = st.tuples(
    st.sampled_from(["", *NODES]),
    st.sampled_from(["", *SKUS]),
    st.sampled_from(["", "web", "app"]),
    st.integers(0, 4),
)


@given(st.lists(RULE, max_size=8, unique_by=lambda rule: rule[:3]), st.sampled_from(["web", "app", "phone"]))
def test_floors_are_those_of_the_domain(rules: list[tuple[str, str, str, int]], channel: str) -> None:
    view = world(rules).view
    buffers = Buffers(BufferRule(*rule) for rule in rules)
    for sku_id, at in {"V": {"L1": 5, "L2": 7}, "W": {"L2": 1}}.items():
        left = {node_id: max(0, has - buffers.floor(node_id, sku_id, channel)) for node_id, has in at.items()}
        assert units(view, sku_id, channel) == left


def test_the_most_specific_rule_of_each_kind_speaks() -> None:
    view = world(
        [
            ("", "", "", 1),
            ("L2", "", "", 2),
            ("", "V", "", 3),
            ("L2", "V", "", 0),
            ("", "", "web", 1),
            ("", "V", "app", 2),
        ]
    ).view
    assert units(view, "V", "web") == {"L1": 5 - 3 - 1, "L2": 7 - 0 - 1}
    assert units(view, "V", "app") == {"L1": 0, "L2": 5}
    assert units(view, "V", "phone") == {"L1": 2, "L2": 7}
    assert units(view, "W", "phone") == {"L2": 0}
    view.replace_floors([])
    assert units(view, "V", "web") == {"L1": 5, "L2": 7}


def test_units_of_a_hold_are_free_from_the_moment_it_expires() -> None:
    view = world().view
    soon = NINE + timedelta(seconds=1)
    view.replace_holds(
        [
            ExpiringUnits("L1", "V", NINE, 2),
            ExpiringUnits("L1", "V", soon, 4),
            ExpiringUnits("L3", "X", NINE, 1),
        ],
        NINE,
    )
    assert units(view, "V") == {"L1": 7, "L2": 7}
    assert view.atp(0, "web", soon).units.tolist() == [11, 7]
    view.refresh({("L3", "X"): Balance(available=0, reserved=1, version=3)})
    assert units(view, "X") == {"L3": 1}
    view.replace_holds([], soon)
    assert units(view, "V") == {"L1": 5, "L2": 7}
    assert units(view, "X") == {"L3": 0}


def test_prices_stay_with_their_positions_when_others_come_between() -> None:
    view = world().view
    view.replace_prices({("L2", "W"): 77, ("L9", "W"): 5}, {"L2": 8})
    view.refresh({("L1", "W"): Balance(available=1, version=1)})
    gathered = view.gather([1], (), NINE)
    assert gathered.node.tolist() == [0, 1]
    assert gathered.price.tolist() == [0, 77]
    assert view.node_price.tolist() == [0, 8, 0]


def test_capacity_in_use_counts_by_slot() -> None:
    scenario = day({"L1": node(capacity_parcels=5), "L2": node()}, {("L1", "V"): 1}, {"O1": order(("V", 1))})
    decider = live(scenario)
    view, moments = decider.view, decider.network.moments(NINE)
    view.refresh_capacity(
        {("L1", date(2026, 11, 20)): 3, ("L1", date(2026, 11, 21)): 9, ("L2", date(2026, 11, 20)): 1}
    )
    assert view.capacity_left(moments).tolist() == [2, 2**31 - 1]
    assert view.capacity_left_at(0, date(2026, 11, 21)) == 0
    view.capacity_left(moments)[0] = 7  # the caller's own
    assert view.capacity_left(moments).tolist() == [2, 2**31 - 1]
    view.refresh_capacity({("L1", date(2026, 11, 20)): 4})
    assert view.capacity_left(moments).tolist() == [1, 2**31 - 1]
    view.replace_capacity({("L1", date(2026, 11, 21)): 9})
    assert view.capacity_left(moments).tolist() == [5, 2**31 - 1]
    assert view.capacity_left(decider.network.moments(NINE + timedelta(hours=4))).tolist() == [0, 2**31 - 1]


def test_readers_and_writers_do_not_disturb_each_other() -> None:
    """Decisions, new positions, floors and prices at once: no error, and the newest balances in the end."""
    decider = world()
    view, request = decider.view, requests(_scenario())[0]
    stop, failures = threading.Event(), list[BaseException]()

    def again_and_again(step: Callable[[int], object]) -> None:
        turn = 1
        try:
            while not stop.is_set():
                step(turn)
                turn += 1
        except BaseException as failure:
            failures.append(failure)

    def write(turn: int) -> None:
        at = NODES[turn % 3], SKUS[turn // 3 % 3]
        view.refresh({at: Balance(available=turn % 5, version=turn + 1)})

    steps: list[Callable[[int], object]] = [
        write,
        lambda _: decider.decide([request], NINE),
        lambda _: view.atp(0, "web", NINE),
        lambda turn: view.replace_floors([BufferRule("", "", "web", turn % 2)]),
        lambda turn: view.replace_prices({("L1", "V"): turn}, {}),
        lambda _: view.replace_holds([ExpiringUnits("L1", "V", NINE, 1)], NINE),
    ]
    threads = [threading.Thread(target=again_and_again, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert failures == []
    view.replace_floors([])
    view.replace_holds([], NINE)
    view.refresh({("L1", "V"): Balance(available=42, version=10**9)})
    assert units(view, "V")["L1"] == 42
