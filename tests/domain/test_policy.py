from datetime import timedelta

import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import (
    Balance,
    Completion,
    LastUnits,
    LastUnitsByKind,
    Lateness,
    ParcelRules,
    Policy,
    SafetyFloor,
    Unfilled,
    VendorsLast,
)

FULL = """
version = 7
name = "peak \\"2026\\""

[unfilled]
penalty_cents_per_unit = 2500
price_is_added = false

[unfilled.percent_by_priority]
3 = 50
1 = 300

[safety_floor_units]
store = 2

[excluded_node_kinds]
SHIPPING = ["vendor"]
LOCAL = ["vendor", "warehouse"]

[excluded_nodes]
PICK_UP = ["S7"]

[release]
window_minutes = 0

[parcels]
max_per_order = 3
single_below_cents = 2000
unsplit_skus = ["TABLE", "CHAIR"]

[completion]
ship_complete_methods = ["LOCAL", "PICK_UP"]

[lateness]
cents_per_day = 150
max_days = 2

[last_units.store]
units = 2
cents_per_unit = 300

[balance]
from_percent = 80
cents_per_parcel = 40

[vendors_last]
cents_per_parcel = 500
cents_per_unit = 25
"""

LATER_RULES = (
    "parcels.max_per_order = 2",
    "parcels.single_below_cents = 2",
    'parcels.unsplit_skus = ["A"]',
    'completion.ship_complete_methods = ["SHIPPING"]',
    "lateness = {cents_per_day = 1, max_days = 1}",
    "last_units.store = {units = 1, cents_per_unit = 1}",
    "last_units.vendor = {units = 1, cents_per_unit = 1}",
    "balance = {from_percent = 1, cents_per_parcel = 1}",
    "vendors_last.cents_per_parcel = 1",
    "vendors_last.cents_per_unit = 1",
)
WEIGH_NOTHING = (
    "lateness = {cents_per_day = 9, max_days = 0}",
    "last_units.store = {units = 0, cents_per_unit = 9}",
    "last_units.store = {units = 9, cents_per_unit = 0}",
    "balance = {from_percent = 100, cents_per_parcel = 9}",
    "balance = {from_percent = 9, cents_per_parcel = 0}",
    "release.window_minutes = 3",
)


def test_the_default_is_the_plain_meaning_of_a_plans_cost() -> None:
    policy = Policy.default()
    assert policy.unfilled.penalty_cents_per_unit == 5000
    assert policy.unfilled.price_is_added
    assert {policy.unfilled.percent(priority) for priority in range(1, 10)} == {100}
    assert {policy.safety_floor.units(kind) for kind in NodeKind} == {0}
    assert not any(policy.excludes(method, "S1", kind) for method in Method for kind in NodeKind)
    assert policy.release_window == timedelta(minutes=10)


def test_a_document_with_a_version_alone_decides_as_the_default_does() -> None:
    policy, default = Policy.from_toml("version = 1"), Policy.default()
    assert policy.unfilled == default.unfilled
    assert policy.safety_floor == default.safety_floor
    assert policy.release_window_minutes == default.release_window_minutes


def test_every_key_is_read() -> None:
    assert Policy.from_toml(FULL) == Policy(
        version=7,
        name='peak "2026"',
        unfilled=Unfilled(
            penalty_cents_per_unit=2500, price_is_added=False, percent_by_priority=((1, 300), (3, 50))
        ),
        safety_floor=SafetyFloor(store=2),
        excluded_kinds=frozenset(
            {
                (Method.SHIPPING, NodeKind.VENDOR),
                (Method.LOCAL, NodeKind.VENDOR),
                (Method.LOCAL, NodeKind.WAREHOUSE),
            }
        ),
        excluded_nodes=frozenset({(Method.PICK_UP, "S7")}),
        release_window_minutes=0,
        parcels=ParcelRules(
            max_per_order=3, single_below_cents=2000, unsplit_skus=frozenset({"TABLE", "CHAIR"})
        ),
        completion=Completion(ship_complete_methods=frozenset({Method.LOCAL, Method.PICK_UP})),
        lateness=Lateness(cents_per_day=150, max_days=2),
        last_units=LastUnitsByKind(store=LastUnits(units=2, cents_per_unit=300)),
        balance=Balance(from_percent=80, cents_per_parcel=40),
        vendors_last=VendorsLast(cents_per_parcel=500, cents_per_unit=25),
    )


def test_a_document_survives_writing_and_reading() -> None:
    for policy in (Policy.default(), Policy.from_toml(FULL)):
        again = Policy.from_toml(policy.to_toml())
        assert again == policy
        assert again.digest == policy.digest
        assert again.to_toml() == policy.to_toml()


