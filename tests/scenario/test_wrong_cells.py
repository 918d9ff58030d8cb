"""One wrong cell is one problem, with its place, its value and what to do."""

from pathlib import Path

import pytest

from fulfillment.scenario.validate import validate_scenario
from tests.scenario.small import small_tables, write_tables

# table, line of the file, column, wrong value, message, part of the remedy
WRONG = [
    ("nodes", 2, "node_id", "  ", "the identifier is blank", "identifier"),
    ("nodes", 3, "kind", "shop", "the kind is not known", "warehouse, store or vendor"),
    ("nodes", 2, "lat", "90.5", "more than 90", "from -90 to 90"),
    ("nodes", 2, "lat", "-91", "less than -90", "from -90 to 90"),
    ("nodes", 2, "lon", "180.01", "more than 180", "from -180 to 180"),
    ("nodes", 2, "lat", "nan", "not a number", "Write a number"),
    ("nodes", 2, "lon", "-inf", "not a number", "Write a number"),
    ("nodes", 2, "lat", "1e999", "not a number", "Write a number"),
    ("nodes", 2, "lat", "", "the value is missing", "Write a number"),
    ("nodes", 3, "timezone", "America/Gotham", "the time zone is not known", "America/New_York"),
    ("nodes", 3, "timezone", "localtime", "the time zone is not known", "IANA"),
    ("nodes", 3, "timezone", "", "the time zone is not known", "IANA"),
    ("nodes", 2, "ships", "yes", "the value is neither true nor false", "True or False"),
    ("nodes", 2, "pickup", "", "the value is neither true nor false", "True or False"),
    ("nodes", 3, "same_day_radius_km", "-1", "the number is negative", "from 0 to 1000000"),
    ("nodes", 3, "cutoff_local", "9:00", "the cut-off is not HH:MM", "two digits"),
    ("nodes", 3, "cutoff_local", "24:00", "the cut-off is not HH:MM", "00:00 to 23:59"),
    ("nodes", 3, "cutoff_local", "15:00\n", "the cut-off is not HH:MM", "two digits"),
    ("nodes", 3, "cutoff_local", "", "the cut-off is not HH:MM", "two digits"),
    ("nodes", 3, "processing_hours", "-0.5", "the number is negative", "from 0"),
    ("nodes", 3, "processing_hours", "0.33", "not a whole number of minutes", "1.25"),
    ("nodes", 3, "handling_cents_per_unit", "1.00001", "more than 4 decimals", "at most 4 decimals"),
    ("nodes", 3, "handling_cents_per_parcel", "-3", "the number is negative", "from 0"),
    ("nodes", 3, "capacity_parcels", "-1", "the number is negative", "a whole number"),
    ("nodes", 3, "capacity_parcels", "1.5", "not a whole number", "a whole number"),
    ("nodes", 4, "commission_pct", "100.01", "more than 100", "from 0 to 100"),
    ("nodes", 4, "commission_pct", "-0.01", "the number is negative", "from 0 to 100"),
    ("nodes", 4, "commission_pct", "12.345", "more than 2 decimals", "at most 2 decimals"),
    ("skus", 2, "gtin", "09520000000005", "not a valid GTIN", "check digit is 4"),
    ("skus", 2, "gtin", "952000000", "not a valid GTIN", "leading zeros"),
    ("skus", 2, "gtin", "0952000000000X", "not a valid GTIN", "digits"),
    ("skus", 2, "price_cents", "-1", "the number is negative", "from 0 to 100000000"),
    ("skus", 2, "price_cents", "100000001", "more than 100000000", "from 0 to 100000000"),
    ("skus", 2, "price_cents", "0.12345", "more than 4 decimals", "at most 4 decimals"),
    ("skus", 2, "price_cents", "19,99", "not a number", "Write a number"),
    ("skus", 2, "weight_g", "0", "less than 1", "from 1"),
    ("skus", 2, "weight_g", "99999999999999999999", "more than 100000000", "from 1"),
    ("postal_codes", 3, "population", "-5", "the number is negative", "from 0"),
    ("postal_codes", 3, "lat", "north", "not a number", "from -90 to 90"),
    ("stock", 2, "node_id", "W9", "not among the nodes", "Add it to nodes"),
    ("stock", 2, "sku_id", "7", "not among the skus", "Add it to skus"),
    ("stock", 2, "available", "-1", "the number is negative", "from 0"),
    ("stock", 2, "available", "", "the value is missing", "a whole number"),
    ("stock", 2, "safety_stock", "2147483648", "more than 2147483647", "from 0 to 2147483647"),
    ("stock", 3, "incoming", "some", "not a number", "a whole number"),
    ("stock", 3, "incoming_on", "2026-02-30", "not a date", "YYYY-MM-DD"),
    ("stock", 3, "incoming_on", "23.11.2026", "not a date", "YYYY-MM-DD"),
    ("orders", 2, "placed_at", "2026-11-20T11:18:00", "the time names no time zone", "with its zone"),
    ("orders", 2, "placed_at", "2026-11-20", "not a time", "2026-11-20T11:18:00Z"),
    ("orders", 2, "placed_at", "yesterday", "not a time", "2026-11-20T11:18:00Z"),
    ("orders", 2, "placed_at", "", "the value is missing", "with its zone"),
    ("orders", 2, "placed_at", "1823-01-01T00:00:00Z", "not between the years 1970 and 2199", "zone"),
    ("orders", 2, "promise_by", "2026-11-20T11:17:59Z", "the promise is before the placement", "leave"),
    ("orders", 2, "promise_by", "soon", "not a time", "with its zone"),
    ("orders", 2, "postal_code", "1002", "not among the postal_codes", "Add it to postal_codes"),
    ("orders", 2, "postal_code", "", "the value is missing", "only a PICK_UP order"),
    ("orders", 4, "method", "PIGEON", "the method is not known", "SHIPPING, PICK_UP or LOCAL"),
    ("orders", 3, "pickup_node_id", "", "a PICK_UP order names no pickup node", "collects"),
    ("orders", 3, "pickup_node_id", "S9", "not among the nodes", "Add it to nodes"),
    ("orders", 2, "priority", "high", "not a number", "a whole number"),
    ("order_lines", 3, "sku_id", "A-9", "not among the skus", "Add it to skus"),
    ("order_lines", 3, "order_id", "O9", "not among the orders", "Add it to orders"),
    ("order_lines", 3, "qty", "0", "less than 1", "from 1 to 100000"),
    ("order_lines", 3, "qty", "-2", "less than 1", "from 1 to 100000"),
    ("order_lines", 3, "qty", "1.5", "not a whole number", "a whole number"),
    ("order_lines", 3, "qty", "100001", "more than 100000", "from 1 to 100000"),
    ("order_lines", 3, "line_no", "-1", "the number is negative", "from 0"),
    ("order_lines", 3, "line_no", "one", "not a number", "a whole number"),
    ("kits", 2, "kit_sku_id", "K-9", "not among the skus", "Add it to skus"),
    ("kits", 2, "kit_sku_id", "", "the identifier is blank", "identifier"),
    ("kits", 3, "component_sku_id", "A-9", "not among the skus", "Add it to skus"),
    ("kits", 3, "component_sku_id", "K-1", "the kit contains itself", "is no kit"),
    ("kits", 3, "qty", "0", "less than 1", "from 1 to 1000"),
    ("kits", 3, "qty", "1.5", "not a whole number", "a whole number"),
    ("kits", 3, "qty", "1001", "more than 1000", "from 1 to 1000"),
    ("kits", 3, "qty", "", "the value is missing", "a whole number"),
    ("alternatives", 3, "order_id", "O9", "not among the orders", "Add it to orders"),
    ("alternatives", 3, "alternative", "-1", "the number is negative", "from 0"),
    ("alternatives", 3, "alternative", "two", "not a number", "a whole number"),
    ("alternatives", 3, "method", "RETAIL", "the method is not known", "SHIPPING, PICK_UP or LOCAL"),
    ("alternatives", 2, "pickup_node_id", "", "a PICK_UP alternative names no pickup node", "collects"),
    ("alternatives", 2, "pickup_node_id", "S9", "not among the nodes", "Add it to nodes"),
    ("rates", 2, "carrier", "", "the identifier is blank", "identifier"),
    ("rates", 7, "method", "BIKE", "the method is not known", "SHIPPING, PICK_UP or LOCAL"),
    ("rates", 2, "cost_cents", "-1", "the number is negative", "from 0"),
    ("rates", 2, "cost_cents", "1.23456", "more than 4 decimals", "at most 4 decimals"),
    ("rates", 7, "max_km", "inf", "not a number", "from 0"),
    ("rates", 7, "zone", "near", "not a number", "a whole number"),
    ("rates", 7, "max_weight_g", "0", "less than 1", "from 1"),
    ("rates", 7, "transit_days", "0.5", "not a whole number", "a whole number"),
    # One wrong cell of a grid, seen from the row that disagrees with the rows before it.
    ("rates", 3, "max_km", "120", "the zone has another max_km on an earlier row", "or correct row 2"),
    ("rates", 3, "transit_days", "3", "the zone has another transit_days on an earlier row", "Write 2"),
]  # fmt: skip

