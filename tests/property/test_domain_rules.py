"""ATP, kits, GTIN and the policy over their whole ranges."""

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fulfillment.domain.availability import Supply, atp, atp_by
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.gtin import LENGTHS, check_digit, check_gtin
from fulfillment.domain.kinds import NodeKind
from fulfillment.domain.kits import Kit, explode
from fulfillment.domain.lines import Line, units_by_sku
from fulfillment.domain.policy import (
    DECIDED_METHODS,
    MAX_PENALTY_CENTS,
    MAX_PERCENT,
    MAX_WINDOW_MINUTES,
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

units = st.integers(0, 100)
START = date(2026, 3, 2)


@st.composite
def supplies(draw: st.DrawFn) -> Supply:
    qty = draw(st.integers(1, 50))
    return Supply(
        supply_id="PO",
        node_id="S1",
        sku_id="V",
        due_on=START + timedelta(days=draw(st.integers(0, 9))),
        qty=qty,
        promised=draw(st.integers(0, qty)),
    )


@given(units, units, units, st.lists(supplies(), max_size=5), st.integers(0, 9))
def test_atp_by_grows_with_the_date_and_never_exceeds_what_will_be_there(
    available: int, safety_stock: int, channel_buffer: int, under_way: list[Supply], days: int
) -> None:
    def by(on: date) -> int:
        return atp_by(on, available, under_way, safety_stock=safety_stock, channel_buffer=channel_buffer)

    now = atp(available, safety_stock=safety_stock, channel_buffer=channel_buffer)
    on = START + timedelta(days=days)
    assert 0 <= now <= by(on) <= by(on + timedelta(days=1))
    assert by(on) <= available + sum(supply.unpromised for supply in under_way)
    assert by(START - timedelta(days=1)) == now


skus = st.sampled_from(["A", "B", "C"])
kits = st.dictionaries(skus, st.integers(1, 4), min_size=1)
lines = st.lists(
    st.builds(Line, st.just(1), st.sampled_from(["A", "B", "C", "KIT"]), st.integers(1, 9)), min_size=1
)


@given(lines, kits)
def test_a_node_that_holds_the_exploded_units_can_serve_every_kit(
    asked: list[Line], components: dict[str, int]
) -> None:
    kit = Kit("KIT", components)
    needed = explode(asked, {"KIT": kit})
    wanted = units_by_sku(asked)
    kits_wanted = wanted.pop("KIT", 0)
    left = {sku_id: qty - wanted.get(sku_id, 0) for sku_id, qty in needed.items()}
    assert kit.whole_kits(left) >= kits_wanted
    assert sum(left.values()) == kits_wanted * sum(components.values())
    assert "KIT" not in needed


bodies = st.sampled_from(LENGTHS).flatmap(
    lambda length: st.text("0123456789", min_size=length - 1, max_size=length - 1)
)


@given(bodies)
def test_the_check_digit_completes_a_gtin(body: str) -> None:
    check_gtin(body + str(check_digit(body)))


@given(bodies, st.data())
def test_one_wrong_digit_is_always_caught(body: str, data: st.DataObject) -> None:
    gtin = body + str(check_digit(body))
    place = data.draw(st.integers(0, len(gtin) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(digit != gtin[place])
    with pytest.raises(InvalidRequest):
        check_gtin(gtin[:place] + digit + gtin[place + 1 :])


@given(bodies)
def test_leading_zeros_do_not_change_the_check_digit(body: str) -> None:
    """A GTIN-12 is the same number in a GTIN-14 field."""
    assert check_digit("00" + body) == check_digit(body)


methods = st.sampled_from(DECIDED_METHODS)
floor_units = st.integers(0, 2**31 - 1)
cents = st.integers(0, 100_000_000)
last_units = st.builds(LastUnits, units=st.integers(0, 9), cents_per_unit=cents)
policies = st.builds(
    Policy,
    version=st.integers(1, 2**31 - 1),
    name=st.text(min_size=1),
    unfilled=st.builds(
        Unfilled,
        penalty_cents_per_unit=st.integers(0, MAX_PENALTY_CENTS),
        price_is_added=st.booleans(),
        percent_by_priority=st.dictionaries(st.integers(1, 2**31 - 1), st.integers(1, MAX_PERCENT)).map(
            lambda percents: tuple(sorted(percents.items()))
        ),
    ),
    safety_floor=st.builds(SafetyFloor, warehouse=floor_units, store=floor_units, vendor=floor_units),
    excluded_kinds=st.frozensets(st.tuples(methods, st.sampled_from(NodeKind))),
    excluded_nodes=st.frozensets(st.tuples(methods, st.text(min_size=1))),
    release_window_minutes=st.integers(0, MAX_WINDOW_MINUTES),
    parcels=st.builds(
        ParcelRules,
        max_per_order=st.integers(0, 9),
        single_below_cents=cents,
        unsplit_skus=st.frozensets(st.text(min_size=1)),
    ),
    completion=st.builds(Completion, ship_complete_methods=st.frozensets(methods)),
    lateness=st.builds(Lateness, cents_per_day=cents, max_days=st.integers(0, 60)),
    last_units=st.builds(LastUnitsByKind, warehouse=last_units, store=last_units, vendor=last_units),
    balance=st.builds(Balance, from_percent=st.integers(0, 100), cents_per_parcel=cents),
    vendors_last=st.builds(VendorsLast, cents_per_parcel=cents, cents_per_unit=cents),
)


@given(policies)
def test_a_policy_survives_writing_and_reading(policy: Policy) -> None:
    again = Policy.from_toml(policy.to_toml())
    assert again == policy
    assert again.digest == policy.digest


@given(policies, policies)
def test_digests_are_equal_just_where_policies_are(one: Policy, other: Policy) -> None:
    assert (one.digest == other.digest) == (one == other)


@given(policies, st.data())
def test_a_damaged_document_is_a_policy_or_refused_as_a_request(policy: Policy, data: st.DataObject) -> None:
    """No other error may escape: whoever reads a user's file catches this one."""
    text = policy.to_toml()
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    damage = data.draw(
        st.one_of(st.text(max_size=5), st.sampled_from(["-1", "true", "[]", "{}", '""', "1e9"]))
    )
    with contextlib.suppress(InvalidRequest):
        assert Policy.from_toml(text[:start] + damage + text[end:]).version >= 1
