"""Take units that somebody was promised, and tell him.

A till and a count take what is there, whomever the books gave it to. Such a service locks the claims first
(`ClaimedBooks.locked`: orders, then holds, then stock), takes units while it goes along, and has `write` post
the entries and note who lost what: holds and the work of nodes shrink, orders wait for another node (table
``reroute``, state back-ordered while no node has begun), and each loser is named in an event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection

from fulfillment.domain.errors import InvariantViolation
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.lost_units import Claim, LossCause, share_loss
from fulfillment.domain.stock import EMPTY, Balance, Entry, EntryReason, StockState, apply
from fulfillment.domain.transitions import ORDERS, HoldState, OrderState, Verb
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import end_expired, expiry_groups
from fulfillment.services.hold_entries import hold_event
from fulfillment.store.claims import Reroute, WorkClaim, find_claims, take_from_work
from fulfillment.store.holds import (
    ExpiredHold,
    lock_holds_at,
    opened_at,
    write_hold,
    write_states,
)
from fulfillment.store.orders import lock_orders
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.posting import EntryGroup, Position
from fulfillment.store.stock import lock_balances, post
from fulfillment.store.stock_rows import make_rows
from fulfillment.store.transaction import LostRace


@dataclass(frozen=True, slots=True)
class LostUnits:
    """Units of one SKU that somebody lost at a node.

    Attributes
    ----------
    hold_id, order_id, fulfillment_order_id : str or None
        Who; all None when the books had given the units to nobody that can be found.
    sku_id : str
        As it was promised: a kit, where the order is for one.
    qty : int
        Products lost.
    reference : str
        The receipt or the count.
    """

    node_id: str
    sku_id: str
    qty: int
    reference: str
    hold_id: str | None = None
    order_id: str | None = None
    fulfillment_order_id: str | None = None
    line_no: int | None = None


class ClaimedBooks:
    """Locked balances with whoever claims their units; made by `locked`."""

    def __init__(
        self,
        balances: Mapping[Position, Balance],
        exposed: Iterable[Position],
        work: Sequence[WorkClaim],
        holds: Mapping[str, Hold],
        opened: Mapping[str, datetime],
        *,
        cause: LossCause,
        actor: str,
        now: datetime,
        ids: IdSource,
    ) -> None:
        self.balances = dict(balances)
        self.entries: list[Entry] = []
        """What happened so far, in order."""
        self.lost: list[LostUnits] = []
        self._exposed = set(exposed)
        self._work = {claim.key: claim for claim in work}
        self._holds = dict(holds)
        self._opened = dict(opened)
        self._shrunk: set[str] = set()
        self._reroutes: list[Reroute] = []
        self._cause, self._actor, self._now, self._ids = cause, actor, now, ids

    @classmethod
    def locked(
        cls,
        connection: Connection,
        positions: Sequence[Position],
        exposed: Sequence[Position],
        *,
        cause: LossCause,
        actor: str,
        now: datetime,
        ids: IdSource,
    ) -> "ClaimedBooks":
        """Lock the balances of `positions`, and before them the claims on those that may run short.

        What expired holds reserve there is released first, by entries of the same transaction.

        Parameters
        ----------
        exposed : sequence of (node_id, sku_id)
            Of `positions`, those from which more may be taken than is available.
        """
        order_ids = {claim.order_id for claim in find_claims(connection, exposed)} if exposed else set()
        if order_ids:
            lock_orders(connection, order_ids)
        # Read again: what a transaction before us has changed is seen.
        work = find_claims(connection, exposed) if exposed else []
        if not {claim.order_id for claim in work} <= order_ids:
            raise LostRace("an order was given units of a position while its claims were being locked")
        found = lock_holds_at(connection, exposed) if exposed else {}
        expired = [hold for hold in found.values() if hold.has_expired(now)]
        holds = {hold_id: hold for hold_id, hold in found.items() if not hold.has_expired(now)}
        touched = {*positions, *_positions_of(work), *_positions_held(expired)}
        make_rows(connection, sorted(positions))
        books = cls(
            lock_balances(connection, sorted(touched)),
            exposed,
            work,
            holds,
            opened_at(connection, list(holds)),
            cause=cause,
            actor=actor,
            now=now,
            ids=ids,
        )
        books._expire(connection, expired)
        return books

    def take(self, entries: Sequence[Entry], reference_id: str) -> None:
        """Follow entries that take units; whoever claimed the reserved and committed ones loses them.

        Parameters
        ----------
        entries : sequence of Entry
            Of one position, made for its balance in these books.
        reference_id : str
            Unique to this call; names the entries that free the other units of a kit.

        Raises
        ------
        LostRace
            When they take claimed units of a position that was not expected to run short.
        """
        for entry in entries:
            self._apply(entry)
            if entry.source in (StockState.RESERVED, StockState.COMMITTED):
                if (entry.node_id, entry.sku_id) not in self._exposed:
                    raise LostRace("a position ran short after its claims were looked for")
                lose = self._lose_held if entry.source is StockState.RESERVED else self._lose_promised
                lose(entry, reference_id)

    def write(self, connection: Connection) -> None:
        """Post all that happened, and write who lost what.

        Raises
        ------
        Conflict
            When an entry's id stands for another movement already.
        """
        if self.entries:
            posted = post(connection, [EntryGroup("books", tuple(self.entries))])
            for refusal in posted.refused.values():
                raise refusal
        for hold_id in sorted(self._shrunk):
            _write_hold(connection, self._holds[hold_id])
        if self._reroutes:
            states = {each.claim.order_id: _state_after(each.claim) for each in self._reroutes}
            take_from_work(connection, self._reroutes, states, self._now)
        add_events(connection, self._events(), self._now)

    def _apply(self, entry: Entry) -> None:
        position = (entry.node_id, entry.sku_id)
        self.balances[position] = apply(self.balances.get(position, EMPTY), entry)
        self.entries.append(entry)

    def _expire(self, connection: Connection, expired: Sequence[Hold]) -> None:
        ended = [
            ExpiredHold(hold.hold_id, tuple((u.node_id, u.sku_id, u.qty) for u in hold.units))
            for hold in expired
        ]
        for group in expiry_groups(ended, actor=self._actor, now=self._now):
            for entry in group.entries:
                self._apply(entry)
        end_expired(connection, ended, self._now)

    def _lose_held(self, entry: Entry, _reference_id: str) -> None:
        position = (entry.node_id, entry.sku_id)
        claims = [
            Claim(claim_id=hold.hold_id, qty=qty, claimed_at=self._opened[hold.hold_id])
            for hold in self._holds.values()
            if hold.state is HoldState.ACTIVE and (qty := hold.units_by_position().get(position, 0))
        ]
        losses, unclaimed = share_loss(claims, entry.qty)
        for loss in losses:
            hold_id = loss.claim.claim_id
            self._holds[hold_id] = _without(self._holds[hold_id], position, loss.units)
            self._shrunk.add(hold_id)
            self.lost.append(LostUnits(*position, loss.units, entry.reference, hold_id=hold_id))
        self._lose_unclaimed(entry, unclaimed)

    def _lose_promised(self, entry: Entry, reference_id: str) -> None:
        claims = [
            Claim(
                claim_id=work.fulfillment_order_id,
                line_no=work.line_no,
                qty=work.qty,
                units_each=work.units[entry.sku_id],
                picked=work.picked,
                priority=work.priority,
                claimed_at=work.claimed_at,
            )
            for work in self._work.values()
            if work.node_id == entry.node_id and entry.sku_id in work.units
        ]
        losses, unclaimed = share_loss(claims, entry.qty)
        for loss in losses:
            work = self._work[loss.claim.claim_id, loss.claim.line_no]
            left = work.qty - loss.qty
            self._work[work.key] = replace(work, qty=left, picked=min(work.picked, left))
            self._reroutes.append(Reroute(self._ids.new_id(), work, loss.qty, self._cause, entry.reference))
            self.lost.append(
                LostUnits(
                    work.node_id,
                    work.sku_id,
                    loss.qty,
                    entry.reference,
                    order_id=work.order_id,
                    fulfillment_order_id=work.fulfillment_order_id,
                    line_no=work.line_no,
                )
            )
            freed = {sku_id: each * loss.qty for sku_id, each in work.units.items()}
            freed[entry.sku_id] -= loss.units
            self._free(entry, work, freed, reference_id)
        self._lose_unclaimed(entry, unclaimed)

    def _free(self, entry: Entry, work: WorkClaim, freed: Mapping[str, int], reference_id: str) -> None:
        """Give back what a lost kit's other units were committed for."""
        for sku_id, qty in sorted(freed.items()):
            if qty:
                name = "/".join(
                    quote(part, safe="")
                    for part in (reference_id, str(len(self.entries)), work.fulfillment_order_id, sku_id)
                )
                self._apply(
                    Entry(
                        entry_id=f"free/{name}",
                        node_id=work.node_id,
                        sku_id=sku_id,
                        source=StockState.COMMITTED,
                        target=StockState.AVAILABLE,
                        qty=qty,
                        reason=EntryReason.UNCOMMIT,
                        reference=work.order_id,
                        actor=self._actor,
                        occurred_at=entry.occurred_at,
                        recorded_at=entry.recorded_at,
                    )
                )

    def _lose_unclaimed(self, entry: Entry, qty: int) -> None:
        if qty:
            self.lost.append(LostUnits(entry.node_id, entry.sku_id, qty, entry.reference))

    def _events(self) -> list[Event]:
        return [self._event(each) for each in self.lost]

    def _event(self, lost: LostUnits) -> Event:
        data = {
            "node_id": lost.node_id,
            "sku_id": lost.sku_id,
            "qty": lost.qty,
            "cause": self._cause.value,
            "reference": lost.reference,
        }
        if lost.hold_id is not None:
            return hold_event(self._holds[lost.hold_id], "units_lost", self._ids, lost=data)
        if lost.order_id is not None:
            data |= {
                "order_id": lost.order_id,
                "fulfillment_order_id": lost.fulfillment_order_id,
                "line_no": lost.line_no,
            }
            return Event(self._ids.new_id(), "order.units_lost", lost.order_id, data)
        subject = f"{lost.node_id}/{lost.sku_id}"
        return Event(self._ids.new_id(), "stock.unclaimed_units_lost", subject, data)


