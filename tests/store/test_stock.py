import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from fulfillment.domain.errors import (
    Conflict,
    InsufficientStock,
    InvalidRequest,
    InvariantViolation,
    NotFound,
    Shortfall,
)
from fulfillment.domain.stock import MAX_UNITS, Balance, Border, EntryReason
from fulfillment.store.entries import audit, balances
from fulfillment.store.schema.stock import stock, stock_entry
from fulfillment.store.stock_rows import change_rows
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import A, C, R, a_group, a_receipt, an_entry, post_all, set_buffer, stock_up

V, W = ("L1", "V"), ("L1", "W")


def balance_of(ledger: Engine, position: tuple[str, str]) -> Balance | None:
    with ledger.connect() as connection:
        return balances(connection).get(position)


def assert_audit_agrees(ledger: Engine) -> None:
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()


def test_receiving_makes_the_row_and_counts_versions(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    post_all(ledger, a_group(a_receipt(V, 2)))
    assert balance_of(ledger, V) == Balance(available=7, version=2)
    assert_audit_agrees(ledger)


def test_many_entries_on_one_row_are_added_up_before_the_row_changes(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 1})
    posted = post_all(
        ledger,
        a_group(an_entry(V, 2, EntryReason.HOLD, A, R), an_entry(W, 1)),
        a_group(an_entry(V, 2)),
        a_group(an_entry(V, 2, EntryReason.RELEASE, R, A)),
        a_group(an_entry(V, 3)),
    )
    assert len(posted.applied) == 4
    assert balance_of(ledger, V) == Balance(committed=5, version=5)
    assert balance_of(ledger, W) == Balance(committed=1, version=2)
    assert_audit_agrees(ledger)


def test_two_lines_of_one_sku_cannot_take_more_than_there_is(ledger: Engine) -> None:
    """Each line alone would fit: 3 of 5 and 3 of 5."""
    stock_up(ledger, {V: 5})
    group = a_group(an_entry(V, 3), an_entry(V, 3))
    posted = post_all(ledger, group)
    refusal = posted.refused[group.group_id]
    assert isinstance(refusal, InsufficientStock)
    assert refusal.shortfalls == (Shortfall("L1", "V", 3, 2),)
    assert balance_of(ledger, V) == Balance(available=5, version=1)


def test_refused_group_leaves_no_trace_and_does_not_fail_the_others(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 5})
    refused, fine = a_group(an_entry(V, 4), an_entry(W, 6)), a_group(an_entry(V, 5))
    posted = post_all(ledger, refused, fine)
    assert posted.applied == [fine.group_id]
    assert set(posted.refused) == {refused.group_id}
    assert balance_of(ledger, V) == Balance(committed=5, version=2)
    assert balance_of(ledger, W) == Balance(available=5, version=1)
    assert_audit_agrees(ledger)


def test_every_position_that_lacks_units_is_named(ledger: Engine) -> None:
    stock_up(ledger, {V: 1, W: 2})
    group = a_group(an_entry(V, 3), an_entry(W, 3))
    refusal = post_all(ledger, group).refused[group.group_id]
    assert isinstance(refusal, InsufficientStock)
    assert refusal.shortfalls == (Shortfall("L1", "V", 3, 1), Shortfall("L1", "W", 3, 2))