# A second row of the same key: table, line that is copied to the end, column, message.
REPEATED = [
    ("nodes", 3, "node_id", "the node_id stands twice"),
    ("skus", 3, "sku_id", "the sku_id stands twice"),
    ("postal_codes", 3, "postal_code", "the postal_code stands twice"),
    ("stock", 3, "sku_id", "the node has a position for this SKU already"),
    ("orders", 3, "order_id", "the order_id stands twice"),
    ("order_lines", 3, "line_no", "the order has a line of this number already"),
    ("rates", 3, "max_weight_g", "the zone has this weight step already"),
    ("kits", 3, "component_sku_id", "the kit has this component already"),
    ("alternatives", 3, "alternative", "the order has an alternative of this number already"),
]
REMEDIES = {
    "kits": "Write the sum of both quantities on one of the rows {} and {}, and drop the other.",
    "alternatives": "Give one of the rows {} and {} another number, or drop it.",
}


@pytest.mark.parametrize(("table", "line", "column", "value", "message", "remedy"), WRONG)
def test_a_wrong_cell_is_one_problem(
    tmp_path: Path, table: str, line: int, column: str, value: str, message: str, remedy: str
) -> None:
    tables = small_tables()
    tables[table][line - 1][tables[table][0].index(column)] = value
    validation = validate_scenario(write_tables(tables, tmp_path))
    assert validation.scenario is None
    own = [problem for problem in validation.verdict.problems if problem.file == f"{table}.csv"]
    assert [(problem.row, problem.column, problem.value, problem.message) for problem in own] == [
        (line, column, value or None, message)
    ]
    assert remedy in own[0].remedy