def test_the_digest_tells_policies_apart() -> None:
    documents = [
        "version = 1",
        "version = 2",
        'version = 1\nname = "other"',
        "version = 1\nunfilled.percent_by_priority.2 = 50",
        "version = 1\nsafety_floor_units.store = 1",
        'version = 1\nexcluded_nodes.LOCAL = ["S1"]',
        *(f"version = 1\n{rule}" for rule in LATER_RULES),
    ]
    assert len({Policy.from_toml(document).digest for document in documents}) == len(documents)


def test_the_digest_does_not_depend_on_the_order_of_a_document() -> None:
    one = 'version = 1\nexcluded_nodes.LOCAL = ["S1", "S2"]\nrelease.window_minutes = 5'
    two = 'version = 1\nrelease.window_minutes = 5\nexcluded_nodes.LOCAL = ["S2", "S1", "S2"]'
    assert Policy.from_toml(one).digest == Policy.from_toml(two).digest


def test_the_digest_of_the_default_is_stable() -> None:
    """Plans on file name it: a change here means that old plans no longer match their policy."""
    assert Policy.default().digest == "5a16cbce4f487e853f9ddd3c35aaac5c2d52fa9b5803359545018dd58c6da65f"


@pytest.mark.parametrize(
    "rule",
    [
        *LATER_RULES,
        "unfilled.penalty_cents_per_unit = 1",
        "safety_floor_units.store = 1",
        'excluded_nodes.LOCAL = ["S1"]',
        'excluded_node_kinds.LOCAL = ["vendor"]',
    ],
)
def test_a_rule_that_weighs_or_forbids_leaves_the_pinned_meaning(rule: str) -> None:
    assert not Policy.from_toml(f"version = 1\n{rule}").has_pinned_meaning


def test_what_weighs_nothing_keeps_the_pinned_meaning() -> None:
    assert Policy.default().has_pinned_meaning
    for rule in WEIGH_NOTHING:
        assert Policy.from_toml(f"version = 1\n{rule}").has_pinned_meaning, rule


def test_exclusions_are_by_method() -> None:
    policy = Policy.from_toml(FULL)
    assert policy.excludes(Method.SHIPPING, "V1", NodeKind.VENDOR)
    assert not policy.excludes(Method.SHIPPING, "W1", NodeKind.WAREHOUSE)
    assert policy.excludes(Method.LOCAL, "W1", NodeKind.WAREHOUSE)
    assert policy.excludes(Method.PICK_UP, "S7", NodeKind.STORE)
    assert not policy.excludes(Method.PICK_UP, "S8", NodeKind.STORE)


