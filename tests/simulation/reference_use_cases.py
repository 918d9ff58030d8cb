"""Use cases that tell the ledger what decisions depend on, and what is under way to it."""

from datetime import date

from sqlalchemy import Engine

from fulfillment.domain.buffers import ANY_NODE, EVERY_CHANNEL, BufferRule
from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.network import Calendar, Capacity, Node, PostalCode, Sku
from fulfillment.domain.price_list import RateStep
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.put_reference import (
    put_calendar,
    put_capacities,
    put_kit,
    put_nodes,
    put_policy,
    put_postal_codes,
    put_rates,
    put_skus,
)
from fulfillment.services.receive_supply import ReceiveSupply, receive_supply
from fulfillment.services.set_buffers import set_buffers
from fulfillment.services.set_supply import SetSupply, cancel_supply, set_supply
from fulfillment.store.schema.network import EVERY_DAY
from tests.simulation.use_case import UseCase, at_noon, load_all

NODE = Node(
    node_id="L9",
    kind=NodeKind.WAREHOUSE,
    name="ninth",
    lat=40.0,
    lon=-74.0,
    timezone="America/New_York",
    ships=True,
    pickup=False,
    same_day_radius_km=0.0,
    cutoff_local="16:00",
    processing_minutes=60,
    handling_micros_per_unit=1,
    handling_micros_per_parcel=2,
    commission_bp=0,
)
STEP = RateStep(
    carrier="usps",
    service="ground",
    method=Method.SHIPPING,
    zone=1,
    max_km=90.0,
    max_weight_g=900,
    cost_micros=5_000_000,
    transit_days=1,
)
RULES = [
    BufferRule("L1", "V", "store", 2),
    BufferRule(ANY_NODE, "W", EVERY_CHANNEL, 1),
    BufferRule("L2", "V", "web", 3),
]


def _announce(engine: Engine, qty: int = 6, day: int = 24) -> object:
    clock = at_noon()
    command = SetSupply(
        supply_id="S1", node_id="L2", sku_id="V", due_on=date(2026, 11, day), qty=qty, reference="PO"
    )
    return set_supply(engine, command, clock=clock, ids=TimeOrderedIds(clock))


def _with_a_supply(engine: Engine) -> None:
    load_all(engine)
    _announce(engine)


def _receive_some(engine: Engine) -> object:
    clock = at_noon()
    command = ReceiveSupply(supply_id="S1", receipt_id="R1", qty=4)
    return receive_supply(engine, command, clock=clock, ids=TimeOrderedIds(clock), actor="dock")


def _set_rules(engine: Engine) -> object:
    clock = at_noon()
    return set_buffers(engine, RULES, clock=clock, ids=TimeOrderedIds(clock))


def _cancel_supply(engine: Engine) -> object:
    clock = at_noon()
    return cancel_supply(engine, "S1", clock=clock, ids=TimeOrderedIds(clock))


REFERENCE_USE_CASES = [
    UseCase("set buffers", load_all, _set_rules),
    UseCase("announce a supply", load_all, _announce),
    UseCase("change a supply", _with_a_supply, lambda engine: _announce(engine, qty=7, day=23)),
    UseCase("receive a part of a supply", _with_a_supply, _receive_some),
    UseCase("cancel a supply", _with_a_supply, _cancel_supply),
    UseCase("put a node", load_all, lambda engine: put_nodes(engine, [NODE], clock=at_noon())),
    UseCase(
        "put SKUs",
        load_all,
        lambda engine: put_skus(
            engine,
            [Sku(sku_id=sku_id, gtin="", name="new", price_micros=1, weight_g=2) for sku_id in ("V", "X")],
            clock=at_noon(),
        ),
    ),
    UseCase(
        "put postal codes",
        load_all,
        lambda engine: put_postal_codes(
            engine,
            [PostalCode(postal_code=code, lat=41.0, lon=-74.0, population=1) for code in ("10001", "10002")],
            clock=at_noon(),
        ),
    ),
    UseCase(
        "put capacities",
        load_all,
        lambda engine: put_capacities(
            engine, [Capacity(node_id="L1", slot=EVERY_DAY, unit="parcels", qty=7)], clock=at_noon()
        ),
    ),
    UseCase(
        "put a calendar",
        load_all,
        lambda engine: put_calendar(
            engine,
            Calendar(node_id="L1", opening_hours="Mo-Fr 08:00-18:00", closed_on={date(2026, 12, 25): "Day"}),
            clock=at_noon(),
        ),
    ),
    UseCase("put a kit", load_all, lambda engine: put_kit(engine, "W", {"V": 2}, clock=at_noon())),
    UseCase("put the price list", load_all, lambda engine: put_rates(engine, [STEP], clock=at_noon())),
    UseCase(
        "put the policy",
        load_all,
        lambda engine: put_policy(
            engine, "version = 1\nrelease.window_minutes = 5\n", actor="ops", clock=at_noon()
        ),
    ),
]
