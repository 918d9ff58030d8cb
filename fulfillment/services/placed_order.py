"""An order that is being placed: the work that its decision makes, and how clients are told of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from fulfillment.domain.lines import Line
from fulfillment.domain.placing import Decision, PlannedParcel, UnfilledUnits
from fulfillment.domain.transitions import FulfillmentOrderState
from fulfillment.ids import IdSource
from fulfillment.store.outbox import Event
from fulfillment.store.placed_orders import Decided, PlacedOrder, PlacedWork, cancelled_by_line


def decided_of(decision: Decision, *, policy_digest: str, release_at: datetime, ids: IdSource) -> Decided:
    """Give a decision its ids: a fulfillment order for each node that serves the order, and its parcels."""
    by_node: dict[str, list[PlannedParcel]] = {}
    for parcel in decision.parcels:
        by_node.setdefault(parcel.node_id, []).append(parcel)
    return Decided(
        decision_id=ids.new_id(),
        decision=decision,
        policy_digest=policy_digest,
        release_at=release_at,
        work=[
            PlacedWork(
                fulfillment_order_id=ids.new_id(),
                node_id=node_id,
                lines=_added_up(parcels),
                parcels=[(ids.new_id(), parcel) for parcel in parcels],
            )
            for node_id, parcels in sorted(by_node.items())
        ],
    )


def document_of(order: PlacedOrder, ledger_position: str) -> dict[str, object]:
    """Tell a client the order as it was placed."""
    decided = order.decided
    return {
        "order_id": order.request.order_id,
        "state": order.state.value,
        "decision_id": decided.decision_id if decided else None,
        "cost_cents": decided.cost_cents if decided else 0,
        "fulfillment_orders": [
            _work_document(its, order.request.method.value, decided.release_at) for its in decided.work
        ]
        if decided
        else [],
        "unfilled": [_unfilled_document(each) for each in decided.decision.unfilled] if decided else [],
        "ledger_position": ledger_position,
    }


def event_of(order: PlacedOrder, ids: IdSource, happened: str = "") -> Event:
    """Tell subscribers what became of an order: its state unless something else `happened`."""
    decided = order.decided
    cancelled = sum(cancelled_by_line(order.request, decided).values())
    data: dict[str, object] = {
        "order_id": order.request.order_id,
        "channel": order.request.channel,
        "decision_id": decided.decision_id if decided else None,
        "units_left": decided.units_left - cancelled if decided else None,
        "units_cancelled": cancelled if decided else None,
        "fulfillment_order_ids": [its.fulfillment_order_id for its in decided.work] if decided else [],
    }
    return Event(ids.new_id(), f"order.{happened or order.state}", order.request.order_id, data)


@lru_cache(maxsize=1_000)  # orders that are decided together leave and arrive at the same few
def moment(at: datetime) -> str:
    """Write a UTC moment as RFC 3339 does, with a Z."""
    return at.isoformat().replace("+00:00", "Z")


def _work_document(work: PlacedWork, method: str, release_at: datetime) -> dict[str, object]:
    return {
        "fulfillment_order_id": work.fulfillment_order_id,
        "node_id": work.node_id,
        "method": method,
        "state": FulfillmentOrderState.OPEN.value,
        "release_at": moment(release_at),
        "lines": lines_document(work.lines),
        "parcels": [
            {
                "parcel_id": parcel_id,
                "carrier": parcel.carrier,
                "service": parcel.service,
                "departs_at": None if parcel.departs_at is None else moment(parcel.departs_at),
                "arrives_at": moment(parcel.arrives_at),
                "lines": lines_document(parcel.lines),
            }
            for parcel_id, parcel in work.parcels
        ],
    }


def lines_document(lines: Iterable[Line]) -> list[Mapping[str, object]]:
    """Tell lines."""
    return [{"line_no": line.line_no, "sku_id": line.sku_id, "qty": line.qty} for line in lines]


def _unfilled_document(units: UnfilledUnits) -> Mapping[str, object]:
    return {
        "line_no": units.line_no,
        "sku_id": units.sku_id,
        "qty": units.qty,
        "reason": units.reason.value,
    }


def _added_up(parcels: Sequence[PlannedParcel]) -> list[Line]:
    if len(parcels) == 1:
        return list(parcels[0].lines)
    units: dict[tuple[int, str], int] = {}
    for parcel in parcels:
        for line in parcel.lines:
            units[line.line_no, line.sku_id] = units.get((line.line_no, line.sku_id), 0) + line.qty
    return [Line(line_no, sku_id, qty) for (line_no, sku_id), qty in sorted(units.items())]
