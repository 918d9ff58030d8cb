"""Every state of holds, orders, fulfillment orders, parcels and transfers, and every move between them.

The tables below are the only place that says what may follow what. `TransitionTable.move` performs a move or
refuses it, and says what is allowed instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from fulfillment.domain.errors import MoveRefused

State = TypeVar("State", bound=StrEnum)


class Verb(StrEnum):
    """What can be done to a hold, an order, a fulfillment order, a parcel or a transfer."""

    ACCEPT = "accept"
    ALLOCATE = "allocate"
    ARRIVE = "arrive"
    BACKORDER = "backorder"
    CANCEL = "cancel"
    CHANGE = "change"
    CLEAR = "clear"
    COLLECT = "collect"
    COMPLETE = "complete"
    CONVERT = "convert"
    DELIVER = "deliver"
    EXPIRE = "expire"
    LOSE = "lose"
    PACK = "pack"
    PICK = "pick"
    READY = "ready"
    RECEIVE = "receive"
    REJECT = "reject"
    RELEASE = "release"
    REROUTE = "reroute"
    SHIP = "ship"
    SUSPEND = "suspend"


@dataclass(frozen=True, slots=True)
class TransitionTable(Generic[State]):
    """The moves of one kind of thing.

    Attributes
    ----------
    kind : str
        What moves, in words.
    starts : frozenset
        States in which it can come into being.
    moves : mapping
        For every verb, the state that follows each state in which the verb is allowed.
    """

    kind: str
    starts: frozenset[State]
    moves: Mapping[Verb, Mapping[State, State]]

    def move(self, state: State, verb: Verb, subject_id: str) -> State:
        """Return the state after `verb`.

        Parameters
        ----------
        state : State
            The present one.
        verb : Verb
            What is to be done.
        subject_id : str
            Which one of its kind, for the error.

        Raises
        ------
        MoveRefused
            When `verb` is not allowed in `state`; names the verbs that are.
        """
        after = self.moves.get(verb, {}).get(state)
        if after is None:
            allowed = self.allowed(state)
            instead = f"it allows {', '.join(allowed)}" if allowed else "nothing can be done to it any more"
            raise MoveRefused(
                f"cannot {verb} {self.kind} {subject_id}: it is {state}; {instead}",
                kind=self.kind,
                id=subject_id,
                state=state.value,
                verb=verb.value,
                allowed=[allowed_verb.value for allowed_verb in allowed],
            )
        return after

    def allowed(self, state: State) -> list[Verb]:
        """List the verbs allowed in `state`, by name."""
        return sorted(verb for verb, follows in self.moves.items() if state in follows)

    def is_final(self, state: State) -> bool:
        """Say whether nothing can follow `state`."""
        return not self.allowed(state)


def _from(states: Iterable[State], to: State) -> Mapping[State, State]:
    return dict.fromkeys(states, to)


class HoldState(StrEnum):
    """Where a hold stands."""

    ACTIVE = "active"
    RELEASED = "released"
    EXPIRED = "expired"
    CONVERTED = "converted"  # its units became an order's


HOLDS: TransitionTable[HoldState] = TransitionTable(
    kind="hold",
    starts=frozenset({HoldState.ACTIVE}),
    moves={
        Verb.CHANGE: {HoldState.ACTIVE: HoldState.ACTIVE},
        Verb.RELEASE: {HoldState.ACTIVE: HoldState.RELEASED},
        Verb.EXPIRE: {HoldState.ACTIVE: HoldState.EXPIRED},
        Verb.CONVERT: {HoldState.ACTIVE: HoldState.CONVERTED},
    },
)


class OrderState(StrEnum):
    """Where an order stands. Once a node works on a part of it, the fulfillment orders tell the rest."""

    ON_HOLD = "on_hold"  # waits for payment or fraud review
    OPEN = "open"  # to be decided
    BACK_ORDERED = "back_ordered"  # some units wait for stock, and no node has begun
    ALLOCATED = "allocated"  # decided; may still be decided better
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"  # everything is in the customer's hands
    CANCELLED = "cancelled"


_BEFORE_WORK = (OrderState.OPEN, OrderState.BACK_ORDERED, OrderState.ALLOCATED)

ORDERS: TransitionTable[OrderState] = TransitionTable(
    kind="order",
    starts=frozenset({OrderState.ON_HOLD, OrderState.OPEN}),
    moves={
        Verb.SUSPEND: _from(_BEFORE_WORK, OrderState.ON_HOLD),
        Verb.CLEAR: {OrderState.ON_HOLD: OrderState.OPEN},
        Verb.ALLOCATE: _from(_BEFORE_WORK, OrderState.ALLOCATED),
        Verb.BACKORDER: _from(_BEFORE_WORK, OrderState.BACK_ORDERED),
        # What was decided for the old wish is void, so the changed order is decided afresh.
        Verb.CHANGE: {OrderState.ON_HOLD: OrderState.ON_HOLD, **_from(_BEFORE_WORK, OrderState.OPEN)},
        Verb.RELEASE: _from((OrderState.BACK_ORDERED, OrderState.ALLOCATED), OrderState.IN_PROGRESS),
        Verb.REROUTE: {OrderState.IN_PROGRESS: OrderState.IN_PROGRESS},
        Verb.COMPLETE: {OrderState.IN_PROGRESS: OrderState.COMPLETED},
        # In progress, every fulfillment order must be cancelled first; theirs is the table that knows
        # what has left the house.
        Verb.CANCEL: _from((OrderState.ON_HOLD, *_BEFORE_WORK, OrderState.IN_PROGRESS), OrderState.CANCELLED),
    },
)


class FulfillmentOrderState(StrEnum):
    """Where one node's work on an order stands."""

    OPEN = "open"  # routed to the node, may still be routed better
    RELEASED = "released"  # its window is over: the node may begin
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # its units need another node
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    READY = "ready"  # waits for the customer at the pickup node
    COLLECTED = "collected"
    EXPIRED = "expired"  # nobody came; it stands there until it is cancelled
    CANCELLED = "cancelled"