@pytest.mark.parametrize(("table", "line", "column", "message"), REPEATED)
def test_a_repeated_key_names_both_rows(
    tmp_path: Path, table: str, line: int, column: str, message: str
) -> None:
    tables = small_tables()
    tables[table].append(list(tables[table][line - 1]))
    last = len(tables[table])
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column, problem.message) == (
        f"{table}.csv",
        last,
        column,
        message,
    )
    assert problem.remedy == REMEDIES.get(table, "Keep one of the rows {} and {}.").format(line, last)


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    tables = small_tables()
    tables["nodes"][1][10] = "noon"
    tables["skus"][1][1] = "09520000000005"
    tables["stock"][2][1] = "nothing"
    tables["orders"][1][1] = "never"
    tables["order_lines"][4][3] = "-7"
    problems = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert [(problem.file, problem.row, problem.column) for problem in problems] == [
        ("nodes.csv", 2, "cutoff_local"),
        ("skus.csv", 2, "gtin"),
        ("stock.csv", 3, "sku_id"),
        ("orders.csv", 2, "placed_at"),
        ("order_lines.csv", 5, "qty"),
    ]


def test_a_price_list_is_a_grid(tmp_path: Path) -> None:
    tables = small_tables()
    del tables["rates"][2]  # zone 1 keeps the step of 500 g only
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.row, problem.column) == (2, "max_weight_g")
    assert problem.message == "the zone lacks weight steps that other zones of the service have"
    assert problem.remedy == "Add to zone 1 the steps 5000, or take them from the other zones."


@pytest.mark.parametrize("reach", ["100", "99"])
def test_a_farther_zone_reaches_farther(tmp_path: Path, reach: str) -> None:
    tables = small_tables()
    for line in (4, 5):
        tables["rates"][line - 1][4] = reach
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.row, problem.column, problem.value) == (4, "max_km", reach)
    assert problem.message == "max_km does not rise with the zone"
    assert problem.remedy == "Write more than 100, the max_km of zone 1."


def test_a_day_worth_more_than_can_be_counted(tmp_path: Path) -> None:
    tables = small_tables()
    tables["skus"][1][3] = "100000000"
    tables["order_lines"] = [tables["order_lines"][0]]
    tables["order_lines"] += [["O1", str(number), "007", "100000"] for number in range(20)]
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column) == ("order_lines.csv", None, "qty")
    assert "worth too much" in problem.message


def test_transport_dearer_than_can_be_counted(tmp_path: Path) -> None:
    tables = small_tables()
    tables["skus"][1][4], tables["order_lines"][1][3] = "100000000", "100000"
    tables["rates"][6][5], tables["rates"][6][6] = "1", "100000000"
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column) == ("rates.csv", None, "max_weight_g")
    assert "too many times over" in problem.message


