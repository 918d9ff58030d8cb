"""What is written is read back equal."""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Scenario
from fulfillment.scenario.write import write_scenario
from tests.scenario.small import assert_same_scenario, small_tables, write_tables

names = st.text(max_size=12)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A generated day in which free text and money are whatever a file can hold."""
    params = GeneratorParams(
        orders=draw(st.integers(1, 12)),
        stores=draw(st.integers(0, 4)),
        warehouses=draw(st.integers(0, 2)),
        vendors=draw(st.integers(1, 2)),
        skus=draw(st.integers(1, 8)),
        postal_codes=draw(st.integers(1, 6)),
        kit_share=draw(st.sampled_from([0.0, 0.4])),
        flexible_orders=draw(st.sampled_from([0.0, 0.6])),
    )
    made = generate(params, draw(st.integers(0, 2**32)))
    nodes, skus, orders = len(made.nodes), len(made.skus), len(made.orders)
    micros = st.integers(0, 10**12)
    return dataclasses.replace(
        made,
        nodes=dataclasses.replace(
            made.nodes,
            name=draw(st.lists(names, min_size=nodes, max_size=nodes)),
            opening_hours=draw(st.lists(names, min_size=nodes, max_size=nodes)),
            lat=np.array(draw(st.lists(st.floats(-90, 90), min_size=nodes, max_size=nodes))),
            handling_micros_per_unit=np.array(draw(st.lists(micros, min_size=nodes, max_size=nodes))),
            processing_minutes=np.array(
                draw(st.lists(st.integers(0, 500_000), min_size=nodes, max_size=nodes))
            ),
            capacity_parcels=np.array(
                draw(
                    st.lists(st.just(UNLIMITED_PARCELS) | st.integers(0, 99), min_size=nodes, max_size=nodes)
                )
            ),
            commission_pct=np.array(draw(st.lists(st.integers(0, 10**4), min_size=nodes, max_size=nodes)))
            / 100,
        ),
        skus=dataclasses.replace(
            made.skus,
            name=draw(st.lists(names, min_size=skus, max_size=skus)),
            price_micros=np.array(draw(st.lists(micros, min_size=skus, max_size=skus))),
        ),
        orders=dataclasses.replace(
            made.orders,
            channel=draw(st.lists(names, min_size=orders, max_size=orders)),
            customer_id=draw(st.lists(names, min_size=orders, max_size=orders)),
        ),
    )


@settings(max_examples=60)
@given(scenarios())
def test_read_gives_back_what_write_was_given(scenario: Scenario) -> None:
    assume(len(scenario.stock.node) > 0)  # a folder without any stock is refused
    with tempfile.TemporaryDirectory() as folder:
        write_scenario(scenario, Path(folder))
        assert_same_scenario(read_scenario(Path(folder)), scenario)


def test_a_scenario_read_from_files_survives_too(tmp_path: Path) -> None:
    """With leading zeros, blank capacities, no deadline and no postal code in it."""
    scenario = read_scenario(write_tables(small_tables(), tmp_path / "in"))
    write_scenario(scenario, tmp_path / "out")
    assert_same_scenario(read_scenario(tmp_path / "out"), scenario)


def test_kits_and_alternatives_of_another_day_do_not_stay(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    scenario = generate(GeneratorParams(orders=5, skus=9), seed=1)
    for file in ("nodes", "skus", "stock", "orders", "order_lines", "postal_codes", "rates"):
        (folder / f"{file}.csv").unlink()
    write_scenario(scenario, folder)
    assert_same_scenario(read_scenario(folder), scenario)


def test_writing_again_replaces_and_leaves_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for seed in (1, 2):
        scenario = generate(GeneratorParams(orders=5, skus=9), seed)
        write_scenario(scenario, tmp_path)
    assert_same_scenario(read_scenario(tmp_path), scenario)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "nodes.csv",
        "notes.txt",
        "order_lines.parquet",
        "orders.parquet",
        "postal_codes.csv",
        "rates.csv",
        "skus.csv",
        "stock.parquet",
    ]
