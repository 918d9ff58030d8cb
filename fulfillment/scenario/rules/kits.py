"""Rules for kits: recipes of SKUs that have stock, never of other kits."""

import numpy as np

from fulfillment.scenario import limits
from fulfillment.scenario.cells import read_ids, read_numbers, to_ints
from fulfillment.scenario.keys import find_positions, flag_repeated
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import NO_INDEX, Bools, Floats, Ints, Kits, Skus, Stock


def read_kits(sheet: Sheet, skus: Skus, stock_sheet: Sheet, stock: Stock) -> Kits:
    """Read recipes and report what is wrong with them; they come back sorted by kit."""
    kit = find_positions(sheet, "kit_sku_id", read_ids(sheet, "kit_sku_id"), skus.sku_id, "skus")
    component = find_positions(
        sheet, "component_sku_id", read_ids(sheet, "component_sku_id"), skus.sku_id, "skus"
    )
    qty = read_numbers(sheet, "qty", least=1, most=limits.KIT_UNITS, decimals=0)
    known = (kit != NO_INDEX) & (component != NO_INDEX)
    flag_repeated(
        sheet,
        "component_sku_id",
        [kit, component],
        "the kit has this component already",
        known,
        "Write the sum of both quantities on one of the rows {} and {}, and drop the other.",
    )
    _check_nesting(sheet, kit, component, known)
    _check_size(sheet, kit, qty)
    _check_stock(sheet, kit, stock_sheet, stock)
    by_kit = np.argsort(kit, kind="stable")
    return Kits(kit=kit[by_kit], component=component[by_kit], qty=to_ints(qty, 1)[by_kit])


def _check_nesting(sheet: Sheet, kit: Ints, component: Ints, known: Bools) -> None:
    itself = known & (kit == component)
    sheet.flag(
        "component_sku_id",
        itself,
        "the kit contains itself",
        "Write what the kit is made of; a product with stock of its own is no kit.",
    )
    sheet.flag(
        "component_sku_id",
        known & ~itself & np.isin(component, kit),
        "the component is a kit itself",
        "Write the components of the inner kit in its place.",
    )


def _check_size(sheet: Sheet, kit: Ints, qty: Floats) -> None:
    rows = np.flatnonzero((kit != NO_INDEX) & ~np.isnan(qty))
    _, first, which = np.unique(kit[rows], return_index=True, return_inverse=True)
    units = np.bincount(which, qty[rows], len(first)).astype(np.int64)
    too_large = {int(rows[first[at]]): int(units[at]) for at in np.flatnonzero(units > limits.KIT_UNITS)}
    sheet.flag(
        "kit_sku_id",
        np.array(sorted(too_large), np.int64),
        f"the kit has more than {limits.KIT_UNITS} units in all",
        lambda at: f"Look for quantities far too high: they add up to {too_large[at]}.",
    )


def _check_stock(sheet: Sheet, kit: Ints, stock_sheet: Sheet, stock: Stock) -> None:
    """Report each kit that stands in stock, once, on its first row."""
    stocked = np.flatnonzero(np.isin(stock.sku, kit[kit != NO_INDEX]))
    skus, first, count = np.unique(stock.sku[stocked], return_index=True, return_counts=True)
    of_row = {int(np.argmax(kit == sku)): at for at, sku in enumerate(skus)}

    def remedy(row: int) -> str:
        at = of_row[row]
        where = f"row {stock_sheet.row_number(int(stocked[first[at]]))} of {stock_sheet.file}"
        more = f" and {count[at] - 1} more" if count[at] > 1 else ""
        return f"Drop {where}{more}, or drop the kit: it is made of its components' stock."

    sheet.flag("kit_sku_id", np.array(sorted(of_row), np.int64), "the kit has stock of its own", remedy)
