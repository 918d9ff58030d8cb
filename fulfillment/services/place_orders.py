"""Place a group of decided orders in one transaction.

All of it commits or none: the clients' keys, the units taken from stock, the orders with their decisions and
the work they make, events, capacity, answers. Decisions were made on a view that may be behind, so nothing of
them is believed here: units are taken from locked rows, within what the channel may sell, and capacity is
counted under a lock. When something is refused there, nothing of the group is written: it is placed without
those orders, which are to be decided again.

Locks are taken in one order everywhere, keys, orders, holds, stock, capacity, and within each kind sorted
over the whole group: sorting within each order alone lets two groups deadlock. Nearly every group wants rows
of the large nodes, so they are locked last, when all else is written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.errors import (
    Conflict,
    FulfillmentError,
    IdempotencyMismatch,
    InsufficientStock,
    NotFound,
    ReservationClosed,
)
from fulfillment.domain.placing import Decision, OnShort, OrderRequest, Position, Slot
from fulfillment.domain.stock import Balance, Entry
from fulfillment.domain.transitions import OrderState
from fulfillment.ids import IdSource
from fulfillment.services.commit_entries import commit_entries
from fulfillment.services.convert_hold import Conversion, convert_hold
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.once import Problem, refusal_answer
from fulfillment.services.placed_order import decided_of, document_of, event_of
from fulfillment.store.capacity import take_capacity
from fulfillment.store.holds import lock_holds, write_states
from fulfillment.store.idempotency import Answer, KeyName, RequestKey, claim, release_claims, write_answers
from fulfillment.store.orders import known_digests
from fulfillment.store.outbox import add_first_events
from fulfillment.store.placed_orders import Decided, PlacedOrder, add_placed_orders
from fulfillment.store.posting import EntryGroup
from fulfillment.store.rowset import Inserts
from fulfillment.store.transaction import racing_for_keys


@dataclass(frozen=True, slots=True)
class Placement:
    """A client's request to place an order."""

    key: RequestKey
    request: OrderRequest


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done about a placement: write the decision, or tell the refusal.

    Both are None for an order that waits for its review: it is written down, and decided later.
    """

    placement: Placement
    decision: Decision | None = None
    refusal: FulfillmentError | None = None

    @property
    def name(self) -> KeyName:
        """The client's key."""
        return self.placement.key.name

    @property
    def takes_units(self) -> bool:
        """Whether orders that were decided after it counted on its units being gone."""
        return self.decision is not None and bool(self.decision.parcels)

    @property
    def is_short(self) -> bool:
        """Whether another's units would change it."""
        if self.refusal is not None:
            return isinstance(self.refusal, InsufficientStock)
        return self.decision is not None and bool(self.decision.unfilled)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingTerms:
    """What a group is placed with.

    Attributes
    ----------
    policy_digest : str
        Of the policy that decides.
    release_at : datetime
        UTC; when nodes may begin. Until then a decision may be improved.
    ledger_position : str
        The cursor that the view behind the decisions has reached.
    problem : callable
        Tells a refusal as the document of an answer.
    """

    policy_digest: str
    release_at: datetime
    ledger_position: str
    problem: Problem
    ids: IdSource


@dataclass(frozen=True, slots=True)
class GroupPlaced:
    """What became of a group, true once its transaction is committed.

    Attributes
    ----------
    answers : dict
        What each client is told, by key.
    too_late : dict
        Why, by key, for orders that got too few units because an order decided before them was to take them
        and then did not: decide them again.
    balances, used : dict
        Stock and capacity as the transaction leaves them, for the view.
    """

    answers: dict[KeyName, Answer | IdempotencyMismatch] = field(default_factory=dict)
    too_late: dict[KeyName, FulfillmentError] = field(default_factory=dict)
    balances: dict[Position, Balance] = field(default_factory=dict)
    used: dict[Slot, int] = field(default_factory=dict)


class CapacityTaken(Exception):
    """The group would exceed capacities, so nothing of it was written.

    Attributes
    ----------
    keys : frozenset
        Of the orders without which it fits.
    used : dict
        What others have committed, of the slots in question.
    refusal : Conflict
        What the clients of those orders are told, should it come to that.
    """

    def __init__(self, keys: frozenset[KeyName], used: Mapping[Slot, int]) -> None:
        super().__init__(f"{len(keys)} orders exceed the capacity of {sorted(used)}")
        self.keys = keys
        self.used = dict(used)
        self.refusal = Conflict(
            "the nodes can send no more that day", node_ids=sorted({node_id for node_id, _ in used})
        )


