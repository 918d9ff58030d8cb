"""Rules for postal codes."""

from fulfillment.scenario import limits
from fulfillment.scenario.cells import read_ids, read_numbers, read_whole, to_list
from fulfillment.scenario.keys import flag_repeated_ids
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import PostalCodes


def read_postal_codes(sheet: Sheet) -> PostalCodes:
    """Read postal codes and report what is wrong with them; a blank population counts as 0."""
    postal_code = read_ids(sheet, "postal_code")
    flag_repeated_ids(sheet, "postal_code", postal_code)
    return PostalCodes(
        postal_code=to_list(postal_code),
        lat=read_numbers(sheet, "lat", least=-90, most=90),
        lon=read_numbers(sheet, "lon", least=-180, most=180),
        population=read_whole(sheet, "population", least=0, most=limits.NUMBERS, blank=0),
    )
