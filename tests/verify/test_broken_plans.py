"""A plan that may be carried out passes; each rule, broken alone, is found. Costs are added up by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fulfillment.scenario.write import write_scenario
from fulfillment.verify import verify_plan
from tests.planning.days import day, node, order
from tests.verify.folders import (
    Row,
    broken_rules,
    rules,
    write_allocations,
    write_certificate,
    write_prices,
)

Rows = dict[str, Row]


def row(order_id: str, node_id: str, qty: float, carrier: str, service: str, **others: object) -> Row:
    return {
        "order_id": order_id,
        "line_no": 1,
        "sku_id": "V",
        "node_id": node_id,
        "parcel_id": f"{order_id}-1",
        "carrier": carrier,
        "service": service,
        "qty": qty,
    } | others


def good_rows() -> Rows:
    """W gives all it has in all the parcels it may send, S all but its safety stock."""
    return {
        "A": row("A", "W", 2, "post", "ground"),
        "B": row("B", "S", 1, "none", "none"),
        "C": row("C", "S", 1, "bike", "same_day"),
        "D": row("D", "W", 1, "post", "ground"),
    }


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    written = day(
        {
            "W": node(capacity_parcels=2),
            "S": node(lat=40.1),
            "STILL": node(ships=False),
            "EMPTY": node(),
            "SHY": node(pickup=False, same_day_radius_km=5.0, lat=40.1),
        },
        {
            ("W", "V"): 3,
            ("S", "V"): (3, 1),
            ("STILL", "V"): 5,
            ("SHY", "V"): 5,
            ("SHY", "U"): 5,
        },
        {
            "A": order(("V", 2)),
            "B": order(("V", 1), method="PICK_UP", pickup="S"),
            "C": order(("V", 1), method="LOCAL"),
            "D": order(("V", 1), promise_by="2026-11-22T12:00"),  # 09:00 + 1 h, cut-off 12:00, two days
            "late pickup": order(("V", 1), method="PICK_UP", pickup="S", promise_by="2026-11-20T09:59"),
            "no pickup": order(("V", 1), method="PICK_UP", pickup="SHY"),
            "too soon": order(("V", 1), promise_by="2026-11-22T11:59"),
        },
    )
    write_scenario(written, folder)
    return folder


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The good plan without prices: three parcels carried, one collected, three units at 50 + 10 dollars."""
    write_allocations(tmp_path, list(good_rows().values()))
    write_prices(tmp_path, [], [])
    write_certificate(tmp_path, 600 + 0 + 700 + 600 + 3 * 6_000, 19_900)
    return tmp_path


def test_the_good_plan_is_proved_optimal(scenario: Path, plan: Path) -> None:
    verdict = verify_plan(scenario, plan)
    assert verdict.violations == ()
    assert verdict.holds
    assert len(verdict.proved) == 4
    assert (verdict.total_micros, verdict.lower_bound_micros) == (199_000_000, 199_000_000)
    assert (verdict.total_cents, verdict.lower_bound_cents, verdict.gap) == (19_900.0, 19_900, 0.0)


def changed(name: str, **cells: object) -> Callable[[Rows], None]:
    return lambda rows: rows[name].update(cells)


def added(*more: Row) -> Callable[[Rows], None]:
    return lambda rows: rows.update({f"more {k}": each for k, each in enumerate(more)})


def in_two_parcels(rows: Rows) -> None:
    rows["A"]["qty"] = 1
    rows["A again"] = rows["A"] | {"parcel_id": "A-2"}


def on_two_rows(rows: Rows) -> None:
    rows["A"]["qty"] = 1
    rows["A again"] = dict(rows["A"])