class UnitsTaken(Exception):
    """Somebody else took units of the group first, so nothing of it was written.

    Attributes
    ----------
    refusals : dict
        Why, by the keys of the orders that came too late.
    """

    def __init__(self, refusals: Mapping[KeyName, FulfillmentError]) -> None:
        super().__init__(f"{len(refusals)} orders came too late")
        self.refusals = dict(refusals)


Choose = Callable[[Connection, Sequence[Placement]], Sequence[Choice]]
"""Says what is to be done about each placement, within the transaction that will do it.

It may return choices about others too: whatever was decided in one round, each on what the ones before left.
"""


def place_orders(
    connection: Connection,
    group: Sequence[Placement],
    choose: Choose,
    terms: PlacingTerms,
    now: datetime,
) -> GroupPlaced:
    """Place a group within the caller's transaction.

    Parameters
    ----------
    group : sequence of Placement
        Keys, order ids and holds are distinct within it.
    choose : callable
        Asked once, when keys are claimed, about those that were not used before.

    Raises
    ------
    UnitsTaken, CapacityTaken
        When somebody else took units of it first, or it would exceed a node's capacity; the caller's
        transaction must not commit.
    """
    placed = GroupPlaced()
    # First of all: a twin of ours in another process is waited for here, holding nothing else.
    placed.answers.update(claim(connection, [placement.key for placement in group], now))
    new = [placement for placement in group if placement.key.name not in placed.answers]
    chosen = choose(connection, new)
    names = {placement.key.name for placement in new}
    fresh = [choice for choice in chosen if choice.name in names]
    refusals = _known_orders(connection, fresh)
    refusals |= {choice.name: choice.refusal for choice in fresh if choice.refusal is not None}
    pending = [_pending_of(choice, terms) for choice in fresh if choice.name not in refusals]
    refusals |= _convert_holds(connection, pending, now)
    pending = [each for each in pending if each.name not in refusals]
    short = _short_without_cause(chosen, pending)
    pending = [each for each in pending if each.name not in short]
    for name in short & names:
        placed.too_late[name] = refusals.pop(name, _OTHERS_FIRST)
    answers = {name: refusal_answer(refusal, terms.problem) for name, refusal in refusals.items()}
    # Groups of several processes wait for the rows of a large node: those are locked last, and not for long.
    answers |= _write_orders(connection, pending, terms, now)
    write_answers(connection, answers)
    release_claims(connection, list(placed.too_late))
    placed.balances.update(_take_units(connection, pending, now))
    write_states(connection, [each.conversion.hold for each in pending if each.conversion is not None])
    placed.used.update(_take_capacity(connection, pending))
    placed.answers.update(answers)
    return placed


def _write_orders(
    connection: Connection, pending: Sequence["_Pending"], terms: PlacingTerms, now: datetime
) -> dict[KeyName, Answer]:
    """Write orders and what is told of them; return the answers to their clients."""
    orders = [each.as_order() for each in pending]
    inserts = Inserts()
    add_placed_orders(inserts, orders, now)
    add_first_events(inserts, [event_of(order, terms.ids) for order in orders], now)
    # A twin of an order's id, under another key and from another process, may have come in between.
    with racing_for_keys():
        inserts.write(connection)
    return {
        each.name: Answer(201, document_of(order, terms.ledger_position))
        for each, order in zip(pending, orders, strict=True)
    }


_OTHERS_FIRST = Conflict("units that were to be taken by another order are free again")


def _short_without_cause(chosen: Sequence[Choice], placed: Iterable["_Pending"]) -> set[KeyName]:
    """Name the orders that got too few units after one that was to take some and is not placed.

    It may have had the last units in its decision only, as a repeated request or one that came too late: whom
    we refused for its sake would be refused although the units are there.
    """
    takers = {each.name for each in placed}
    short: set[KeyName] = set()
    has_left_units = False
    for choice in chosen:
        if has_left_units and choice.is_short:
            short.add(choice.name)
        has_left_units |= choice.takes_units and choice.name not in takers
    return short


@dataclass(slots=True)
class _Pending:
    """An order of the group on its way into the ledger."""

    placement: Placement
    decided: Decided | None
    conversion: Conversion | None = None

    @property
    def name(self) -> KeyName:
        return self.placement.key.name

    @property
    def request(self) -> OrderRequest:
        return self.placement.request

    def as_order(self) -> PlacedOrder:
        return PlacedOrder(
            request=self.request,
            digest=self.placement.key.digest,
            state=first_state(self.request, self.decided),
            decided=self.decided,
        )