@pytest.mark.parametrize(
    ("document", "key", "value", "remedy"),
    [
        # The version
        ("", "version", None, "add a line `version = …`"),
        ("version = 0", "version", 0, "from 1 to"),
        ("version = -1", "version", -1, "from 1 to"),
        ('version = "1"', "version", "1", "a whole number"),
        ("version = true", "version", True, "a whole number"),
        ("version = 1.0", "version", 1.0, "a whole number"),
        # Unknown keys
        ("version = 1\nunfiled = 3", "unfiled", 3, "did you mean unfilled?"),
        ("version = 1\nzzz = 3", "zzz", 3, "remove it; the keys here are version, name"),
        (
            "version = 1\nunfilled.penalty_cents = 3",
            "unfilled.penalty_cents",
            3,
            "did you mean penalty_cents_per_unit?",
        ),
        ("version = 1\nrelease.window_hours = 3", "release.window_hours", 3, "window_minutes"),
        ("version = 1\nsafety_floor_units.stores = 3", "safety_floor_units.stores", 3, "did you mean store?"),
        ("version = 1\nexcluded_nodes.RETAIL = []", "excluded_nodes.RETAIL", [], "remove it"),
        ("version = 1\nexcluded_node_kinds.shipping = []", "excluded_node_kinds.shipping", [], "remove it"),
        # Wrong types
        ("version = 1\nname = 3", "name", 3, "in quotation marks"),
        ("version = 1\nunfilled = 3", "unfilled", 3, "a table"),
        ("version = 1\nunfilled.price_is_added = 1", "unfilled.price_is_added", 1, "true or false"),
        (
            "version = 1\nunfilled.penalty_cents_per_unit = 5.5",
            "unfilled.penalty_cents_per_unit",
            5.5,
            "a whole number",
        ),
        (
            "version = 1\nunfilled.percent_by_priority.2 = nan",
            "unfilled.percent_by_priority.2",
            None,
            "a whole number",
        ),
        ('version = 1\nexcluded_nodes.LOCAL = "S1"', "excluded_nodes.LOCAL", "S1", "a list of texts"),
        ("version = 1\nexcluded_nodes.LOCAL = [1]", "excluded_nodes.LOCAL", [1], "a list of texts"),
        # Values out of range
        ('version = 1\nname = ""', "name", "", "name the policy"),
        (
            "version = 1\nunfilled.penalty_cents_per_unit = -1",
            "unfilled.penalty_cents_per_unit",
            -1,
            "from 0 to",
        ),
        (
            "version = 1\nunfilled.percent_by_priority.1 = 0",
            "unfilled.percent_by_priority.1",
            0,
            "from 1 to",
        ),
        (
            "version = 1\nunfilled.percent_by_priority.high = 100",
            "unfilled.percent_by_priority.high",
            "high",
            "as a whole number",
        ),
        (
            "version = 1\nunfilled.percent_by_priority.01 = 100",
            "unfilled.percent_by_priority.01",
            "01",
            "as a whole number",
        ),
        ("version = 1\nsafety_floor_units.vendor = -2", "safety_floor_units.vendor", -2, "from 0 to"),
        ("version = 1\nrelease.window_minutes = -1", "release.window_minutes", -1, "from 0 to"),
        ("version = 1\nrelease.window_minutes = 100000", "release.window_minutes", 100000, "from 0 to 10080"),
        ('version = 1\nexcluded_nodes.LOCAL = [""]', "excluded_nodes.LOCAL", "", "name a node"),
        (
            'version = 1\nexcluded_node_kinds.LOCAL = ["shop"]',
            "excluded_node_kinds.LOCAL",
            "shop",
            "warehouse, store, vendor",
        ),
        # The special rules
        ("version = 1\nparcels.max_per_order = -1", "parcels.max_per_order", -1, "from 0 to"),
        ("version = 1\nparcels.max = 2", "parcels.max", 2, "the keys here are max_per_order"),
        ("version = 1\nparcels.single_below_cents = 9.5", "parcels.single_below_cents", 9.5, "whole number"),
        ('version = 1\nparcels.unsplit_skus = [""]', "parcels.unsplit_skus", "", "by their sku_id"),
        (
            'version = 1\ncompletion.ship_complete_methods = ["RETAIL"]',
            "completion.ship_complete_methods",
            "RETAIL",
            "SHIPPING, PICK_UP, LOCAL",
        ),
        (
            'version = 1\ncompletion.ship_complete_methods = ["shipping"]',
            "completion.ship_complete_methods",
            "shipping",
            "SHIPPING, PICK_UP, LOCAL",
        ),
        ("version = 1\nlateness.cents_per_day = 3", "lateness.max_days", None, "add a line `max_days"),
        ("version = 1\nlateness.max_days = 3", "lateness.cents_per_day", None, "add a line `cents_per_day"),
        (
            "version = 1\nlateness = {max_days = 61, cents_per_day = 1}",
            "lateness.max_days",
            61,
            "from 0 to 60",
        ),
        (
            "version = 1\nlast_units.store = {units = 3}",
            "last_units.store.cents_per_unit",
            None,
            "add a line `cents_per_unit",
        ),
        (
            "version = 1\nlast_units.stores = {units = 3, cents_per_unit = 1}",
            "last_units.stores",
            None,
            "did you mean store?",
        ),
        (
            "version = 1\nlast_units.store = {units = 1, cents_per_unit = -1}",
            "last_units.store.cents_per_unit",
            -1,
            "from 0 to",
        ),
        ("version = 1\nbalance.from_percent = 80", "balance.cents_per_parcel", None, "add a line"),
        (
            "version = 1\nbalance = {from_percent = 101, cents_per_parcel = 1}",
            "balance.from_percent",
            101,
            "from 0 to 100",
        ),
        ("version = 1\nvendors_last.cents_per_parcel = -1", "vendors_last.cents_per_parcel", -1, "from 0"),
        (
            "version = 1\nvendors_last.cents = 1",
            "vendors_last.cents",
            1,
            "the keys here are cents_per_parcel",
        ),
    ],
)
def test_a_mistake_is_refused_by_key_value_and_remedy(
    document: str, key: str, value: object, remedy: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Policy.from_toml(document)
    assert caught.value.data["key"] == key
    assert key in str(caught.value)
    assert remedy in caught.value.remedy
    if value is not None:  # absent, or not equal to itself
        assert caught.value.data["value"] == value
        assert type(caught.value.data["value"]) is type(value)


@pytest.mark.parametrize(
    "text", ["version = ", "version = 1\nversion = 2", "= 1", "v = " + "[" * 5000, "v = " + "9" * 5000]
)
def test_a_text_that_is_not_toml_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="not a TOML document"):
        Policy.from_toml(text)


def test_a_policy_built_in_code_obeys_the_same_rules() -> None:
    with pytest.raises(InvalidRequest, match="from 1 to"):
        Policy(version=0)
    with pytest.raises(InvalidRequest, match="SHIPPING, PICK_UP, LOCAL"):
        Policy(version=1, excluded_nodes=frozenset({(Method.RETAIL, "S1")}))
    for twice_or_unordered in (((1, 100), (1, 200)), ((2, 100), (1, 200))):
        with pytest.raises(InvalidRequest, match="ascending order"):
            Unfilled(percent_by_priority=twice_or_unordered)
