"""Validate a scenario: every file, every rule, every problem at once."""

from dataclasses import dataclass
from pathlib import Path

from fulfillment.scenario.folder import open_sheets
from fulfillment.scenario.problems import Findings, Verdict
from fulfillment.scenario.rules.alternatives import read_alternatives
from fulfillment.scenario.rules.kits import read_kits
from fulfillment.scenario.rules.nodes import read_nodes
from fulfillment.scenario.rules.order_lines import read_order_lines
from fulfillment.scenario.rules.orders import read_orders, warn_without_lines
from fulfillment.scenario.rules.postal_codes import read_postal_codes
from fulfillment.scenario.rules.rates import read_rates
from fulfillment.scenario.rules.skus import read_skus
from fulfillment.scenario.rules.stock import read_stock
from fulfillment.scenario.rules.totals import check_totals
from fulfillment.scenario.tables import Scenario


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of reading a folder."""

    scenario: Scenario | None  # None when there are problems
    verdict: Verdict


def validate_scenario(folder: Path) -> Validation:
    """Read a scenario's folder and find everything that is wrong with it.

    Tables that others refer to are read first. When one of them cannot be read at all, the references to it
    are not reported: that would be one mistake told a hundred thousand times.

    Parameters
    ----------
    folder : Path
        Holds each table of `layout.COLUMNS` as CSV or Parquet; it may lack those of `layout.OPTIONAL`.

    Returns
    -------
    Validation
        With the scenario when nothing but warnings was found.
    """
    findings = Findings()
    sheets = open_sheets(folder, findings)
    nodes = read_nodes(sheets["nodes"])
    skus = read_skus(sheets["skus"])
    postal_codes = read_postal_codes(sheets["postal_codes"])
    rates = read_rates(sheets["rates"])
    stock = read_stock(sheets["stock"], nodes, skus)
    orders = read_orders(sheets["orders"], nodes, postal_codes)
    order_lines = read_order_lines(sheets["order_lines"], orders, skus)
    if len(order_lines) and all(sheets[table].has("order_id") for table in ("orders", "order_lines")):
        warn_without_lines(sheets["orders"], orders, order_lines.order)
    kits = read_kits(sheets["kits"], skus, sheets["stock"], stock)
    alternatives = read_alternatives(sheets["alternatives"], sheets["orders"], orders, nodes)
    scenario = Scenario(nodes, skus, stock, orders, order_lines, postal_codes, rates, kits, alternatives)
    if findings.is_clean:
        check_totals(sheets, scenario)
    return Validation(scenario if findings.is_clean else None, findings.verdict())
