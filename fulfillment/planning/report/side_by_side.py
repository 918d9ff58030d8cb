"""A comparison as a page and as lines of text."""

from collections.abc import Callable
from dataclasses import dataclass

from fulfillment.planning.report.comparison import Comparison
from fulfillment.planning.report.figures import Figures
from fulfillment.planning.report.page import environment
from fulfillment.planning.report.words import amount, change, count, percent, ratio


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of the comparison."""

    name: str
    short: str
    value: Callable[[Figures], float | None]
    text: Callable[[float], str]
    least_is_best: bool = True

    def of(self, figures: Figures) -> str:
        """Write a plan's value."""
        value = self.value(figures)
        return "–" if value is None else self.text(value)

    def is_best(self, figures: Figures, comparison: Comparison) -> bool:
        """Whether a plan is best here, and not all are alike."""
        values = [self.value(each) for each in comparison.figures.values()]
        known = [value for value in values if value is not None]
        if len(set(known)) < 2:
            return False
        return self.value(figures) == (min(known) if self.least_is_best else max(known))


def measures(comparison: Comparison) -> tuple[Measure, ...]:
    """Return the rows in which plans are set side by side."""
    return (
        Measure("Cost", "cost", lambda f: f.total_cents, amount),
        Measure("Transport", "transport", lambda f: f.transport_cents, amount),
        Measure("Handling and commission", "handling", lambda f: f.handling_cents, amount),
        Measure("Units left unfilled", "unfilled", lambda f: f.unfilled_cents, amount),
        Measure("No plan costs less than", "bound", lambda f: f.bound_cents, amount, least_is_best=False),
        Measure("At most above the best plan", "gap", comparison.gap, percent),
        Measure("Cost an order", "an order", lambda f: f.cost_per_order_cents, amount),
        Measure("Orders filled whole", "filled", lambda f: f.orders_filled, count, least_is_best=False),
        Measure("Units unfilled", "units short", lambda f: f.units_unfilled, count),
        Measure("Parcels", "parcels", lambda f: f.parcels, count),
        Measure("Parcels an order", "an order", lambda f: f.parcels_per_order, ratio),
        Measure("Orders split", "split", lambda f: f.split_share, percent),
        Measure("Distance a parcel, km", "km", lambda f: f.km_per_parcel, count),
        Measure("Seconds to solve", "seconds", lambda f: f.seconds, ratio),
    )


ON_A_LINE = (
    "Cost",
    "At most above the best plan",
    "Transport",
    "Handling and commission",
    "Units left unfilled",
    "Units unfilled",
    "Parcels an order",
    "Orders split",
    "Distance a parcel, km",
)  # of `measures`, what a terminal has room for


def comparison_page(comparison: Comparison) -> str:
    """Write a comparison as one HTML file that opens without a network and needs no script."""
    return (
        environment()
        .get_template("compare.html")
        .render(
            comparison=comparison,
            first=comparison.figures[comparison.first],
            measures=measures(comparison),
            dearest=max(each.total_cents for each in comparison.figures.values()),
        )
    )


def comparison_lines(comparison: Comparison) -> list[str]:
    """Write a comparison for a terminal: a line a plan, then what became of the orders."""
    shown = [measure for measure in measures(comparison) if measure.name in ON_A_LINE]
    first = comparison.figures[comparison.first].total_cents
    rows = [["plan", "beside", *(measure.short for measure in shown)]]
    for name, figures in comparison.figures.items():
        beside = f"{figures.total_cents / first - 1:+.1%}" if first and name != comparison.first else ""
        rows.append([name, beside, *(measure.of(figures) for measure in shown)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) if k == 0 else cell.rjust(width) for k, (cell, width) in enumerate(cells))
        for cells in ([*zip(row, widths, strict=True)] for row in rows)
    ]
    for each in comparison.differences:
        lines.append(
            f"{each.name} serves {each.changed:,} orders otherwise than {comparison.first}: "
            f"{each.cheaper:,} cheaper by {amount(each.saved_cents)}, "
            f"{each.dearer:,} dearer by {amount(each.lost_cents)}"
        )
        for about, changes in (("wins", each.winners[:3]), ("loses", each.losers[:3])):
            lines += [
                f"  {about} {one.order_id}: {amount(one.before['total_cents'])} -> "
                f"{amount(one.after['total_cents'])} ({change(one.cents)})"
                for one in changes
            ]
    return lines