def _positions_of(work: Iterable[WorkClaim]) -> set[Position]:
    return {(claim.node_id, sku_id) for claim in work for sku_id in claim.units}


def _positions_held(holds: Iterable[Hold]) -> set[Position]:
    return {position for hold in holds for position in hold.units_by_position()}


def _without(hold: Hold, position: Position, units: int) -> Hold:
    """Shrink a hold; one that has nothing left is released, and keeps what it held last for the record."""
    left = {**hold.units_by_position(), position: hold.units_by_position()[position] - units}
    kept = tuple(HeldUnits(*where, qty) for where, qty in left.items() if qty)
    return replace(hold, units=kept, version=hold.version + 1) if kept else hold.released()


def _write_hold(connection: Connection, hold: Hold) -> None:
    if hold.state is HoldState.ACTIVE:
        write_hold(connection, hold)
    else:
        write_states(connection, [hold])


def _state_after(claim: WorkClaim) -> OrderState:
    match claim.order_state:
        case OrderState.ALLOCATED | OrderState.BACK_ORDERED:
            return ORDERS.move(claim.order_state, Verb.BACKORDER, claim.order_id)
        case OrderState.IN_PROGRESS:
            return ORDERS.move(claim.order_state, Verb.REROUTE, claim.order_id)
        case OrderState.ON_HOLD:
            return claim.order_state  # its review decides; then it is decided with what it has left
        case _:
            raise InvariantViolation("an order in this state has no work", order_id=claim.order_id)
