"""Numbers and judgements in a planner's words."""

from fulfillment.planning.report.figures import Figures


def amount(cents: float) -> str:
    """Write an amount in the currency's major unit."""
    return f"{cents / 100:,.2f}"


def large_amount(cents: float) -> str:
    """Write an amount without its hundredths, where they only disturb."""
    return f"{cents / 100:,.0f}"


def change(cents: float) -> str:
    """Write a difference with its sign."""
    return f"{cents / 100:+,.2f}".replace("-", "−")


def count(number: float) -> str:
    """Write a whole number."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """Write a share of one: two digits while it is small, where they matter."""
    return f"{share:.2%}" if abs(share) < 0.1 else f"{share:.1%}"


def ratio(number: float) -> str:
    """Write a mean."""
    return f"{number:,.2f}"


FILTERS = {
    "amount": amount,
    "large_amount": large_amount,
    "change": change,
    "count": count,
    "percent": percent,
    "ratio": ratio,
}


def how_good(figures: Figures, no_bound: str | None) -> str:
    """Say in one sentence what the gap means; `no_bound` is why the certificate claims no bound."""
    if figures.bound_cents is None or figures.gap is None:
        return f"No bound in plain costs: {no_bound}."
    if figures.total_cents <= figures.bound_cents:
        return "No plan of this day costs less: this is the cheapest there is, and the certificate proves it."
    if figures.bound_cents <= 0:
        return "Nothing is proved of how good this plan is: the search was stopped before its first bound."
    saved = amount(figures.total_cents - figures.bound_cents)
    return (
        f"No plan of this day costs less than {amount(figures.bound_cents)}, so no other way to serve these "
        f"orders could save more than {saved}, which is {percent(figures.gap)} of what this plan costs."
    )