_FO = FulfillmentOrderState

FULFILLMENT_ORDERS: TransitionTable[FulfillmentOrderState] = TransitionTable(
    kind="fulfillment order",
    starts=frozenset({_FO.OPEN}),
    moves={
        # The window before release is over at release_at, or earlier when the node accepts.
        Verb.RELEASE: {_FO.OPEN: _FO.RELEASED},
        Verb.ACCEPT: _from((_FO.OPEN, _FO.RELEASED), _FO.ACCEPTED),
        Verb.REJECT: _from((_FO.OPEN, _FO.RELEASED, _FO.ACCEPTED), _FO.REJECTED),
        Verb.PICK: _from((_FO.RELEASED, _FO.ACCEPTED), _FO.PICKED),
        Verb.PACK: {_FO.PICKED: _FO.PACKED},
        Verb.SHIP: {_FO.PACKED: _FO.SHIPPED},
        Verb.DELIVER: {_FO.SHIPPED: _FO.DELIVERED},
        # From shipped, when a transfer has brought it to the pickup node.
        Verb.READY: _from((_FO.PICKED, _FO.PACKED, _FO.SHIPPED), _FO.READY),
        Verb.COLLECT: {_FO.READY: _FO.COLLECTED},
        Verb.EXPIRE: {_FO.READY: _FO.EXPIRED},
        Verb.CANCEL: _from(
            (_FO.OPEN, _FO.RELEASED, _FO.ACCEPTED, _FO.PICKED, _FO.PACKED, _FO.READY, _FO.EXPIRED),
            _FO.CANCELLED,
        ),
    },
)


class ParcelState(StrEnum):
    """Where a parcel is."""

    PLANNED = "planned"
    PACKED = "packed"
    SHIPPED = "shipped"
    ARRIVED = "arrived"  # at the pickup node
    DELIVERED = "delivered"
    COLLECTED = "collected"
    LOST = "lost"
    CANCELLED = "cancelled"


PARCELS: TransitionTable[ParcelState] = TransitionTable(
    kind="parcel",
    starts=frozenset({ParcelState.PLANNED}),
    moves={
        Verb.PACK: {ParcelState.PLANNED: ParcelState.PACKED},
        Verb.SHIP: {ParcelState.PACKED: ParcelState.SHIPPED},
        Verb.DELIVER: {ParcelState.SHIPPED: ParcelState.DELIVERED},
        Verb.ARRIVE: {ParcelState.SHIPPED: ParcelState.ARRIVED},
        # From packed, when it was packed where it is collected.
        Verb.COLLECT: _from((ParcelState.PACKED, ParcelState.ARRIVED), ParcelState.COLLECTED),
        Verb.LOSE: {ParcelState.SHIPPED: ParcelState.LOST},
        Verb.CANCEL: _from(
            (ParcelState.PLANNED, ParcelState.PACKED, ParcelState.ARRIVED), ParcelState.CANCELLED
        ),
    },
)


class TransferState(StrEnum):
    """Where a transfer from node to node stands."""

    REQUESTED = "requested"
    SHIPPED = "shipped"
    RECEIVED = "received"
    LOST = "lost"
    CANCELLED = "cancelled"


TRANSFERS: TransitionTable[TransferState] = TransitionTable(
    kind="transfer",
    starts=frozenset({TransferState.REQUESTED}),
    moves={
        Verb.SHIP: {TransferState.REQUESTED: TransferState.SHIPPED},
        Verb.RECEIVE: {TransferState.SHIPPED: TransferState.RECEIVED},
        Verb.LOSE: {TransferState.SHIPPED: TransferState.LOST},
        Verb.CANCEL: {TransferState.REQUESTED: TransferState.CANCELLED},
    },
)
