"""The plan's folder: allocations, prices, and what the certificate claims."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from fulfillment.verify.day import Day
from fulfillment.verify.files import MICROS_PER_CENT, Floats, Ints, Table, UnusableInput, find, read_file
from fulfillment.verify.findings import Findings

FORMULA_VERSION = 1
PRICE_MAX = 2**50
"""Micros; a price above this, a hundred billion cents, means nothing, and its sums would leave 64 bits."""


@dataclass(frozen=True, slots=True)
class Allocations:
    """Rows of allocations.parquet, one a (parcel, line)."""

    order_id: list[str]
    line_no: Floats
    sku_id: list[str]
    node_id: list[str]
    parcel_id: list[str]
    carrier: list[str]
    service: list[str]
    qty: Floats  # as it stands: NaN and fractions are found by the rules
    alternative: Floats | None  # that serves the order, NaN for its own way; None where no column says


@dataclass(frozen=True, slots=True)
class Prices:
    """Micros, 0 where the files name none."""

    stock: Ints  # one a row of the scenario's stock
    capacity: Ints  # one a node


@dataclass(frozen=True, slots=True)
class Certificate:
    """What certificate.json claims."""

    total_cents: Decimal
    lower_bound_cents: int | None  # None where the plan claims none in the pinned meaning
    gap: Decimal | None  # the same
    no_pinned_bound: str  # why, else empty
    policy_name: str
    has_pinned_meaning: bool
    policy_total_cents: Decimal
    policy_lower_bound_cents: Decimal


def read_allocations(folder: Path) -> Allocations:
    """Read allocations.parquet; raises UnusableInput."""
    table = read_file(folder / "allocations.parquet")
    return Allocations(
        order_id=table.texts("order_id", optional=True),
        line_no=table.raw_numbers("line_no"),
        sku_id=table.texts("sku_id", optional=True),
        node_id=table.texts("node_id", optional=True),
        parcel_id=table.texts("parcel_id", optional=True),
        carrier=table.texts("carrier", optional=True),
        service=table.texts("service", optional=True),
        qty=table.raw_numbers("qty"),
        alternative=table.raw_numbers("alternative") if table.has("alternative") else None,
    )


def read_certificate(folder: Path) -> Certificate:
    """Read certificate.json; raises UnusableInput."""
    path = folder / "certificate.json"

    def no_number(text: str) -> None:
        raise UnusableInput(f"{path} holds {text}, which is no number")

    try:
        claims = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_constant=no_number)
        policy, reason = claims["policy"], claims.get("no_pinned_bound") or ""
        version, bound = claims["formula_version"], claims["lower_bound_cents"]
        if version != FORMULA_VERSION:
            raise UnusableInput(f"{path} speaks of formula {version}; known is {FORMULA_VERSION}")
        if reason and not (isinstance(reason, str) and bound is None and claims["gap"] is None):
            raise UnusableInput(f"{path} says why it claims no bound, and claims one")
        if not reason and (isinstance(bound, bool) or not isinstance(bound, int)):
            raise UnusableInput(f"{path}: lower_bound_cents is not a whole number of cents")
        return Certificate(
            total_cents=_number(path, claims, "total_cents"),
            lower_bound_cents=bound,
            gap=None if reason else _number(path, claims, "gap"),
            no_pinned_bound=reason,
            policy_name=str(policy["name"]),
            has_pinned_meaning=policy["has_pinned_meaning"] is True,
            policy_total_cents=_number(path, claims, "policy_total_cents"),
            policy_lower_bound_cents=_number(path, claims, "policy_lower_bound_cents"),
        )
    except (OSError, ValueError) as error:  # ValueError: not JSON, not UTF-8
        raise UnusableInput(f"{path} can't be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise UnusableInput(f"{path} lacks {error}") from error


def _number(path: Path, claims: dict[str, object], key: str) -> Decimal:
    value = claims[key]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnusableInput(f"{path}: {key} is not a number")
    return Decimal(value)


def read_prices(folder: Path, day: Day, findings: Findings) -> Prices | None:
    """Read both tables of prices; None when a price can't be used, which `findings` then names.

    A price below zero would prove anything: the bound holds at prices of zero and more only.
    """
    before = len(findings)
    stock = _stock_prices(read_file(folder / "stock_prices.parquet"), day, findings)
    capacity = _capacity_prices(read_file(folder / "capacity_prices.parquet"), day, findings)
    return Prices(stock, capacity) if len(findings) == before else None


def _stock_prices(table: Table, day: Day, findings: Findings) -> Ints:
    node_id, sku_id = table.texts("node_id", optional=True), table.texts("sku_id", optional=True)
    micros = _micros(table, findings, [f"{n} {s}" for n, s in zip(node_id, sku_id, strict=True)])
    node, sku = find(day.nodes.node_id, node_id), find(day.skus.sku_id, sku_id)
    findings.forbid("a stock price for an unknown node", node < 0, node_id)
    findings.forbid("a stock price for an unknown SKU", sku < 0, sku_id)
    known = (node >= 0) & (sku >= 0)
    n_skus = len(day.skus.sku_id)
    keys, names = node * n_skus + sku, [f"{n} {s}" for n, s in zip(node_id, sku_id, strict=True)]
    findings.forbid("a stock price given twice", known & _is_repeated(keys), names)
    price_of = dict(zip(keys[known].tolist(), micros[known].tolist(), strict=True))
    positions = day.stock.node * n_skus + day.stock.sku
    # A price where nothing is stocked multiplies zero units on both sides of the formula.
    return np.fromiter((price_of.get(key, 0) for key in positions.tolist()), np.int64, len(positions))


def _capacity_prices(table: Table, day: Day, findings: Findings) -> Ints:
    node_id = table.texts("node_id", optional=True)
    micros = _micros(table, findings, node_id)
    node = find(day.nodes.node_id, node_id)
    findings.forbid("a capacity price for an unknown node", node < 0, node_id)
    findings.forbid("a capacity price given twice", (node >= 0) & _is_repeated(node), node_id)
    prices = np.zeros(len(day.nodes.node_id), np.int64)
    prices[node[node >= 0]] = micros[node >= 0]
    return prices


def _micros(table: Table, findings: Findings, names: list[str]) -> Ints:
    cents = table.raw_numbers("price_cents")
    usable = np.isfinite(cents)
    findings.forbid(f"{table.file}: a price that is no number", ~usable, names)
    micros = np.rint(np.where(usable, cents, 0) * MICROS_PER_CENT)
    findings.forbid(f"{table.file}: a negative price", usable & (micros < 0), names)
    findings.forbid(f"{table.file}: a price too large to count", micros >= PRICE_MAX, names)
    counts = (micros >= 0) & (micros < PRICE_MAX)
    # Micros written as float64 cents come back as the same float; anything else isn't in whole micros.
    uneven = usable & counts & (micros / MICROS_PER_CENT != cents)
    findings.forbid(f"{table.file}: a price finer than a ten-thousandth of a cent", uneven, names)
    return np.where(counts, micros, 0).astype(np.int64)


def _is_repeated(keys: Ints) -> np.ndarray:
    _, first = np.unique(keys, return_index=True)
    repeated = np.ones(len(keys), np.bool_)
    repeated[first] = False
    return repeated
