"""The sweep over all arrivals finds what the search of every deadline finds, or says that it does not."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.policy import Lateness, ParcelRules, Policy
from fulfillment.live.decide import Decider
from fulfillment.live.group import Wanted, basket_of
from fulfillment.live.parcels import Plan, PlannedOnce
from fulfillment.live.promise import PromiseRequest, Promises, promise
from fulfillment.live.promise_rounds import Rounds
from fulfillment.live.promise_sweep import Sweep, can_sweep
from fulfillment.live.stock_view import Position
from tests.live.test_promise import RATES
from tests.live.worlds import NINE, live
from tests.planning.days import day, node, order

NODES = ("L1", "L2", "L3")
REQUEST = PromiseRequest(channel="web", lines=(Line(1, "A", 2),), postal_code="00000")


@st.composite
def worlds(draw: st.DrawFn) -> Decider:
    """Three nodes with different clocks, dear and cheap, some of them with few units or little capacity."""
    nodes = {
        node_id: node(
            lat=40.0 + k / 2,
            handling_cents_per_unit=draw(st.integers(0, 90)),
            processing_hours=draw(st.sampled_from([0.5, 2.0, 30.0])),
            cutoff_local=draw(st.sampled_from(["11:00", "12:30"])),
            capacity_parcels=draw(st.sampled_from([0, 1, 2, 2**31 - 1])),
            pickup=draw(st.booleans()),
        )
        for k, node_id in enumerate(NODES)
    }
    stock = {(node_id, sku): draw(st.integers(0, 3)) for node_id in nodes for sku in ("A", "B", "C")}
    scenario = day(nodes, stock, {"O": order(("A", 1))}, rates=RATES, places=((40.2, -75.0),))
    most = draw(st.sampled_from([0, 1, 2]))
    rules = [("", "A", "web", 1)] if draw(st.booleans()) else []
    return live(scenario, Policy(version=2, parcels=ParcelRules(max_per_order=most)), rules)


def ways(decider: Decider, *lines: tuple[str, int]) -> list[Wanted]:
    asked = tuple(Line(number, sku_id, qty) for number, (sku_id, qty) in enumerate(lines, start=1))
    basket = basket_of(asked, decider.network)
    places = [(Method.SHIPPING, 0), (Method.LOCAL, 0), *((Method.PICK_UP, k) for k in range(len(NODES)))]
    return [Wanted(order_id="", channel="web", basket=basket, place=place) for place in places]


def swept(decider: Decider, wanted: list[Wanted], held: dict[Position, int]) -> Sweep:
    return Sweep(wanted, decider.network, decider.view, decider.network.moments(NINE), held)


def in_rounds(decider: Decider, wanted: list[Wanted], held: dict[Position, int]) -> Rounds:
    moments = decider.network.moments(NINE)
    return Rounds(wanted, decider.network, decider.view, moments, held, decider.scratches)


def unbeaten(decider: Decider, wanted: Wanted, plans: list[Plan]) -> list[tuple[object, int]]:
    """Arrival and cost of the plans with most units that no other one of them beats."""
    once = PlannedOnce(wanted, decider.network, decider.network.moments(NINE))
    told = [
        (
            sum(line.qty for parcel in parcels for line in parcel.lines),
            max(parcel.arrives_at for parcel in parcels),
            sum(parcel.cost_micros for parcel in parcels),
        )
        for parcels in map(once.of, plans)
    ]
    most = max((units for units, _, _ in told), default=0)
    pairs = {(at, cost) for units, at, cost in told if units == most}
    return sorted(
        (at, c) for at, c in pairs if not any(b <= at and d <= c and (b, d) != (at, c) for b, d in pairs)
    )


@settings(max_examples=150, deadline=None)
@given(
    worlds(),
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), min_size=1, max_size=3),
    st.dictionaries(st.tuples(st.sampled_from(NODES), st.sampled_from("ABC")), st.integers(1, 2), max_size=2),
)
def test_what_is_swept_is_what_every_deadline_gives(
    decider: Decider, lines: list[tuple[str, int]], held: dict[Position, int]
) -> None:
    wanted = ways(decider, *lines)
    sweep, rounds = swept(decider, wanted, held), in_rounds(decider, wanted, held)
    for w, way in enumerate(wanted):
        found = sweep.plans(w)
        if found is not None:
            assert unbeaten(decider, way, found) == unbeaten(decider, way, rounds.plans(w))
            assert sweep.lacking(w, ()) == rounds.lacking(w, ())


def two_stores(units: int, policy: Policy | None = None) -> Decider:
    """A cheap one and a dear one, each with so many units."""
    nodes = {"L1": node(), "L2": node(handling_cents_per_unit=50)}
    stock = {("L1", "A"): units, ("L2", "A"): units}
    return live(day(nodes, stock, {"O": order(("A", 1))}, rates=RATES), policy)


def costs(promised: Promises) -> list[int]:
    return [option.cost_micros // 10_000 for option in promised.options if option.method is Method.SHIPPING]


def test_a_plan_that_would_take_too_much_of_a_node_is_left_open_and_found_in_rounds() -> None:
    (shipped, *_) = ways(two_stores(2), ("A", 2))
    assert swept(two_stores(2), [shipped], {}).plans(0) is not None
    decider = two_stores(1)
    assert swept(decider, [shipped], {}).plans(0) is None
    assert costs(promise(decider, REQUEST, NINE)) == [3050, 1850, 850]


def test_a_plan_of_too_many_parcels_is_left_open() -> None:
    scenario = day(
        {"L1": node(), "L2": node(), "L3": node(handling_cents_per_parcel=5000)},
        {("L1", "A"): 2, ("L2", "B"): 1, ("L3", "A"): 2, ("L3", "B"): 1},
        {"O": order(("A", 1))},
        rates=RATES,
    )
    policy = Policy(version=2, parcels=ParcelRules(max_per_order=1))
    request = replace(REQUEST, lines=(Line(1, "A", 1), Line(2, "B", 1)))
    assert costs(promise(live(scenario), request, NINE)) == [3000, 1800, 800]
    assert costs(promise(live(scenario, policy), request, NINE)) == [6500, 5900, 5400]


def test_what_sets_a_basket_apart_is_not_swept() -> None:
    kits, apart = {"K": {"A": 1, "B": 1}}, {"K": (2000.0, 200)}
    scenario = day(
        {"L1": node()}, {("L1", "A"): 9, ("L1", "B"): 9}, {"O": order(("K", 1))}, kits=kits, skus=apart
    )
    network = live(scenario).network
    assert can_sweep(basket_of((Line(1, "A", 2), Line(2, "B", 1)), network), network)
    assert not can_sweep(basket_of((Line(1, "K", 1),), network), network)
    assert not can_sweep(basket_of((Line(1, "A", 600),), network), network)
    unsplit = live(scenario, Policy(version=2, parcels=ParcelRules(unsplit_skus=frozenset("A")))).network
    assert not can_sweep(basket_of((Line(1, "A", 2),), unsplit), unsplit)


def test_no_promise_is_late_where_the_policy_lets_parcels_be_late() -> None:
    late = Policy(version=2, lateness=Lateness(cents_per_day=1, max_days=3))
    for units in (2, 1):  # swept, and in rounds
        assert promise(two_stores(units, late), REQUEST, NINE) == promise(two_stores(units), REQUEST, NINE)


def test_prices_choose_the_node_and_stay_out_of_the_cost() -> None:
    decider = two_stores(2)
    decider.view.replace_prices({("L1", "A"): 10_000_000}, {})
    options = promise(decider, REQUEST, NINE).options
    assert {parcel.node_id for o in options if o.method is Method.SHIPPING for parcel in o.parcels} == {"L2"}
    assert costs(promise(decider, REQUEST, NINE)) == [1600, 1000, 500]


def test_own_stock_is_collected_when_it_is_ready() -> None:
    """At a moment of its own, between those at which something carried can arrive, or on one of them."""
    for hours, cutoff in ((1.0, "12:00"), (30.0, "12:00"), (27.0, "12:00"), (26.5, "11:30")):
        nodes = {"L1": node(processing_hours=hours, cutoff_local=cutoff), "L2": node()}
        decider = live(day(nodes, {("L1", "A"): 2, ("L2", "A"): 2}, {"O": order(("A", 1))}, rates=RATES))
        options = promise(decider, replace(REQUEST, pickup_node_ids=("L1",)), NINE).options
        collected = [o.arrive_by for o in options if o.method is Method.PICK_UP and o.cost_micros == 0]
        assert collected == [NINE + timedelta(hours=hours)]
