"""Promises: the options of every way that no other one beats on both arrival and cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OnShort, OrderRequest, WhyUnfilled
from fulfillment.live.decide import Decider
from fulfillment.live.promise import Option, PromiseRequest, promise
from fulfillment.scenario.tables import Scenario
from tests.live.worlds import NINE, live
from tests.planning.days import day, node, order

RATES = (
    ("post", "ground", "SHIPPING", 1, 60, 30_000, 400, 3),
    ("post", "ground", "SHIPPING", 2, 20_020, 30_000, 600, 4),
    ("post", "priority", "SHIPPING", 1, 20_020, 30_000, 900, 2),
    ("post", "express", "SHIPPING", 1, 20_020, 30_000, 1500, 1),
    ("bike", "same_day", "LOCAL", 1, 50, 30_000, 700, 0),
    ("truck", "transfer", "PICK_UP", 1, 20_020, 30_000, 200, 1),
)


@st.composite
def days(draw: st.DrawFn) -> Scenario:
    nodes = {
        f"L{k}": node(
            lat=40.0 + k / 2,
            handling_cents_per_unit=draw(st.integers(0, 90)),
            processing_hours=draw(st.sampled_from([0.5, 2.0, 4.0])),
            cutoff_local=draw(st.sampled_from(["11:00", "12:30"])),
            capacity_parcels=draw(st.sampled_from([1, 2, 2**31 - 1])),
            pickup=draw(st.booleans()),
        )
        for k in range(draw(st.integers(1, 4)))
    }
    stock = {(node_id, sku): draw(st.integers(0, 3)) for node_id in nodes for sku in ("A", "B")}
    lines = draw(
        st.lists(st.tuples(st.sampled_from(["A", "B", "K"]), st.integers(1, 2)), min_size=1, max_size=3)
    )
    kits, apart = {"K": {"A": 1, "B": 1}}, {"K": (2000.0, 200)}
    return day(
        nodes, stock, {"O": order(*lines)}, kits=kits, skus=apart, rates=RATES, places=((40.2, -75.0),)
    )


def asked(scenario: Scenario) -> PromiseRequest:
    lines = scenario.order_lines
    return PromiseRequest(
        channel="web",
        lines=tuple(
            Line(number, scenario.skus.sku_id[sku], qty)
            for number, sku, qty in zip(
                lines.line_no.tolist(), lines.sku.tolist(), lines.qty.tolist(), strict=True
            )
        ),
        postal_code="00000",
        pickup_node_ids=tuple(scenario.nodes.node_id),
    )


def by_brute_force(
    decider: Decider, request: PromiseRequest, method: Method, pickup: str | None
) -> list[tuple[datetime, int]]:
    """Decide at every minute that a parcel could arrive at, and keep what nothing beats."""
    moments = decider.network.moments(NINE)
    levels = {entry.transit_days for entry in decider.network.tariffs.lists}
    arrivals = {at + timedelta(days=days) for at in moments.departs_at for days in levels}
    arrivals |= {moments.ready_at(k) for k in range(len(moments.clocks))}
    at_leisure = OrderRequest(
        order_id="O",
        channel="web",
        method=method,
        lines=request.lines,
        placed_at=NINE,
        customer_id="C",
        postal_code=request.postal_code,
        pickup_node_id=pickup,
        on_short=OnShort.PARTIAL,
    )
    found = []
    for deadline in [None, *arrivals]:
        (decision,) = decider.decide([replace(at_leisure, promise_by=deadline)], NINE)
        units = sum(line.qty for parcel in decision.parcels for line in parcel.lines)
        if units:
            found.append((units, max(p.arrives_at for p in decision.parcels), decision.cost_micros))
    most = max((units for units, _, _ in found), default=0)
    pairs = {(at, cost) for units, at, cost in found if units == most}
    return sorted(
        (at, cost)
        for at, cost in pairs
        if not any(b <= at and c <= cost and (b, c) != (at, cost) for b, c in pairs)
    )


def of_way(options: tuple[Option, ...], method: Method, pickup: str | None) -> list[tuple[datetime, int]]:
    return [(o.arrive_by, o.cost_micros) for o in options if (o.method, o.pickup_node_id) == (method, pickup)]


@settings(max_examples=60, deadline=None)
@given(days())
def test_options_are_those_of_every_deadline_that_nothing_beats(scenario: Scenario) -> None:
    decider, request = live(scenario), asked(scenario)
    promised = promise(decider, request, NINE)
    ways = [(Method.SHIPPING, None), (Method.LOCAL, None)]
    for way in [*ways, *((Method.PICK_UP, node_id) for node_id in scenario.nodes.node_id)]:
        assert of_way(promised.options, *way) == by_brute_force(decider, request, *way)
        is_open = any((o.method, o.pickup_node_id) == way for o in promised.options)
        assert is_open != any((u.method, u.pickup_node_id) == way for u in promised.unavailable)


@settings(max_examples=40, deadline=None)
@given(days())
def test_what_an_option_says_adds_up(scenario: Scenario) -> None:
    request = asked(scenario)
    wanted = {line.line_no: line.qty for line in request.lines}
    for option in promise(live(scenario), request, NINE).options:
        got = dict.fromkeys(wanted, 0)
        for parcel in option.parcels:
            for line in parcel.lines:
                got[line.line_no] += line.qty
        for lacks in option.unfilled:
            got[lacks.line_no] += lacks.qty
        assert got == wanted
        assert option.arrive_by == max(parcel.arrives_at for parcel in option.parcels)
        assert option.cost_micros == sum(parcel.cost_micros for parcel in option.parcels)


def one_store() -> Decider:
    scenario = day(
        {"L1": node(), "L2": node(lat=41.0, pickup=False), "L3": node(lat=44.0)},
        {("L1", "V"): 2},
        {"O": order(("V", 1))},
        rates=RATES,
    )
    return live(scenario)


def test_cheaper_later_and_dearer_sooner_are_both_offered_and_named() -> None:
    promised = promise(
        one_store(), PromiseRequest(channel="web", lines=(Line(1, "V", 1),), postal_code="00000"), NINE
    )
    shipped = [o for o in promised.options if o.method is Method.SHIPPING]
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert [(o.option_id, o.arrive_by - noon, o.cost_micros // 10_000) for o in shipped] == [
        ("SHIPPING-1", timedelta(days=1), 1500),
        ("SHIPPING-2", timedelta(days=2), 900),
        ("SHIPPING-3", timedelta(days=3), 400),
    ]
    collected = [o for o in promised.options if o.method is Method.PICK_UP]
    assert [(o.option_id, o.arrive_by, o.cost_micros) for o in collected] == [
        ("PICK_UP-L1-1", NINE + timedelta(hours=1), 0),
        ("PICK_UP-L3-1", noon + timedelta(days=1), 200 * 10_000),
    ]


def test_a_point_is_as_good_as_the_postal_code_that_stands_there() -> None:
    lines = (Line(1, "V", 1),)
    by_code = promise(one_store(), PromiseRequest(channel="web", lines=lines, postal_code="00000"), NINE)
    by_point = promise(one_store(), PromiseRequest(channel="web", lines=lines, point=(40.0, -75.0)), NINE)
    assert by_point == by_code


def test_what_cannot_be_filled_is_named_with_its_reason() -> None:
    lines = (Line(1, "V", 3), Line(2, "X", 1))
    promised = promise(one_store(), PromiseRequest(channel="web", lines=lines, postal_code="00000"), NINE)
    lacking = {(u.line_no, u.qty, u.reason) for option in promised.options for u in option.unfilled}
    assert lacking == {(1, 1, WhyUnfilled.NO_STOCK), (2, 1, WhyUnfilled.UNKNOWN_SKU)}
    far = promise(
        one_store(), PromiseRequest(channel="web", lines=(Line(1, "V", 1),), point=(45.0, -75.0)), NINE
    )
    (local,) = [each for each in far.unavailable if each.method is Method.LOCAL]
    assert [u.reason for u in local.reasons] == [WhyUnfilled.OUT_OF_REACH]


def test_a_store_without_transfers_is_offered_for_its_own_shelf_alone() -> None:
    """Cases C01, C03 and C05: the network has enough, no store alone has, one is reached by transfers."""
    nodes = {
        "W1": node(pickup=False),
        "W2": node(kind="store", lat=40.1),
        "W3": node(kind="store", lat=48.0, ships=False),
        "W4": node(kind="store", lat=48.5, ships=False),
    }
    stock = {("W1", "a"): 9, ("W1", "c"): 7, ("W2", "b"): 3, ("W3", "a"): 3, ("W4", "a"): 4, ("W4", "c"): 9}
    near_transfers = (*RATES[:-1], ("truck", "transfer", "PICK_UP", 1, 50, 30_000, 200, 1))
    decider = live(day(nodes, stock, {"O": order(("a", 1))}, rates=near_transfers))

    def whole_at(*lines: tuple[str, int]) -> set[str | None]:
        wanted = tuple(Line(number, sku, qty) for number, (sku, qty) in enumerate(lines, start=1))
        request = PromiseRequest(
            channel="web", lines=wanted, point=(40.0, -75.0), pickup_node_ids=("W2", "W3", "W4")
        )
        options = promise(decider, request, NINE).options
        return {o.pickup_node_id for o in options if o.method is Method.PICK_UP and not o.unfilled}

    assert whole_at(("a", 5), ("b", 3), ("c", 7)) == {"W2"}
    assert whole_at(("a", 4)) == {"W2", "W4"}
    assert whole_at(("a", 5)) == {"W2"}
    assert whole_at(("a", 5), ("c", 1)) == {"W2"}


def test_a_promise_reserves_nothing() -> None:
    decider = one_store()
    request = PromiseRequest(channel="web", lines=(Line(1, "V", 2),), postal_code="00000")
    assert promise(decider, request, NINE) == promise(decider, request, NINE)


def test_a_basket_without_a_destination_and_unknown_places_are_refused() -> None:
    lines = (Line(1, "V", 1),)
    with pytest.raises(InvalidRequest, match="no destination"):
        promise(one_store(), PromiseRequest(channel="web", lines=lines), NINE)
    with pytest.raises(NotFound) as error:
        promise(one_store(), PromiseRequest(channel="web", lines=lines, postal_code="99999"), NINE)
    assert error.value.data == {"kind": "postal_code", "id": "99999"}
    with pytest.raises(NotFound):
        promise(one_store(), PromiseRequest(channel="web", lines=lines, pickup_node_ids=("L9",)), NINE)
