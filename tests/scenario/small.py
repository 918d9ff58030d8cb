"""A small valid scenario as text, to be broken in one way at a time."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from fulfillment.scenario.layout import COLUMNS
from fulfillment.scenario.tables import Scenario

Tables = dict[str, list[list[str]]]

_ROWS: Mapping[str, tuple[str, ...]] = {
    "nodes": (
        "W1,warehouse,North,40.1,-75.2,America/New_York,,True,False,0,17:00,4,60,90,,0",
        'S1,store,"Main St, 5",41.5,-74.9,America/Chicago,Mo-Su 10-20,true,TRUE,25,15:00,1.5,120,140.5,20,0',
        "V1,vendor,Acme,34.0,-118.2,America/Los_Angeles,,1,0,0,12:00,24,0,150,7,12.5",
    ),
    "skus": (
        "007,09520000000004,Globe,1999,800",
        "A-2,09520000000011,Pencils,110.1234,153",
        "A-3,,Tube,162,213",
        "K-1,09520000000042,Globe and pencils,2100,1300",
    ),
    "postal_codes": ("01002,42.36,-72.45,29049", "90210,34.1,-118.4,"),
    "rates": (
        "post,ground,SHIPPING,1,100,500,600,2",
        "post,ground,SHIPPING,1,100,5000,900,2",
        "post,ground,SHIPPING,2,9000,500,800,4",
        "post,ground,SHIPPING,2,9000,5000,1300.5,4",
        "truck,transfer,PICK_UP,1,9000,20000,200,1",
        "bike,same_day,LOCAL,1,25,9000,700,0",
    ),
    "stock": (
        "W1,007,10,0,0,",
        "S1,007,3,1,6,2026-11-23",
        "S1,A-2,4,0,,",
        "V1,A-3,5,0,0,",
    ),
    "orders": (
        "O1,2026-11-20T11:18:00Z,web,01002,SHIPPING,standard,,2026-11-27T02:00:00+00:00,3,C1",
        "O2,2026-11-20 06:51:00-05:00,app,,PICK_UP,pickup,S1,2026-11-25T02:00:00Z,1,C2",
        "O3,2026-11-20T12:24:30.5Z,fax,90210,LOCAL,,,,,",
    ),
    "order_lines": ("O1,1,007,2", "O1,2,A-2,1", "O3,1,A-3,1", "O2,1,007,1", "O3,2,K-1,1"),
    "kits": ("K-1,007,1", "K-1,A-2,3"),
    "alternatives": ("O3,7,PICK_UP,S1", "O1,2,LOCAL,", "O1,1,PICK_UP,S1"),
}


def small_tables() -> Tables:
    """Give the rows of every table, the header first."""
    return {
        table: [list(COLUMNS[table]), *(next(csv.reader([row])) for row in rows)]
        for table, rows in _ROWS.items()
    }


def csv_bytes(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def write_tables(tables: Tables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for table, rows in tables.items():
        (folder / f"{table}.csv").write_bytes(csv_bytes(rows))
    return folder


def as_arrow(rows: list[list[str]]) -> pa.Table:
    """Give a table as text columns, blank cells as nulls."""
    header, *body = rows
    columns = zip(*body, strict=True)
    return pa.table(
        {
            name: pa.array([cell or None for cell in column])
            for name, column in zip(header, columns, strict=True)
        }
    )


def assert_same_scenario(one: Scenario, other: Scenario) -> None:
    """Compare every column of every table, types included."""
    for table in dataclasses.fields(Scenario):
        left, right = getattr(one, table.name), getattr(other, table.name)
        for column in dataclasses.fields(left):
            ours, theirs = getattr(left, column.name), getattr(right, column.name)
            where = f"{table.name}.{column.name}"
            if isinstance(ours, list):
                assert ours == theirs, where
            else:
                assert ours.dtype == theirs.dtype, where
                np.testing.assert_array_equal(ours, theirs, err_msg=where)
