"""Plans with kits and flexible orders: a good one passes; each rule, broken alone, is found. Costs by hand.

KIT is one NUT and two BOLTs; W has both, NUTS and BOLTS have one of them each. FLEX is shipped, or collected
at A or at B, and so is a second order of two units.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fulfillment.cli.exits import ExitCode
from fulfillment.scenario.tables import METHODS, Alternatives, Kits
from fulfillment.scenario.write import write_scenario
from fulfillment.verify import verify_plan
from tests.cli.ledgers import run
from tests.planning.days import day, node, order
from tests.verify.folders import (
    Row,
    broken_rules,
    change_certificate,
    rules,
    write_allocations,
    write_certificate,
    write_prices,
)

Rows = dict[str, Row]
NUT, BOLT, KIT = 0, 1, 3  # what is stocked is listed first
PICK_UP, SHIPPING = METHODS.index("PICK_UP"), METHODS.index("SHIPPING")


def row(order_id: str, sku: str, node_id: str, qty: float, ride: str, **others: object) -> Row:
    carrier, service = {"ship": ("post", "ground"), "own": ("none", "none"), "bring": ("truck", "transfer")}[
        ride
    ]
    return {
        "order_id": order_id,
        "line_no": 1,
        "sku_id": sku,
        "node_id": node_id,
        "parcel_id": f"{order_id}-{node_id}",
        "carrier": carrier,
        "service": service,
        "qty": qty,
    } | others


def good_rows() -> Rows:
    return {
        "kits": row("BOX", "KIT", "W", 2, "ship"),
        "nut": row("BOX", "NUT", "W", 1, "ship", line_no=2),
        "flex": row("FLEX", "PIN", "A", 1, "own"),
        "late": row("SOON", "PIN", "A", 1, "own"),
    }


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """W holds three nuts and five bolts: two kits leave a nut and a bolt."""
    folder = tmp_path_factory.mktemp("day")
    plain = day(
        {
            "W": node(handling_cents_per_unit=10, handling_cents_per_parcel=50, commission_pct=10.0),
            "NUTS": node(),
            "BOLTS": node(),
            "A": node(kind="store", ships=False),
            "B": node(kind="store", lat=40.2, handling_cents_per_unit=7),
        },
        {
            ("W", "NUT"): 3,
            ("W", "BOLT"): 5,
            ("NUTS", "NUT"): 9,
            ("BOLTS", "BOLT"): 9,
            ("A", "PIN"): 5,
            ("B", "PIN"): 5,
        },
        {
            "BOX": order(("KIT", 3), ("NUT", 2)),
            "FLEX": order(("PIN", 2)),
            "SOON": order(("PIN", 1), method="PICK_UP", pickup="A", promise_by="2026-11-20T10:00"),
        },
        skus={"KIT": (4_000, 900), "NUT": (1_000, 100), "BOLT": (1_000, 100), "PIN": (2_000, 50)},
    )
    made = dataclasses.replace(
        plain,
        kits=Kits(np.array([KIT, KIT]), np.array([NUT, BOLT]), np.array([1, 2])),
        alternatives=Alternatives(
            order=np.array([1, 1, 2]),
            number=np.array([1, 2, 5]),
            method=np.array([PICK_UP, PICK_UP, SHIPPING]),
            pickup_node=np.array([3, 4, -1]),
        ),
    )
    write_scenario(made, folder)
    return folder


TOTAL = (
    (600 + 50)  # one parcel of 1,900 g
    + 2 * (3 * 10 + 400)  # kits: three units each to handle, a tenth of the kit's price
    + (10 + 100)  # the nut
    + (5_000 + 4_000)  # a kit
    + (5_000 + 1_000)  # a nut
    + (5_000 + 2_000)  # a pin; the two others are collected for nothing
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    write_allocations(tmp_path, list(good_rows().values()))
    write_prices(tmp_path, [], [])
    write_certificate(tmp_path, TOTAL, 0)
    return tmp_path


def test_the_good_plan_is_proved_at_its_cost(scenario: Path, plan: Path) -> None:
    verdict = verify_plan(scenario, plan)
    assert verdict.violations == ()
    assert verdict.total_cents == TOTAL
    assert len(verdict.proved) == 4


def changed(name: str, **cells: object) -> Callable[[Rows], None]:
    return lambda rows: rows[name].update(cells)


def added(*more: Row) -> Callable[[Rows], None]:
    return lambda rows: rows.update({f"more {k}": each for k, each in enumerate(more)})


def cut_in_two(rows: Rows) -> None:
    """The second kit's nut leaves one node and its bolts another."""
    rows["kits"]["qty"] = 1
    rows["its nut"] = row("BOX", "NUT", "NUTS", 1, "ship")
    rows["its bolts"] = row("BOX", "BOLT", "BOLTS", 2, "ship")


def says(name: str, alternative: float | None) -> Callable[[Rows], None]:
    """Name the way of each row, as far as `name` is concerned; the others take their own."""

    def change(rows: Rows) -> None:
        for each in rows.values():
            each["alternative"] = None
        rows["flex"]["alternative"] = 1
        rows[name]["alternative"] = alternative

    return change


def both(*changes: Callable[[Rows], None]) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for each in changes:
            each(rows)

    return change


