"""When a parcel is ready, departs and arrives, and whether that keeps the promise.

A node works on an order for its processing time, hands the parcel over at its first cut-off after that, and
the carrier takes whole days. What is collected where it stands arrives when it is ready: nothing departs.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fulfillment.domain.calendar import first_open_cutoff
from fulfillment.domain.checks import require_utc
from fulfillment.domain.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClock:
    """What a node's dates depend on.

    Attributes
    ----------
    tz : ZoneInfo
        Zone of the node.
    cutoff : time
        Wall-clock time of the daily departure.
    processing : timedelta
        From the order to a parcel that is ready.
    closed_on : frozenset of date
        Local days without a departure.
    """

    tz: ZoneInfo
    cutoff: time
    processing: timedelta
    closed_on: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.processing < timedelta(0):
            raise InvalidRequest(
                f"processing time is {self.processing}", remedy="give at least 0", key="processing_hours"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The dates of one parcel, all UTC; `departs_at` is None when it is collected where it stands."""

    ready_at: datetime
    departs_at: datetime | None
    arrives_at: datetime

    def meets(self, promise_by: datetime | None) -> bool:
        """Say whether the parcel arrives by `promise_by` (UTC); without a deadline it always does."""
        return promise_by is None or self.arrives_at <= promise_by


def schedule_parcel(node: NodeClock, placed_at: datetime, transit_days: int) -> Schedule:
    """Date a parcel that travels.

    Parameters
    ----------
    node : NodeClock
        The node that sends it.
    placed_at : datetime
        UTC; when the node may begin.
    transit_days : int
        Periods of 24 hours from departure to arrival.

    Raises
    ------
    InvalidRequest
        When `transit_days` is negative.
    """
    if transit_days < 0:
        raise InvalidRequest(f"transit_days is {transit_days}", remedy="give at least 0", key="transit_days")
    ready_at = ready(node, placed_at)
    departs_at = first_open_cutoff(ready_at, node.cutoff, node.tz, node.closed_on)
    return Schedule(
        ready_at=ready_at, departs_at=departs_at, arrives_at=departs_at + timedelta(days=transit_days)
    )


def schedule_own_pickup(node: NodeClock, placed_at: datetime) -> Schedule:
    """Date what a customer collects from the pickup node's own stock: it arrives when it is ready."""
    ready_at = ready(node, placed_at)
    return Schedule(ready_at=ready_at, departs_at=None, arrives_at=ready_at)


def ready(node: NodeClock, placed_at: datetime) -> datetime:
    """Return the moment (UTC) at which the node has finished an order placed at `placed_at` (UTC)."""
    require_utc("placed_at", placed_at)
    return placed_at + node.processing
