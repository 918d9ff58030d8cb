"""Generated days: the same every time, named as documented, and moved by every axis."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import CASES, FAMILY, SEVERITIES, case_of
from benchmarks.cases.__main__ import main as write_case
from benchmarks.cases.axes import AXES
from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.tables import Scenario

SMALL = "60x10x30"


def tables(scenario: Scenario) -> dict[str, list]:
    """All columns as plain lists, times as numbers: what two days are compared by."""
    return {
        f"{table}.{column}": np.asarray(getattr(rows, column)).tolist()
        for table in Scenario.__slots__
        for rows in (getattr(scenario, table),)
        for column in type(rows).__slots__
    }


def test_a_name_gives_the_same_day_every_time() -> None:
    first = tables(case_of(f"{SMALL}-scarce").generate())
    assert tables(case_of(f"{SMALL}-scarce").generate()) == first
    assert tables(case_of(f"{SMALL}-scarce", {"seed": 3}).generate()) != first


def test_counts_in_a_name_are_the_counts_of_the_day() -> None:
    day = case_of(SMALL).generate()
    assert (len(day.orders), len(day.nodes), len(day.skus)) == (60, 10, 30)
    assert case_of("1x1x1").generate().nodes.kind == ["warehouse"]


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_has_the_published_sizes(name: str) -> None:
    params = case_of(name).params
    nodes = params.warehouses + params.stores + params.vendors
    assert [params.orders, nodes, params.skus] == [int(count) for count in name.split("x")]
    positions = params.skus * (params.warehouses + params.store_range * params.stores)
    assert positions < 20e6  # a day is generated in memory


def test_the_published_day_has_41000_lines() -> None:
    day = case_of("20000x200x3000").generate()
    assert len(day.order_lines) == pytest.approx(41_000, rel=0.02)


@pytest.mark.parametrize("axis", sorted(AXES))
def test_every_axis_moves_the_day(axis: str) -> None:
    base = case_of(SMALL)
    value = {"seed": 1.0}.get(axis) or 1 + getattr(base.params, axis)
    if AXES[axis] is float and axis not in ("lines_per_order", "store_depth"):
        value = 0.9
    needed = {"kit_share": 0.5} if axis == "kit_demand" else {}
    moved, base = case_of(SMALL, {**needed, axis: AXES[axis](value)}), case_of(SMALL, needed)
    assert tables(moved.generate()) != tables(base.generate())
    assert f"{axis}=" in moved.name


@pytest.mark.parametrize("severity", sorted(set(SEVERITIES) - {"ordinary"}))
def test_a_severity_changes_the_day_and_nothing_but_what_it_says(severity: str) -> None:
    base, severe = CASES["tiny-ordinary"], CASES[f"tiny-{severity}"]
    assert severe.params == replace(base.params, **SEVERITIES[severity]) != base.params


@pytest.mark.parametrize(
    ("name", "axes", "told"),
    [
        ("huge", {}, "no size is called huge"),
        ("10x10", {}, "no size is called 10x10"),
        ("tiny-odd", {}, "no severity is called odd"),
        ("tiny", {"scarcity": 2.0}, "scarcity is 2"),
        ("0x10x10", {}, "orders is 0"),
    ],
)
def test_what_is_no_day_is_refused(name: str, axes: dict[str, float], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        case_of(name, axes)


def test_a_day_is_written_as_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write_case([SMALL, "--store-depth", "0", "--seed", "5", "--out", str(tmp_path)]) == 0
    assert "60 orders" in capsys.readouterr().out
    made = case_of(SMALL, {"store_depth": 0.0, "seed": 5}).generate()
    assert json.dumps(tables(read_scenario(tmp_path)), default=str) == json.dumps(tables(made), default=str)


def test_a_wrong_name_is_told_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        write_case(["huge", "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "name tiny, small, medium or ORDERSxNODESxSKUS" in capsys.readouterr().err
