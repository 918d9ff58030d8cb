"""Plans of one day side by side: what each comes to, and which orders are served differently.

Every plan is compared with the first one. Costs are those of the pinned meaning, so plans under different
policies compare.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.report.figures import Figures

SHOWN = 10  # orders that win most, and that lose most

OrderRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order that two plans serve differently."""

    order_id: str
    before: OrderRow  # its row of the orders' table in the first plan
    after: OrderRow

    @property
    def cents(self) -> float:
        """What it costs more."""
        return float(self.after["total_cents"] - self.before["total_cents"])


@dataclass(frozen=True, slots=True)
class Difference:
    """A plan beside the first one."""

    name: str
    changed: int  # orders that are served differently
    cheaper: int  # of these
    dearer: int
    saved_cents: float  # on those that are cheaper
    lost_cents: float  # on those that are dearer
    winners: tuple[OrderChange, ...]
    losers: tuple[OrderChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures by plan, in the sequence in which the plans were named, and differences from the first."""

    figures: Mapping[str, Figures]
    differences: tuple[Difference, ...]

    @property
    def first(self) -> str:
        """The plan that all others are compared with."""
        return next(iter(self.figures))

    @property
    def closest_bound_cents(self) -> float:
        """The highest bound of all plans: it is of the day, so it holds for each that has one."""
        return max((each.bound_cents or 0 for each in self.figures.values()), default=0)

    def gap(self, figures: Figures) -> float | None:
        """How far a plan is above the closest bound at most; None for one of which no bound speaks."""
        if figures.bound_cents is None:
            return None
        return (figures.total_cents - self.closest_bound_cents) / max(1, figures.total_cents)

    def document(self) -> dict[str, object]:
        """Say it to a program."""
        return {
            "first": self.first,
            "closest_bound_cents": self.closest_bound_cents,
            "plans": {
                name: {**asdict(figures), "gap_to_closest_bound": self.gap(figures)}
                for name, figures in self.figures.items()
            },
            "differences": [
                {
                    **{key: getattr(each, key) for key in _COUNTS},
                    "winners": [_document(change) for change in each.winners],
                    "losers": [_document(change) for change in each.losers],
                }
                for each in self.differences
            ],
        }


_COUNTS = ("name", "changed", "cheaper", "dearer", "saved_cents", "lost_cents")


def _document(change: OrderChange) -> dict[str, object]:
    return {
        "order_id": change.order_id,
        "cents": change.cents,
        "before": dict(change.before),
        "after": dict(change.after),
    }


def compare(plans: Mapping[str, PlanFacts]) -> Comparison:
    """Compare plans by name.

    Raises
    ------
    InvalidRequest
        When they were not made from the same inputs.
    """
    (first, reference), *others = plans.items()
    for name, facts in others:
        _require_same_inputs(first, reference, name, facts)
    shipped, orders = _shipped(reference), _orders(reference)
    return Comparison(
        figures={name: Figures.of(facts) for name, facts in plans.items()},
        differences=tuple(_difference(name, facts, shipped, orders) for name, facts in others),
    )


def _require_same_inputs(first: str, reference: PlanFacts, name: str, facts: PlanFacts) -> None:
    ours, theirs = _inputs(reference), _inputs(facts)
    if ours == theirs:
        return
    differ = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    raise InvalidRequest(
        f"{first} and {name} are plans of different days: {', '.join(differ)} differ",
        remedy="compare plans that were made from the same inputs",
        inputs=differ,
    )


def _inputs(facts: PlanFacts) -> dict[str, object]:
    run = facts.run
    return dict(run.get("inputs_sha256") or {"ledger": run.get("inputs_ledger")})


def _shipped(facts: PlanFacts) -> dict[str, list[tuple[object, ...]]]:
    """Gather what leaves from where for each order, in no particular sequence of parcels."""
    columns = ("line_no", "node_id", "carrier", "service", "qty")
    rows: dict[str, list[tuple[object, ...]]] = {}
    values = [facts.allocations[name].to_pylist() for name in ("order_id", *columns)]
    for order_id, *entry in zip(*values, strict=True):
        rows.setdefault(order_id, []).append(tuple(entry))
    return {order_id: sorted(entries, key=str) for order_id, entries in rows.items()}


def _orders(facts: PlanFacts) -> dict[str, OrderRow]:
    return {row["order_id"]: row for row in facts.orders.to_pylist()}


def _difference(
    name: str,
    facts: PlanFacts,
    shipped: Mapping[str, list[tuple[object, ...]]],
    orders: Mapping[str, OrderRow],
) -> Difference:
    shipped_now, orders_now = _shipped(facts), _orders(facts)
    changes = [
        OrderChange(order_id, before, orders_now[order_id])
        for order_id, before in orders.items()
        if shipped.get(order_id) != shipped_now.get(order_id)
        or before["parcels"] != orders_now[order_id]["parcels"]
    ]
    changes.sort(key=lambda change: (change.cents, change.order_id))
    cheaper = [change for change in changes if change.cents < 0]
    dearer = [change for change in changes if change.cents > 0]
    return Difference(
        name=name,
        changed=len(changes),
        cheaper=len(cheaper),
        dearer=len(dearer),
        saved_cents=-sum(change.cents for change in cheaper),
        lost_cents=sum(change.cents for change in dearer),
        winners=tuple(cheaper[:SHOWN]),
        losers=tuple(reversed(dearer[-SHOWN:])),
    )