def _pending_of(choice: Choice, terms: PlacingTerms) -> _Pending:
    if choice.decision is None:
        return _Pending(choice.placement, None)
    decided = decided_of(
        choice.decision, policy_digest=terms.policy_digest, release_at=terms.release_at, ids=terms.ids
    )
    return _Pending(choice.placement, decided)


def first_state(request: OrderRequest, decided: Decided | None) -> OrderState:
    """Say how an order begins that asks for `request` and was decided so."""
    if decided is None:
        return OrderState.ON_HOLD
    waits = decided.units_left and request.on_short is OnShort.BACKORDER
    return OrderState.BACK_ORDERED if waits else OrderState.ALLOCATED


def _known_orders(connection: Connection, group: Sequence[Choice]) -> dict[KeyName, FulfillmentError]:
    known = known_digests(connection, [choice.placement.request.order_id for choice in group])
    return {
        choice.placement.key.name: Conflict(
            f"there is an order {choice.placement.request.order_id} already",
            kind="order",
            id=choice.placement.request.order_id,
        )
        for choice in group
        if choice.placement.request.order_id in known
    }


def _convert_holds(
    connection: Connection, pending: Sequence[_Pending], now: datetime
) -> dict[KeyName, FulfillmentError]:
    """Lock the holds that orders take over, and let each tell what it covers; return who may not have it."""
    wanted = {each.request.hold_id: each for each in pending if each.request.hold_id and each.decided}
    if not wanted:
        return {}
    holds = lock_holds(connection, sorted(wanted))
    refusals: dict[KeyName, FulfillmentError] = {}
    for hold_id, each in wanted.items():
        hold = holds.get(hold_id)
        if hold is None or each.decided is None:
            refusals[each.name] = NotFound(f"there is no hold {hold_id}", kind="hold", id=hold_id)
            continue
        try:
            each.conversion = convert_hold(
                hold,
                each.decided.decision.units_by_position(),
                order_id=each.request.order_id,
                actor=each.placement.key.client_id,
                now=now,
            )
        except ReservationClosed as refusal:
            refusals[each.name] = refusal
    return refusals


def _take_units(
    connection: Connection, pending: Sequence[_Pending], now: datetime
) -> Mapping[Position, Balance]:
    """Commit the units of all orders; tell what is left of the positions."""
    groups = [
        EntryGroup(each.request.order_id, tuple(_entries(each, now)), each.request.channel)
        for each in pending
        # An order that waits for all of its units gives its hold's units back nevertheless.
        if each.decided is not None and (each.decided.work or each.conversion is not None)
    ]
    if not groups:
        return {}
    actor = pending[0].placement.key.client_id
    posted = post_after_expiry(connection, groups, actor=actor, now=now, ids_are_new=True)
    if posted.refused:
        raise UnitsTaken(
            {
                each.name: posted.refused[each.request.order_id]
                for each in pending
                if each.request.order_id in posted.refused
            }
        )
    return posted.balances


def _entries(order: _Pending, now: datetime) -> Iterator[Entry]:
    if order.decided is None:
        return
    wanted: Mapping[Position, int] = order.decided.decision.units_by_position()
    if order.conversion is not None:
        yield from order.conversion.entries
        wanted = order.conversion.missing
    yield from commit_entries(
        wanted,
        order_id=order.request.order_id,
        decision_id=order.decided.decision_id,
        actor=order.placement.key.client_id,
        now=now,
    )


def _take_capacity(connection: Connection, kept: Sequence[_Pending]) -> dict[Slot, int]:
    """Count the parcels of all orders in; when they exceed a capacity, leave out the orders placed last."""
    wanted = {each.name: each.decided.decision.parcels_by_slot() for each in kept if each.decided is not None}
    added = _added_up(wanted.values())
    uses = take_capacity(connection, added)
    excess = {slot: use.excess for slot, use in uses.items() if use.excess}
    if not excess:
        return {slot: use.used for slot, use in uses.items()}
    # What others have committed; ours is undone.
    used = {slot: uses[slot].used - added[slot] for slot in excess}
    left_out: set[KeyName] = set()
    for name, parcels in reversed(wanted.items()):
        if any(excess.get(slot, 0) > 0 for slot in parcels):
            left_out.add(name)
            for slot in parcels.keys() & excess.keys():
                excess[slot] -= parcels[slot]
    raise CapacityTaken(frozenset(left_out), used)


def _added_up(wanted: Iterable[Mapping[Slot, int]]) -> dict[Slot, int]:
    parcels: dict[Slot, int] = {}
    for each in wanted:
        for slot, qty in each.items():
            parcels[slot] = parcels.get(slot, 0) + qty
    return parcels
