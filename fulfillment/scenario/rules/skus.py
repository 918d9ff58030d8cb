"""Rules for SKUs."""

import numpy as np
import pyarrow as pa

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.gtin import check_gtin
from fulfillment.scenario import limits
from fulfillment.scenario.cells import MISSING, is_blank, read_ids, read_money, read_text, read_whole, to_list
from fulfillment.scenario.keys import codes_of, flag_repeated_ids
from fulfillment.scenario.problems import Severity
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import Skus


def read_skus(sheet: Sheet) -> Skus:
    """Read SKUs and report what is wrong with them."""
    sku_id = read_ids(sheet, "sku_id")
    flag_repeated_ids(sheet, "sku_id", sku_id)
    return Skus(
        sku_id=to_list(sku_id),
        gtin=_read_gtins(sheet),
        name=to_list(read_text(sheet, "name")),
        price_micros=read_money(sheet, "price_cents"),
        weight_g=read_whole(sheet, "weight_g", least=1, most=limits.WEIGHT_G),
    )


def _read_gtins(sheet: Sheet) -> list[str]:
    """Read GTINs; a product without one can be planned, one with a wrong one is another product."""
    gtins = read_ids(sheet, "gtin", optional=True)
    if sheet.has("gtin"):
        sheet.flag("gtin", is_blank(gtins), MISSING, "Give the product its GTIN-14.", Severity.WARNING)
    words = to_list(gtins)
    remedies = {at: remedy for at, gtin in enumerate(words) if gtin.strip() and (remedy := _mend(gtin))}
    sheet.flag("gtin", np.array(list(remedies), np.int64), "not a valid GTIN", remedies.__getitem__)
    _warn_shared(sheet, gtins)
    return words


def _mend(gtin: str) -> str | None:
    """Say how to mend a GTIN, or None when it is right."""
    try:
        check_gtin(gtin)
    except InvalidRequest as error:
        return f"{error.remedy[:1].upper()}{error.remedy[1:]}."
    return None


def _warn_shared(sheet: Sheet, gtins: pa.Array) -> None:
    codes = codes_of(gtins)
    _, first = np.unique(codes, return_index=True)
    shared = np.ones(len(codes), np.bool_)
    shared[first] = False
    sheet.flag(
        "gtin",
        shared & ~is_blank(gtins),
        "another SKU has this GTIN",
        "Check which of the two products it belongs to.",
        Severity.WARNING,
    )
