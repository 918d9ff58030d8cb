"""Bounds on what a whole day can come to, so that no sum of a plan leaves 64 bits.

Single values within `limits` can still multiply: a heavy order on a price list that ends at one gram pays its
last step a million times over. The sums here are floats: they need the magnitude only.
"""

import numpy as np

from fulfillment.scenario.limits import TOTAL_MICROS
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import Floats, Scenario


def check_totals(sheets: dict[str, Sheet], scenario: Scenario) -> None:
    """Report a day whose goods are worth more, or could cost more to ship or to handle, than can be counted.

    Called only when every cell is right.
    """
    lines, skus = scenario.order_lines, scenario.skus
    if np.sum(lines.qty * skus.price_micros[lines.sku].astype(np.float64)) > TOTAL_MICROS:
        sheets["order_lines"].flag_column(
            "qty",
            None,
            "all ordered units together are worth too much",
            "Look for prices or quantities far too high.",
        )
    units_of_kit = np.bincount(scenario.kits.kit, scenario.kits.qty, len(skus))
    dearest_unit = float(scenario.nodes.handling_micros_per_unit.max())
    if np.sum(lines.qty * units_of_kit[lines.sku]) * dearest_unit > TOTAL_MICROS:
        sheets["kits"].flag_column(
            "qty",
            None,
            "the components of all ordered kits could cost too much to handle",
            "Look for quantities in kits, or orders of kits, far too high.",
        )
    weight_of_line = lines.qty * skus.weight_g[lines.sku].astype(np.float64)
    weights = np.bincount(lines.order, weight_of_line).astype(np.float64)
    if np.sum(_dearest_transport(scenario, weights)) > TOTAL_MICROS:
        sheets["rates"].flag_column(
            "max_weight_g",
            None,
            "the heaviest orders would pay the last weight step too many times over",
            "Add heavier steps, or look for weights or costs far too high.",
        )


def _dearest_transport(scenario: Scenario, weights: Floats) -> Floats:
    """Bound what each weight can cost as one parcel: the dearest step, as often as the lightest needs."""
    rates = scenario.rates
    last_steps: dict[tuple[str, str, str], int] = {}
    for key, step in zip(
        zip(rates.carrier, rates.service, rates.method, strict=True), rates.max_weight_g.tolist(), strict=True
    ):
        last_steps[key] = max(step, last_steps.get(key, 0))
    times = np.ceil(weights / min(last_steps.values()))
    return times * float(rates.cost_micros.max())