BREAKS: dict[str, tuple[Callable[[Rows], None], str]] = {
    "a unit too many": (changed("A", qty=3), "more units than the line asks for"),
    "a unit too many, from elsewhere": (
        added(row("A", "SHY", 1, "post", "ground", parcel_id="A-2")),
        "more units than the line asks for",
    ),
    "more than stock": (changed("C", node_id="W"), "more units than a position may give"),
    "the safety stock": (changed("D", node_id="S"), "more units than a position may give"),
    "no position": (changed("D", node_id="EMPTY"), "more units than a position may give"),
    "a parcel too many": (in_two_parcels, "more parcels than a node may send"),
    "half a unit": (changed("A", qty=1.5), "a quantity that is not a whole number"),
    "no quantity": (changed("A", qty=None), "a quantity that is not a whole number"),
    "NaN units": (changed("A", qty=float("nan")), "a quantity that is not a whole number"),
    "nothing": (changed("A", qty=0), "a quantity below one"),
    "minus one": (changed("A", qty=-1), "a quantity below one"),
    "a billion": (changed("A", qty=1e9), "a quantity beyond any order"),
    "an unknown order": (changed("A", order_id="Z"), "an unknown order"),
    "an unknown node": (changed("A", node_id="Z"), "an unknown node"),
    "no node": (changed("A", node_id=None), "an unknown node"),
    "an unknown SKU": (changed("A", sku_id="Z"), "an unknown SKU"),
    "another SKU": (changed("A", sku_id="U"), "another SKU than the line's"),
    "no such line": (changed("A", line_no=2), "a line that was never ordered"),
    "no parcel": (changed("A", parcel_id=None), "a parcel without a name"),
    "two orders in a parcel": (changed("D", parcel_id="A-1"), "a parcel of two orders"),
    "two nodes in a parcel": (added(row("A", "S", 1, "post", "ground")), "a parcel of two nodes"),
    "two carriers in a parcel": (added(row("A", "W", 1, "bike", "ground")), "a parcel of two carriers"),
    "two services in a parcel": (added(row("A", "W", 1, "post", "air")), "a parcel of two services"),
    "one line twice in a parcel": (on_two_rows, "a parcel and line on two rows"),
    "own pickup by truck": (
        changed("B", carrier="truck", service="transfer"),
        "own-stock pickup with a carrier or service",
    ),
    "a node that does not ship": (changed("D", node_id="STILL"), "a parcel from a node that does not ship"),
    "no pickup there": (
        added(row("no pickup", "SHY", 1, "none", "none")),
        "a pickup where none is offered",
    ),
    "a transfer to where no pickup is": (
        added(row("no pickup", "S", 1, "truck", "transfer")),
        "a pickup where none is offered",
    ),
    "too far for the bike": (
        changed("C", node_id="SHY"),
        "a same-day parcel beyond the node's radius",
    ),
    "a minute late": (added(row("too soon", "SHY", 1, "post", "ground")), "a parcel that arrives too late"),
    "ready a minute late": (
        added(row("late pickup", "S", 1, "none", "none")),
        "a pickup that is ready too late",
    ),
    "another carrier": (
        changed("A", carrier="ups"),
        "no rate for a parcel's carrier, service, method and distance",
    ),
    "another method's service": (
        changed("A", carrier="bike", service="same_day"),
        "no rate for a parcel's carrier, service, method and distance",
    ),
    "shipping without a carrier": (
        changed("A", carrier="none", service="none"),
        "no rate for a parcel's carrier, service, method and distance",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_plan_is_found_out(scenario: Path, plan: Path, name: str) -> None:
    breaks, rule = BREAKS[name]
    rows = good_rows()
    breaks(rows)
    write_allocations(plan, list(rows.values()))
    verdict = verify_plan(scenario, plan)
    assert rule in rules(verdict)
    assert not verdict.holds
    assert not any("feasible" in claim for claim in verdict.proved)


def test_no_parcels_at_all_is_a_plan(scenario: Path, plan: Path) -> None:
    write_allocations(plan, [])
    write_certificate(plan, 8 * 6_000, 19_900)
    assert verify_plan(scenario, plan).violations == ()


@pytest.mark.parametrize("cents", [19_899, 19_901, 19_900.01, -19_900])
def test_a_total_that_is_off_is_found_out(scenario: Path, plan: Path, cents: float) -> None:
    write_certificate(plan, cents, 0)
    assert broken_rules(scenario, plan) == {"total_cents is not what the plan costs"}


def test_a_cheaper_plan_than_claimed_is_no_excuse(scenario: Path, plan: Path) -> None:
    """Costs are compared both ways: a certificate of another plan certifies nothing."""
    rows = good_rows()
    del rows["D"]
    write_allocations(plan, list(rows.values()))
    assert broken_rules(scenario, plan) == {"total_cents is not what the plan costs"}
