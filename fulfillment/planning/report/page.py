"""The report of one plan: one HTML file that opens without a network and needs no script."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.report import scarce, words
from fulfillment.planning.report.charts import trace_chart
from fulfillment.planning.report.figures import Figures
from fulfillment.planning.report.served import Served


def environment() -> Environment:
    """Make the templates ready; whatever is put into them is escaped, and nothing may be missing."""
    templates = Environment(
        loader=PackageLoader("fulfillment.planning.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(words.FILTERS)
    return templates


def report_page(facts: PlanFacts) -> str:
    """Write the report of a plan as HTML."""
    figures = Figures.of(facts)
    run = facts.run
    return (
        environment()
        .get_template("report.html")
        .render(
            run=run,
            certificate=facts.certificate,
            figures=figures,
            how_good=words.how_good(figures, facts.certificate["no_pinned_bound"]),
            chart=trace_chart(
                [
                    (
                        point["seconds"],
                        point["policy_cents"] / 100,
                        point["lower_bound_policy_cents"] / 100,
                    )
                    for point in run["trace"]
                ]
            ),
            served=Served.of(facts),
            unfilled=scarce.unfilled_by_reason(facts.unfilled),
            nodes=scarce.dearest_nodes(facts.nodes),
            skus=scarce.dearest_skus(facts),
            orders=scarce.dearest_orders(facts.orders),
        )
    )
