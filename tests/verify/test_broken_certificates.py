"""A certificate of the planner passes; each claim and each price, broken alone, is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fulfillment.domain.policy import Policy
from fulfillment.planning.plan_day import plan_day
from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.write import write_scenario
from fulfillment.verify import UnusableInput, verify_plan
from tests.solver.plans import QUICK
from tests.verify.folders import Row, broken_rules, change_certificate, claims, read_rows, write_prices

PARAMS = GeneratorParams(
    orders=120, stores=8, warehouses=1, vendors=1, skus=30, postal_codes=40, scarcity=0.6, tight_nodes=1.0
)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    write_scenario(generate(PARAMS, seed=5), folder)
    return folder


@pytest.fixture(scope="module")
def planned(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    PlanFacts.of(plan_day(read_scenario(scenario), Policy.default(), params=QUICK), {}).write(folder)
    return folder


@pytest.fixture
def plan(planned: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(planned, tmp_path / "plan"))


def test_the_planners_certificate_is_proved_to_the_cent(scenario: Path, plan: Path) -> None:
    verdict = verify_plan(scenario, plan)
    assert verdict.violations == ()
    assert (verdict.total_cents, verdict.lower_bound_cents) == (
        claims(plan)["total_cents"],
        claims(plan)["lower_bound_cents"],
    )
    assert verdict.gap == pytest.approx(claims(plan)["gap"], abs=1e-9)
    assert read_rows(plan, "stock_prices")
    assert read_rows(plan, "capacity_prices")


def test_a_scenario_all_in_csv_or_all_in_parquet_proves_the_same(
    scenario: Path, plan: Path, tmp_path: Path
) -> None:
    as_csv, as_parquet = tmp_path / "csv", tmp_path / "parquet"
    for folder in (as_csv, as_parquet):
        folder.mkdir()
    for path in scenario.iterdir():
        table = (
            pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(column_types=TEXT))
            if path.suffix == ".csv"
            else pq.read_table(path)
        )
        pq.write_table(table, as_parquet / f"{path.stem}.parquet")
        pa.csv.write_csv(table, as_csv / f"{path.stem}.csv")
    expected = verify_plan(scenario, plan)
    assert verify_plan(as_csv, plan) == verify_plan(as_parquet, plan) == expected


TEXT = {
    "node_id": pa.string(),
    "sku_id": pa.string(),
    "postal_code": pa.string(),
    "cutoff_local": pa.string(),
}


def test_a_bound_one_cent_too_high_is_found_out(scenario: Path, plan: Path) -> None:
    bound = verify_plan(scenario, plan).lower_bound_cents
    assert bound is not None
    change_certificate(plan, lower_bound_cents=bound + 1)
    verdict = verify_plan(scenario, plan)
    assert [each.rule for each in verdict.violations] == ["lower_bound_cents is more than the prices prove"]
    assert verdict.violations[0].examples == (f"{bound + 1} claimed, {bound} proved",)
    assert not any("less than" in claim for claim in verdict.proved)


def test_a_lower_bound_than_the_prices_prove_is_true_too(scenario: Path, plan: Path) -> None:
    total = float(str(claims(plan)["total_cents"]))
    change_certificate(plan, lower_bound_cents=1, policy_lower_bound_cents=1, gap=(total - 1) / total)
    assert verify_plan(scenario, plan).violations == ()


def off_by(key: str, amount: float) -> Callable[[Path], None]:
    return lambda plan: change_certificate(plan, **{key: float(str(claims(plan)[key])) + amount})


@pytest.mark.parametrize(
    ("breaks", "rule"),
    [
        (off_by("total_cents", 1), "total_cents is not what the plan costs"),
        (off_by("total_cents", -1), "total_cents is not what the plan costs"),
        (off_by("total_cents", 0.01), "total_cents is not what the plan costs"),
        (off_by("gap", 0.00001), "gap is not (total - bound) / total"),
        (off_by("gap", -0.00001), "gap is not (total - bound) / total"),
        (
            off_by("policy_total_cents", -1),
            "policy_total_cents differs from total_cents under the pinned meaning",
        ),
        (
            off_by("policy_lower_bound_cents", 1),
            "policy_lower_bound_cents exceeds lower_bound_cents under the pinned meaning",
        ),
    ],
)
def test_a_claim_that_is_off_is_found_out(
    scenario: Path, plan: Path, breaks: Callable[[Path], None], rule: str
) -> None:
    breaks(plan)
    assert rule in broken_rules(scenario, plan)


def with_price(cents: float | None) -> Callable[[Row], Row]:
    return lambda row: row | {"price_cents": cents}


PRICES: dict[str, tuple[Callable[[Row], Row], str]] = {
    "negative": (with_price(-0.0001), "a negative price"),
    "NaN": (with_price(float("nan")), "a price that is no number"),
    "empty": (with_price(None), "a price that is no number"),
    "infinite": (with_price(float("inf")), "a price that is no number"),
    "finer than counted": (with_price(0.00005), "a price finer than a ten-thousandth of a cent"),
    "beyond counting": (with_price(1e15), "a price too large to count"),
}


@pytest.mark.parametrize("table", ["stock_prices", "capacity_prices"])
@pytest.mark.parametrize("name", PRICES)
def test_a_broken_price_proves_nothing(scenario: Path, plan: Path, table: str, name: str) -> None:
    breaks, rule = PRICES[name]
    tables = {each: read_rows(plan, each) for each in ("stock_prices", "capacity_prices")}
    tables[table][0] = breaks(tables[table][0])
    write_prices(plan, tables["stock_prices"], tables["capacity_prices"])
    verdict = verify_plan(scenario, plan)
    assert [each.rule for each in verdict.violations] == [f"{table}.parquet: {rule}"]
    assert verdict.lower_bound_micros is None
    assert verdict.total_micros is not None


@pytest.mark.parametrize(
    ("stock", "capacity", "rule"),
    [
        ([{"node_id": "nowhere"}], [], "a stock price for an unknown node"),
        ([{"sku_id": "nothing"}], [], "a stock price for an unknown SKU"),
        ([{"sku_id": None}], [], "a stock price for an unknown SKU"),
        ([{}], [], "a stock price given twice"),
        ([], [{"node_id": "nowhere"}], "a capacity price for an unknown node"),
        ([], [{}], "a capacity price given twice"),
    ],
)
def test_a_price_of_nothing_or_a_second_price_is_found_out(
    scenario: Path, plan: Path, stock: list[Row], capacity: list[Row], rule: str
) -> None:
    stock_rows, capacity_rows = read_rows(plan, "stock_prices"), read_rows(plan, "capacity_prices")
    write_prices(
        plan,
        [*stock_rows, *(stock_rows[0] | each for each in stock)],
        [*capacity_rows, *(capacity_rows[0] | each for each in capacity)],
    )
    assert broken_rules(scenario, plan) == {rule}


def test_a_price_on_capacity_without_a_limit_proves_nothing(
    scenario: Path, plan: Path, tmp_path: Path
) -> None:
    boundless = Path(shutil.copytree(scenario, tmp_path / "boundless"))
    table = pa.csv.read_csv(boundless / "nodes.csv", convert_options=pa.csv.ConvertOptions(column_types=TEXT))
    at = table.column_names.index("capacity_parcels")
    none = pa.nulls(len(table), pa.int64())
    pa.csv.write_csv(table.set_column(at, "capacity_parcels", none), boundless / "nodes.csv")
    verdict = verify_plan(boundless, plan)
    assert [each.rule for each in verdict.violations] == ["a capacity price at a node without a limit"]
    assert verdict.lower_bound_micros is None


def test_other_prices_prove_another_bound(scenario: Path, plan: Path) -> None:
    """Ten times the prices: still valid, but they prove less than is claimed."""
    stock = [
        row | {"price_cents": round(row["price_cents"] * 10, 3)} for row in read_rows(plan, "stock_prices")
    ]
    write_prices(plan, stock, read_rows(plan, "capacity_prices"))
    assert broken_rules(scenario, plan) == {"lower_bound_cents is more than the prices prove"}


def drop_column(plan: Path, table: str, column: str) -> None:
    path = plan / f"{table}.parquet"
    pq.write_table(pq.read_table(path).drop_columns([column]), path)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("stock_prices", "price_cents"),
        ("stock_prices", "sku_id"),
        ("capacity_prices", "node_id"),
        ("capacity_prices", "price_cents"),
        ("allocations", "parcel_id"),
        ("allocations", "qty"),
    ],
)
def test_a_missing_column_is_unusable(scenario: Path, plan: Path, table: str, column: str) -> None:
    drop_column(plan, table, column)
    with pytest.raises(UnusableInput, match=f"{table}.parquet has no column {column}"):
        verify_plan(scenario, plan)


@pytest.mark.parametrize(
    "name", ["allocations.parquet", "stock_prices.parquet", "capacity_prices.parquet", "certificate.json"]
)
@pytest.mark.parametrize("content", [None, b"", b"not what it seems"])
def test_a_missing_or_garbled_file_is_unusable(
    scenario: Path, plan: Path, name: str, content: bytes | None
) -> None:
    (plan / name).unlink()
    if content is not None:
        (plan / name).write_bytes(content)
    with pytest.raises(UnusableInput, match=name):
        verify_plan(scenario, plan)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("total_cents", None),
        ("total_cents", "much"),
        ("total_cents", True),
        ("total_cents", float("nan")),
        ("lower_bound_cents", 1.5),
        ("gap", "small"),
        ("policy", None),
        ("policy", {}),
        ("formula_version", 2),
    ],
)
def test_a_claim_that_says_nothing_is_unusable(scenario: Path, plan: Path, key: str, value: object) -> None:
    change_certificate(plan, **{key: value})
    with pytest.raises(UnusableInput):
        verify_plan(scenario, plan)


def test_a_certificate_that_lacks_a_claim_is_unusable(scenario: Path, plan: Path) -> None:
    document = dict(claims(plan))
    del document["lower_bound_cents"]
    (plan / "certificate.json").write_text(json.dumps(document))
    with pytest.raises(UnusableInput, match="lower_bound_cents"):
        verify_plan(scenario, plan)


def test_under_another_policy_the_pinned_claims_are_proved_and_the_others_named(
    scenario: Path, tmp_path: Path
) -> None:
    policy = Policy.from_toml(
        'version = 3\nname = "gold first"\n'
        "[unfilled.percent_by_priority]\n1 = 300\n"
        "[safety_floor_units]\nstore = 1\n"
    )
    day = plan_day(read_scenario(scenario), policy, params=QUICK)
    (tmp_path / "plan").mkdir()
    PlanFacts.of(day, {}).write(tmp_path / "plan")
    verdict = verify_plan(scenario, tmp_path / "plan")
    assert verdict.violations == ()
    assert len(verdict.proved) == 4
    assert len(verdict.unchecked) == 1
    assert "'gold first'" in verdict.unchecked[0]
