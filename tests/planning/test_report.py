"""The report: what it says is what the files say, in a page that needs nothing but itself."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fulfillment.domain.policy import Policy
from fulfillment.planning.manifest import run_document
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.report.charts import bars, round_steps, trace_chart
from fulfillment.planning.report.figures import Figures
from fulfillment.planning.report.page import report_page
from fulfillment.planning.report.served import Served, distances, parcels_of_orders
from fulfillment.planning.report.words import amount, change, how_good, percent
from fulfillment.scenario.generate import GeneratorParams, generate
from tests.planning.days import day, node, order
from tests.solver.plans import QUICK

PARAMS = GeneratorParams(
    orders=80, stores=8, warehouses=1, vendors=1, skus=25, postal_codes=40, scarcity=0.6, tight_nodes=0.6
)


@pytest.fixture(scope="module")
def planned() -> PlannedDay:
    return plan_day(generate(PARAMS, seed=3), Policy.default(), params=QUICK)


@pytest.fixture(scope="module")
def facts(planned: PlannedDay) -> PlanFacts:
    return PlanFacts.of(planned, run_document(planned, {"inputs_sha256": {"nodes.csv": "ab" * 32}}, {}))


class Page(HTMLParser):
    """Tags that never close are closed at once; all others must match."""

    VOID = ("meta", "br", "link", "img", "hr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_one_well_formed_page_without_scripts_and_without_a_network(facts: PlanFacts) -> None:
    html = report_page(facts)
    page = Page(html)
    assert "script" not in page.tags
    assert page.links == []
    assert not re.search(r"https?://|@import|url\(", html)
    assert page.tags.count("svg") > 10


def test_it_says_what_a_planner_asks(facts: PlanFacts) -> None:
    html = report_page(facts)
    for said in (
        amount(facts.run["total_cents"]),
        amount(facts.certificate["lower_bound_cents"]),
        percent(facts.certificate["gap"]),
        f"{facts.run['counts']['units_unfilled']:,}",
        facts.orders.sort_by([("total_cents", "descending")])["order_id"][0].as_py(),
        facts.nodes.sort_by([("capacity_price_cents", "descending")])["node_id"][0].as_py(),
        facts.stock_prices.sort_by([("price_cents", "descending")])["sku_id"][0].as_py(),
        facts.run["policy"]["digest"],
        "ab" * 32,
        "every unit that could arrive in time went to other orders",
    ):
        assert said in html


def test_what_people_wrote_is_escaped() -> None:
    scenario = day(
        {"<b>N</b>": node(kind="store")}, {("<b>N</b>", "V"): 1}, {"<script>1</script>": order(("V", 2))}
    )
    found = plan_day(scenario, Policy(version=1, name="<img src=x>"), method="nearest")
    html = report_page(PlanFacts.of(found, run_document(found, {"inputs_sha256": {}}, {})))
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;1&lt;/script&gt;" in html
    assert "A rule sets no prices" in html
    assert "did not search" in html
    Page(html)


def test_the_parcels_and_the_orders_cost_what_the_plan_costs(planned: PlannedDay, facts: PlanFacts) -> None:
    cost = planned.cost
    for part in ("transport", "handling", "unfilled"):
        total = facts.orders[f"{part}_cents"].to_numpy().sum() * 10_000
        assert round(total) == getattr(cost, f"{part}_micros")
    for part in ("transport", "handling"):
        assert facts.parcels[f"{part}_cents"].to_numpy().sum() == pytest.approx(
            facts.orders[f"{part}_cents"].to_numpy().sum()
        )
    assert round(facts.orders["total_cents"].to_numpy().sum() * 10_000) == cost.total_micros
    assert facts.orders["parcels"].to_numpy().sum() == len(facts.parcels) == facts.run["counts"]["parcels"]
    assert facts.nodes["parcels"].to_numpy().sum() == len(facts.parcels)
    assert facts.parcels["units"].to_numpy().sum() == facts.allocations["qty"].to_numpy().sum()
    unfilled = facts.orders["units_unfilled"].to_numpy().sum()
    assert unfilled == facts.run["counts"]["units_unfilled"] > 0


def test_distance_is_from_the_node_to_the_customer_or_to_where_he_collects() -> None:
    scenario = day(
        {"W": node(lat=41.0), "P": node(lat=43.0, ships=False)},
        {("W", "V"): 9},
        {"sent": order(("V", 1)), "collected": order(("V", 1), method="PICK_UP", pickup="P")},
    )
    found = plan_day(scenario, Policy.default(), method="nearest")
    table = PlanFacts.of(found, {}).orders
    degree = 111.2  # km
    km = dict(zip(table["order_id"].to_pylist(), table["km"].to_pylist(), strict=True))
    assert km == {"sent": pytest.approx(degree, abs=0.1), "collected": pytest.approx(2 * degree, abs=0.1)}


def test_a_folder_tells_the_same_report_again(facts: PlanFacts, tmp_path: Path) -> None:
    facts.write(tmp_path)
    assert report_page(PlanFacts.read(tmp_path)) == report_page(facts)
    assert json.loads((tmp_path / "run.json").read_text()) == facts.run
    assert pq.read_table(tmp_path / "orders.parquet").equals(facts.orders)


def test_figures_count_what_is_served(facts: PlanFacts) -> None:
    figures = Figures.of(facts)
    parcels = facts.orders["parcels"].to_numpy()
    assert figures.orders_served == np.count_nonzero(parcels)
    assert figures.parcels_per_order == parcels.sum() / np.count_nonzero(parcels)
    assert figures.split_share == (parcels > 1).sum() / np.count_nonzero(parcels)
    served = Served.of(facts)
    assert sum(row["rows"] for row in served.by_method) == 80
    assert sum(row["rows"] for row in served.by_kind) == len(facts.parcels)
    assert sum(row["rows"] for row in served.by_service) == len(facts.parcels)
    assert sum(bar.value for bar in served.distances) == len(facts.parcels)


def figures(total: float, bound: float | None) -> Figures:
    gap = None if bound is None else (total - bound) / total
    return Figures("optimal", "p", total, 0, 0, 0, bound, gap, 1, 1, 1, 0, 1, 0, 1, 1.0, 1.0)


def test_the_gap_is_said_in_a_sentence() -> None:
    assert "could save more than 20.00, which is 20.0% of" in how_good(figures(10_000, 8_000), None)
    assert "the cheapest there is" in how_good(figures(100, 100), None)
    assert "Nothing is proved" in how_good(figures(100, 0), None)
    assert how_good(figures(100, None), "parcels are late") == "No bound in plain costs: parcels are late."


def test_numbers_are_written_for_people() -> None:
    assert (amount(123_456_7), change(-150), change(150)) == ("12,345.67", "−1.50", "+1.50")
    assert (percent(0.0032), percent(0.5)) == ("0.32%", "50.0%")


def test_bars_are_measured_against_the_longest_and_the_sum() -> None:
    first, second = bars(["a", "b"], [30, 10])
    assert (first.length, first.share, second.length, second.share) == (1.0, 0.75, pytest.approx(1 / 3), 0.25)
    assert bars([], []) == ()
    assert [bar.length for bar in bars(["a"], [0])] == [0.0]


def test_orders_and_distances_fall_into_the_right_bars() -> None:
    counted = {bar.label: bar.value for bar in parcels_of_orders(np.array([0, 1, 1, 4, 5, 99]))}
    assert counted == {"none": 1, "1": 2, "2": 0, "3": 0, "4": 1, "more": 2}
    counted = {bar.label: bar.value for bar in distances(np.array([0.0, 0.1, 10.0, 10.1, 2500.0, 2500.1]))}
    assert {label: value for label, value in counted.items() if value} == {
        "0": 1, "10": 2, "50": 1, "2,500": 1, "more": 1,
    }  # fmt: skip


def test_a_curve_needs_two_points_and_stays_inside_its_frame() -> None:
    assert trace_chart([(1.0, 5.0, 4.0)]) is None
    assert trace_chart([]) is None
    chart = trace_chart([(0.0, 90.0, 10.0), (2.0, 60.0, 50.0), (3.0, 55.0, 54.0)])
    assert chart is not None
    points = [tuple(map(float, pair.split(","))) for pair in f"{chart.cost} {chart.bound}".split()]
    assert all(chart.left <= x <= chart.right and 0 <= y <= chart.bottom for x, y in points)
    assert len(chart.cost.split()) == 5  # stairs: two points for each later one


@pytest.mark.parametrize(("low", "high"), [(0, 1), (37_436, 54_695), (0, 0.004), (5, 5), (0, 0)])
def test_axis_marks_are_round_and_hold_the_range(low: float, high: float) -> None:
    steps = round_steps(low, high)
    assert steps[0] <= low
    assert steps[-1] >= high
    assert 2 <= len(steps) <= 8