AT_B = row("FLEX", "PIN", "B", 1, "own")
SHIPPED_BY_B = row("FLEX", "PIN", "B", 1, "ship")
BREAKS: dict[str, tuple[Callable[[Rows], None], set[str]]] = {
    "a kit cut in two": (cut_in_two, {"a kit cut up: a component on a row of its own"}),
    "half a kit from each node": (
        both(
            changed("kits", qty=1.5),
            added(row("BOX", "KIT", "NUTS", 0.5, "ship")),
        ),
        {"a quantity that is not a whole number"},
    ),
    "a kit where one component lacks": (
        both(changed("kits", qty=1), added(row("BOX", "KIT", "NUTS", 1, "ship"))),
        {"more units than a position may give"},
    ),
    "one component too many": (
        both(changed("kits", qty=3), changed("nut", qty=1)),
        {"more units than a position may give"},
    ),
    "one component too many, on its own line": (
        changed("nut", qty=2),
        {"more units than a position may give"},
    ),
    "a kit too many": (
        changed("kits", qty=4),
        {"more units than the line asks for", "more units than a position may give"},
    ),
    "served by two ways": (added(AT_B), {"an order served by two ways"}),
    "collected and shipped": (added(SHIPPED_BY_B), {"an order served by two ways"}),
    "no way at all": (
        added(row("FLEX", "PIN", "A", 1, "ship", parcel_id="FLEX-2")),
        {"own-stock pickup with a carrier or service"},
    ),
    "two ways by its own word": (
        both(says("flex", 1), added(AT_B | {"alternative": 2})),
        {"an order served by two ways"},
    ),
    "no such alternative": (says("flex", 3), {"an alternative that the order does not have"}),
    "another order's alternative": (says("late", 1), {"an alternative that the order does not have"}),
    "half an alternative": (says("flex", 1.5), {"an alternative that the order does not have"}),
    "another way than it says": (
        says("flex", None),
        {
            "a parcel from a node that does not ship",
            "no rate for a parcel's carrier, service, method and distance",
        },
    ),
}


def write_rows(folder: Path, rows: Rows) -> None:
    write_allocations(folder, list(rows.values()))


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_plan_is_found_out(scenario: Path, plan: Path, name: str) -> None:
    breaks, expected = BREAKS[name]
    rows = good_rows()
    breaks(rows)
    write_rows(plan, rows)
    assert rules(verify_plan(scenario, plan)) - {"total_cents is not what the plan costs"} == expected


def test_a_way_that_is_named_and_fits_is_taken(scenario: Path, plan: Path) -> None:
    rows = good_rows()
    says("flex", 1)(rows)
    write_rows(plan, rows)
    assert verify_plan(scenario, plan).violations == ()


def test_of_ways_that_fit_the_cheapest_is_taken_unless_another_is_named(scenario: Path, plan: Path) -> None:
    """A pin from B rides to A for 200 cents and seven to handle, or is collected at B for seven."""
    rows = good_rows()
    rows["flex"] = row("FLEX", "PIN", "B", 1, "bring")
    write_rows(plan, rows)
    write_certificate(plan, TOTAL + 207, 0)
    assert verify_plan(scenario, plan).violations == ()
    rows["flex"].update(carrier="none", service="none")
    write_rows(plan, rows)
    write_certificate(plan, TOTAL + 7, 0)
    assert verify_plan(scenario, plan).violations == ()
    says("flex", 1)(rows)
    write_rows(plan, rows)
    assert "no rate for a parcel's carrier, service, method and distance" in broken_rules(scenario, plan)


def claim_no_bound(plan: Path) -> None:
    change_certificate(
        plan,
        lower_bound_cents=None,
        gap=None,
        no_pinned_bound="1 of the parcels arrives after its promise, at the policy's price",
        policy={"name": "patient", "has_pinned_meaning": False},
    )


def test_a_plan_with_late_parcels_is_unproved_and_they_are_named(scenario: Path, plan: Path) -> None:
    """SOON is sent a transfer that arrives a day after the promise, which its policy allows."""
    rows = good_rows()
    rows["late"] = row("SOON", "PIN", "B", 1, "bring")
    write_rows(plan, rows)
    write_certificate(plan, TOTAL + 207, 0)
    claim_no_bound(plan)
    verdict = verify_plan(scenario, plan)
    assert [(each.rule, each.examples) for each in verdict.violations] == [
        ("a parcel that arrives too late", ("SOON-B",)),
        (
            "the certificate claims no bound",
            ("1 of the parcels arrives after its promise, at the policy's price",),
        ),
    ]
    assert verdict.proved == (f"it costs {TOTAL + 207:,}.00 cents",)
    assert (verdict.lower_bound_cents, verdict.gap) == (None, None)
    told = run("verify", scenario, plan)
    assert told.exit_code == ExitCode.UNPROVED
    assert "not proved: a parcel that arrives too late: 1 (SOON-B)" in told.stdout
    assert "not proved: the certificate claims no bound: 1 (1 of the parcels arrives after" in told.stdout
    document = json.loads(run("verify", scenario, plan, "--json").stdout)
    assert (document["ok"], document["lower_bound_cents"], document["gap"]) == (False, None, None)


def test_no_bound_is_unproved_also_when_nothing_is_late(scenario: Path, plan: Path) -> None:
    claim_no_bound(plan)
    assert broken_rules(scenario, plan) == {"the certificate claims no bound"}
    assert run("verify", scenario, plan).exit_code == ExitCode.UNPROVED


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"lower_bound_cents": 5}, "says why it claims no bound, and claims one"),
        ({"gap": 0.5}, "says why it claims no bound, and claims one"),
        ({"no_pinned_bound": None}, "lower_bound_cents is not a whole number of cents"),
        ({"no_pinned_bound": ["late"]}, "says why it claims no bound, and claims one"),
    ],
)
def test_half_a_claim_is_unusable(
    scenario: Path, plan: Path, claims: dict[str, object], message: str
) -> None:
    claim_no_bound(plan)
    change_certificate(plan, **claims)
    told = run("verify", scenario, plan)
    assert told.exit_code == ExitCode.BAD_INPUT
    assert message in told.output
