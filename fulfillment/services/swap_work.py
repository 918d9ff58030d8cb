"""Swap the work of orders for better work, before any of it was released.

The orders of one call hang together: one takes the unit that another gives up. So all of them are swapped in
one transaction, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.errors import Conflict, StaleVersion, invariant
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import units_by_sku
from fulfillment.domain.placing import Decision, OrderRequest, Position, Slot
from fulfillment.domain.stock import Balance, Entry, EntryReason, StockState
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.placed_order import decided_of
from fulfillment.store.capacity import give_back_capacity, take_capacity
from fulfillment.store.open_work import IMPROVABLE, OpenOrder, OpenWork, cancel_open_work, lock_open_work
from fulfillment.store.orders import lock_orders, write_states
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.placed_orders import Decided, add_decided
from fulfillment.store.posting import EntryGroup
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True)
class Swap:
    """An order as it was seen, with other work for exactly the units that its work covers now."""

    order: OpenOrder
    decision: Decision


@dataclass(frozen=True, slots=True)
class Swapped:
    """Stock and capacity as the swap leaves them."""

    balances: Mapping[Position, Balance]
    used: Mapping[Slot, int]


def swap_work(
    engine: Engine, swaps: Sequence[Swap], *, policy_digest: str, clock: Clock, ids: IdSource, actor: str
) -> Swapped:
    """Swap the work of all orders, or of none.

    The new work keeps the old one's moment of release: a better plan makes nobody wait longer.

    Raises
    ------
    StaleVersion
        When an order, or some of its work, is not as it was seen, or has been released.
    InsufficientStock
        When somebody else took units that the new work needs.
    Conflict
        When a node can send no more on a day that the new work needs.
    """
    for swap in swaps:
        _require_the_same_units(swap)
    decided = [
        decided_of(swap.decision, policy_digest=policy_digest, release_at=swap.order.release_at, ids=ids)
        for swap in swaps
    ]

    def story(connection: Connection) -> Swapped:
        return _swap(connection, swaps, decided, clock.now(), ids, actor)

    return run_in_transaction(engine, story)


def _swap(
    connection: Connection,
    swaps: Sequence[Swap],
    decided: Sequence[Decided],
    now: datetime,
    ids: IdSource,
    actor: str,
) -> Swapped:
    orders = lock_orders(connection, [swap.order.order_id for swap in swaps])
    work = [each for swap in swaps for each in swap.order.work]
    versions = lock_open_work(connection, [each.fulfillment_order_id for each in work])
    for swap in swaps:
        order = orders.get(swap.order.order_id)
        is_as_seen = order is not None and order.state in IMPROVABLE
        if not is_as_seen or not all(_is_open(each, versions, now) for each in swap.order.work):
            raise StaleVersion(
                f"order {swap.order.order_id} has changed, or its work was released",
                kind="order",
                id=swap.order.order_id,
            )
    entries = [
        entry for swap, its in zip(swaps, decided, strict=True) for entry in _entries(swap, its, actor, now)
    ]
    # What is given up first: another order of the swap may take it.
    entries.sort(key=lambda entry: entry.reason is EntryReason.COMMIT)
    channels = {swap.order.channel for swap in swaps}
    group = EntryGroup(
        decided[0].decision_id, tuple(entries), channels.pop() if len(channels) == 1 else EVERY_CHANNEL
    )
    balances: Mapping[Position, Balance] = {}
    if entries:
        posted = post_after_expiry(connection, [group], actor=actor, now=now)
        if refusal := posted.refused.get(group.group_id):
            raise refusal
        balances = posted.balances
    cancel_open_work(connection, work)
    requests = [_request(swap.order, now) for swap in swaps]
    add_decided(connection, list(zip(requests, decided, strict=True)), now)
    write_states(connection, {order_id: order.state for order_id, order in orders.items()})
    add_events(connection, [_event(swap, its, ids) for swap, its in zip(swaps, decided, strict=True)], now)
    return Swapped(balances, _move_capacity(connection, swaps))


def _is_open(work: OpenWork, versions: Mapping[str, int], now: datetime) -> bool:
    return versions.get(work.fulfillment_order_id) == work.version and work.release_at > now


def _require_the_same_units(swap: Swap) -> None:
    planned = [line for parcel in swap.decision.parcels for line in parcel.lines]
    invariant(
        units_by_sku(planned) == units_by_sku(swap.order.lines) and not swap.decision.unfilled,
        "a swap keeps every unit that an order was promised",
        order_id=swap.order.order_id,
    )


def _entries(swap: Swap, decided: Decided, actor: str, now: datetime) -> list[Entry]:
    before: dict[Position, int] = {}
    for work in swap.order.work:
        for sku_id, qty in work.units.items():
            at = (work.node_id, sku_id)
            before[at] = before.get(at, 0) + qty
    after = swap.decision.units_by_position()
    entries = list[Entry]()
    for number, at in enumerate(sorted({*before, *after})):
        change = after.get(at, 0) - before.get(at, 0)
        if change == 0:
            continue
        takes = change > 0
        entries.append(
            Entry(
                entry_id=f"swap/{decided.decision_id}/{number}",
                node_id=at[0],
                sku_id=at[1],
                source=StockState.AVAILABLE if takes else StockState.COMMITTED,
                target=StockState.COMMITTED if takes else StockState.AVAILABLE,
                qty=abs(change),
                reason=EntryReason.COMMIT if takes else EntryReason.UNCOMMIT,
                reference=swap.order.order_id,
                actor=actor,
                occurred_at=now,
                recorded_at=now,
            )
        )
    return entries


def _move_capacity(connection: Connection, swaps: Sequence[Swap]) -> dict[Slot, int]:
    """Count the parcels of the new work in and those of the old one out."""
    change: dict[Slot, int] = {}
    for swap in swaps:
        for slot, parcels in swap.decision.parcels_by_slot().items():
            change[slot] = change.get(slot, 0) + parcels
        for work in swap.order.work:
            for parcel in work.parcels:
                slot = (work.node_id, parcel.slot_on)
                change[slot] = change.get(slot, 0) - 1
    # All slots at once, so that they are locked in one order; those that only give back take nothing.
    uses = take_capacity(connection, {slot: max(0, parcels) for slot, parcels in change.items()})
    full = sorted(slot[0] for slot, use in uses.items() if change[slot] > 0 and use.excess)
    if full:
        raise Conflict("the nodes can send no more that day", node_ids=full)
    given_back = {slot: -parcels for slot, parcels in change.items() if parcels < 0}
    used = {slot: use.used for slot, use in uses.items()}
    return used | give_back_capacity(connection, given_back)


def _request(order: OpenOrder, now: datetime) -> OrderRequest:
    """Say the order as whoever writes decisions reads it: by id, method and lines."""
    return OrderRequest(
        order_id=order.order_id,
        channel=order.channel,
        method=Method(order.method),
        lines=order.lines,
        placed_at=now,
        customer_id="-",
        postal_code=order.postal_code,
        pickup_node_id=order.pickup_node_id,
    )


def _event(swap: Swap, decided: Decided, ids: IdSource) -> Event:
    data: dict[str, object] = {
        "order_id": swap.order.order_id,
        "decision_id": decided.decision_id,
        "cancelled_fulfillment_order_ids": [work.fulfillment_order_id for work in swap.order.work],
        "fulfillment_order_ids": [work.fulfillment_order_id for work in decided.work],
    }
    return Event(ids.new_id(), "order.improved", swap.order.order_id, data)