def test_posting_again_is_harmless(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    group = a_group(an_entry(V, 3))
    assert post_all(ledger, group).applied == [group.group_id]
    assert post_all(ledger, group).duplicates == [group.group_id]
    assert balance_of(ledger, V) == Balance(available=2, committed=3, version=2)


def test_posting_the_same_entry_twice_in_one_call_is_harmless(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    entry = an_entry(V, 3)
    first, second = a_group(entry), a_group(entry)
    posted = post_all(ledger, first, second)
    assert (posted.applied, posted.duplicates) == ([first.group_id], [second.group_id])
    assert balance_of(ledger, V) == Balance(available=2, committed=3, version=2)


def test_an_entry_id_cannot_stand_for_another_movement(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    post_all(ledger, a_group(an_entry(V, 3, entry_id="E")))
    group = a_group(an_entry(V, 2, entry_id="E"))
    refusal = post_all(ledger, group).refused[group.group_id]
    assert isinstance(refusal, Conflict)
    assert refusal.data == {"entry_id": "E"}


def test_a_group_is_never_completed_by_halves(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    entry = an_entry(V, 1)
    post_all(ledger, a_group(entry))
    group = a_group(entry, an_entry(V, 1))
    assert isinstance(post_all(ledger, group).refused[group.group_id], Conflict)
    assert balance_of(ledger, V) == Balance(available=4, committed=1, version=2)


def test_taking_where_no_row_is_names_it_and_makes_none(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    group = a_group(an_entry(W, 1))
    refusal = post_all(ledger, group).refused[group.group_id]
    assert isinstance(refusal, NotFound)
    assert refusal.data == {"kind": "stock", "id": "L1/W"}
    assert balance_of(ledger, W) is None


@pytest.mark.parametrize("position", [("nowhere", "V"), ("L1", "nothing")])
def test_receiving_at_an_unknown_node_or_sku_is_refused(ledger: Engine, position: tuple[str, str]) -> None:
    stock_up(ledger, {V: 5})
    group = a_group(a_receipt(position, 1))
    assert isinstance(post_all(ledger, group).refused[group.group_id], NotFound)


def test_more_units_than_a_count_holds_are_refused(ledger: Engine) -> None:
    stock_up(ledger, {V: MAX_UNITS})
    group = a_group(a_receipt(V, 1))
    assert isinstance(post_all(ledger, group).refused[group.group_id], InvalidRequest)


def test_a_channel_leaves_safety_stock_and_its_own_buffer_alone(ledger: Engine) -> None:
    stock_up(ledger, {V: 10})
    set_buffer(ledger, V, 9)
    set_buffer(ledger, V, 3, version=2)  # the later version counts
    set_buffer(ledger, V, 2, channel="marketplace")
    too_many, enough = (
        a_group(an_entry(V, 6), sells_on="marketplace"),
        a_group(an_entry(V, 5), sells_on="marketplace"),
    )
    posted = post_all(ledger, too_many, enough)
    assert posted.applied == [enough.group_id]
    refusal = posted.refused[too_many.group_id]
    assert isinstance(refusal, InsufficientStock)
    assert refusal.shortfalls == (Shortfall("L1", "V", 6, 5),)
    web, web_again = a_group(an_entry(V, 2), sells_on="web"), a_group(an_entry(V, 1), sells_on="web")
    posted = post_all(ledger, web, web_again)
    assert (posted.applied, list(posted.refused)) == ([web.group_id], [web_again.group_id])


def test_work_inside_the_house_may_take_the_last_unit(ledger: Engine) -> None:
    stock_up(ledger, {V: 3})
    set_buffer(ledger, V, 3)
    post_all(ledger, a_group(an_entry(V, 3, EntryReason.WRITE_OFF, A, Border.LOSS)))
    assert balance_of(ledger, V) == Balance(version=2)


def test_nothing_to_post_is_no_statement_at_all(ledger: Engine) -> None:
    assert post_all(ledger).applied == []


@pytest.mark.parametrize(
    "statement",
    [
        update(stock_entry).values(qty=99),
        stock_entry.delete(),
        text("INSERT INTO stock_entry SELECT * FROM stock_entry"),
    ],
    ids=["update", "delete", "copy"],
)
def test_the_database_refuses_to_change_an_entry(ledger: Engine, statement: object) -> None:
    stock_up(ledger, {V: 5})
    with pytest.raises(DBAPIError), ledger.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    with ledger.connect() as connection:
        assert connection.scalars(select(stock_entry.c.qty)).all() == [5]


def test_the_database_refuses_to_truncate_the_entries(ledger: Engine) -> None:
    """SQLite has no TRUNCATE; its DELETE is refused above."""
    stock_up(ledger, {V: 5})
    with pytest.raises(DBAPIError), ledger.begin() as connection:
        connection.execute(text("TRUNCATE stock_entry CASCADE"))


@pytest.mark.parametrize("state", ["available", "reserved", "committed", "unavailable"])
def test_the_database_refuses_a_negative_count(ledger: Engine, state: str) -> None:
    stock_up(ledger, {V: 5})
    with pytest.raises(IntegrityError, match=f"ck_stock_{state}_at_least_0"), ledger.begin() as connection:
        connection.execute(update(stock).values({state: -1}))


def test_units_keep_their_places_through_a_whole_life(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    post_all(
        ledger,
        a_group(an_entry(V, 2, EntryReason.HOLD, A, R)),
        a_group(an_entry(V, 2, EntryReason.COMMIT, R, C)),
        a_group(an_entry(V, 2, EntryReason.SHIP, C, Border.CUSTOMER)),
    )
    assert balance_of(ledger, V) == Balance(available=3, version=4)
    assert_audit_agrees(ledger)


def test_a_sum_that_the_database_does_not_share_is_never_written(ledger: Engine) -> None:
    """Its own sum and ours must agree: a row that is not as it was read under its lock stays as it is."""
    stock_up(ledger, {V: 5})
    before, after = (4, 0, 0, 0, 1), (3, 0, 1, 0, 2)  # there are 5 in truth
    with pytest.raises(InvariantViolation, match="cannot become"):
        run_in_transaction(ledger, lambda connection: change_rows(connection, {V: before}, {V: after}, {}))
    with ledger.connect() as connection:
        assert balances(connection)[V].available == 5