def test_a_kit_in_a_kit(tmp_path: Path) -> None:
    tables = small_tables()
    tables["skus"].append(["K-2", "09520000000059", "Both", "5000", "2000"])
    tables["kits"] += [["K-2", "A-3", "1"], ["K-2", "K-1", "1"]]
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column, problem.value) == (
        "kits.csv",
        5,
        "component_sku_id",
        "K-1",
    )
    assert problem.message == "the component is a kit itself"
    assert problem.remedy == "Write the components of the inner kit in its place."


def test_a_kit_with_stock_of_its_own(tmp_path: Path) -> None:
    tables = small_tables()
    tables["stock"] += [["S1", "K-1", "4", "0", "", ""], ["W1", "K-1", "0", "0", "", ""]]
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column, problem.value) == ("kits.csv", 2, "kit_sku_id", "K-1")
    assert problem.message == "the kit has stock of its own"
    assert problem.remedy == (
        "Drop row 6 of stock.csv and 1 more, or drop the kit: it is made of its components' stock."
    )


def test_a_kit_of_far_too_many_units(tmp_path: Path) -> None:
    tables = small_tables()
    for line in (2, 3):
        tables["kits"][line - 1][2] = "600"
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column, problem.value) == ("kits.csv", 2, "kit_sku_id", "K-1")
    assert problem.message == "the kit has more than 1000 units in all"
    assert problem.remedy == "Look for quantities far too high: they add up to 1200."


def test_kits_dearer_to_handle_than_can_be_counted(tmp_path: Path) -> None:
    tables = small_tables()
    tables["nodes"][1][12] = "100000000"
    tables["kits"][1][2], tables["order_lines"][5][3] = "900", "100000"
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column) == ("kits.csv", None, "qty")
    assert "too much to handle" in problem.message


def test_a_delivery_to_nowhere_is_no_alternative(tmp_path: Path) -> None:
    """The order is collected and names no postal code; one that is not known is a problem of the orders."""
    tables = small_tables()
    tables["alternatives"].append(["O2", "1", "SHIPPING", ""])
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.row, problem.column, problem.value) == (
        "alternatives.csv",
        5,
        "method",
        "SHIPPING",
    )
    assert problem.message == "the order names no postal code to deliver to"
    tables["orders"][2][3] = "12345"
    (problem,) = validate_scenario(write_tables(tables, tmp_path)).verdict.problems
    assert (problem.file, problem.column) == ("orders.csv", "postal_code")


# line, column, value, message of a warning that leaves the scenario usable
WARNED = [
    ("orders", 2, "pickup_node_id", "S1", "only a PICK_UP order has a pickup node; it is ignored"),
    ("orders", 2, "pickup_node_id", "S9", "only a PICK_UP order has a pickup node; it is ignored"),
    ("orders", 3, "pickup_node_id", "W1", "the node offers no pickup, so the order cannot be filled"),
    (
        "alternatives",
        3,
        "pickup_node_id",
        "S1",
        "only a PICK_UP alternative has a pickup node; it is ignored",
    ),
    (
        "alternatives",
        2,
        "pickup_node_id",
        "W1",
        "the node offers no pickup, so nothing can be collected there",
    ),
    ("skus", 4, "gtin", "", "the value is missing"),
    ("skus", 4, "gtin", "09520000000011", "another SKU has this GTIN"),
]


@pytest.mark.parametrize(("table", "line", "column", "value", "message"), WARNED)
def test_a_warning_leaves_the_scenario_usable(
    tmp_path: Path, table: str, line: int, column: str, value: str, message: str
) -> None:
    tables = small_tables()
    tables["skus"][3][1] = "09520000000028"  # no warning but the one of the case
    tables[table][line - 1][tables[table][0].index(column)] = value
    validation = validate_scenario(write_tables(tables, tmp_path))
    assert validation.scenario is not None
    (warning,) = validation.verdict.warnings
    assert (warning.file, warning.row, warning.column, warning.value, warning.message) == (
        f"{table}.csv",
        line,
        column,
        value or None,
        message,
    )


def test_an_order_without_lines_is_a_warning(tmp_path: Path) -> None:
    tables = small_tables()
    del tables["order_lines"][4]
    validation = validate_scenario(write_tables(tables, tmp_path))
    assert validation.scenario is not None
    (warning,) = (each for each in validation.verdict.warnings if each.file == "orders.csv")
    assert (warning.row, warning.value, warning.message) == (3, "O2", "the order has no lines")
