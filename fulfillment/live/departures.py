"""When parcels that are decided now leave: the dates of every departure class, kept until they change.

Nodes that share a zone, a cut-off, a processing time and closed days are one **class**. What is ready within
the span that ends at a cut-off leaves then, so a class is dated once a day, by the domain's own rule. While
clocks change between the two moments the rule is asked anew: an hour that happens twice has no such span.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.calendar import zone
from fulfillment.domain.promise import NodeClock, schedule_parcel
from fulfillment.network.departures import NodeClocks

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
Durations = npt.NDArray[np.timedelta64]


@dataclass(frozen=True, slots=True)
class Moments:
    """The dates of what is decided at one moment. Axes: ``n`` nodes, ``k`` classes."""

    decided_at: datetime
    of_node: Int32s  # [n]
    clocks: tuple[NodeClock, ...]  # [k]
    departs_at: tuple[datetime, ...]  # [k] UTC
    departs_on: tuple[date, ...]  # [k] on the node's own calendar
    departs_us: Times  # [k] datetime64[us], UTC
    processing: Durations  # [k] timedelta64[us]

    @property
    def ready_us(self) -> Times:
        """When nodes have it prepared; datetime64[us][k], UTC."""
        return np.asarray(np.datetime64(self.decided_at.replace(tzinfo=None), "us") + self.processing)

    def ready_at(self, k: int) -> datetime:
        """When a node of class `k` has it prepared, UTC."""
        return self.decided_at + self.clocks[k].processing

    def ready_on(self, k: int) -> date:
        """Return the node's own day of `ready_at`."""
        return self.ready_at(k).astimezone(self.clocks[k].tz).date()


@dataclass(frozen=True, slots=True)
class _Span:
    """Decisions from `begins_at` to `ends_at`, both included, leave at the same moments."""

    begins_at: datetime
    ends_at: datetime
    departs_at: tuple[datetime, ...]
    departs_on: tuple[date, ...]
    departs_us: Times


class Departures:
    """The departure classes of a network.

    Safe to share between threads: a span is replaced as a whole.
    """

    def __init__(self, of_node: Int32s, clocks: tuple[NodeClock, ...]) -> None:
        self.of_node = of_node
        self.clocks = clocks
        self._processing = np.array([clock.processing for clock in clocks], "timedelta64[us]")
        self._span: _Span | None = None

    @classmethod
    def of(
        cls,
        nodes: NodeClocks,
        node_ids: list[str] | None = None,
        closed_on: Mapping[str, frozenset[date]] | None = None,
    ) -> "Departures":
        """Group nodes by their clocks, in order of first appearance.

        closed_on : local days without a departure, by the node's id of `node_ids`.
        """
        index: dict[tuple[str, str, int, frozenset[date]], int] = {}
        always = frozenset[date]()
        minutes = nodes.processing_minutes.tolist()
        of_node = np.empty(len(minutes), np.int32)
        for n, (name, cutoff, processing) in enumerate(
            zip(nodes.timezone, nodes.cutoff_local, minutes, strict=True)
        ):
            closed = closed_on.get(node_ids[n], always) if closed_on and node_ids else always
            of_node[n] = index.setdefault((name, cutoff, processing, closed), len(index))
        clocks = tuple(
            NodeClock(
                tz=zone(name),
                cutoff=time.fromisoformat(cutoff),
                processing=timedelta(minutes=processing),
                closed_on=closed,
            )
            for name, cutoff, processing, closed in index
        )
        return cls(of_node, clocks)

    def __len__(self) -> int:
        return len(self.clocks)

    @property
    def closed_days_in_a_row(self) -> int:
        """The most days in a row on which a node sends nothing."""
        longest = 0
        for clock in self.clocks:
            run, before = 0, None
            for day in sorted(clock.closed_on):
                run = run + 1 if before is not None and day - before == timedelta(days=1) else 1
                longest, before = max(longest, run), day
        return longest

    def at(self, decided_at: datetime) -> Moments:
        """Date what is decided at a moment (UTC)."""
        span = self._span
        if span is None or not span.begins_at <= decided_at <= span.ends_at:
            span = self._span = self._dated(decided_at)
        return Moments(
            decided_at,
            self.of_node,
            self.clocks,
            span.departs_at,
            span.departs_on,
            span.departs_us,
            self._processing,
        )

    def _dated(self, decided_at: datetime) -> _Span:
        departs, ends = list[datetime](), list[datetime]()
        for clock in self.clocks:
            dated = schedule_parcel(clock, decided_at, 0)
            leaves = dated.arrives_at
            departs.append(leaves)
            is_steady = _offset(dated.ready_at, clock) == _offset(leaves, clock)
            ends.append(leaves - clock.processing if is_steady else decided_at)
        naive = [at.replace(tzinfo=None) for at in departs]
        days = [at.astimezone(clock.tz).date() for at, clock in zip(departs, self.clocks, strict=True)]
        return _Span(
            decided_at,
            min(ends, default=datetime.max.replace(tzinfo=UTC)),
            tuple(departs),
            tuple(days),
            np.array(naive, "datetime64[us]"),
        )


def _offset(at: datetime, clock: NodeClock) -> timedelta | None:
    return at.astimezone(clock.tz).utcoffset()
