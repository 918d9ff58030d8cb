"""Random histories of holds and orders on SQLite and PostgreSQL, always as the model of a few pages says."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from fulfillment.domain.buffers import BufferRule
from fulfillment.services.lost_claims import LostUnits
from fulfillment.services.place_orders import Placement
from tests.simulation.orders_machine import OrdersMachine
from tests.simulation.orders_model import Position
from tests.simulation.orders_shop import Shop, Told
from tests.support.databases import KINDS, open_ledger

EVERYDAY = settings(max_examples=6, stateful_step_count=20, suppress_health_check=list(HealthCheck))
CAMPAIGN = settings(EVERYDAY, max_examples=300, stateful_step_count=40)
HUNT = settings(EVERYDAY, max_examples=200, database=None, phases=[Phase.generate])


def run(kind: str, folder: Path, how: settings, shop: Callable[[Engine], Shop] = Shop) -> None:
    with open_ledger(kind, folder) as engine:
        run_state_machine_as_test(lambda: OrdersMachine(lambda: shop(engine)), settings=how)


@pytest.mark.parametrize("kind", KINDS)
def test_holds_and_orders_follow_the_model(kind: str, tmp_path: Path) -> None:
    run(kind, tmp_path, EVERYDAY)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", KINDS)
def test_long_histories_of_holds_and_orders_follow_the_model(kind: str, tmp_path: Path) -> None:
    run(kind, tmp_path, CAMPAIGN)


class ForgetsKeys(Shop):
    """A broken twin: each request is new to it."""

    def place(self, placements: Sequence[Placement], group_max: int = 64) -> list[Told]:
        fresh = [replace(each, key=replace(each.key, key=self.ids.new_id())) for each in placements]
        return super().place(fresh, group_max)


class TakesNothingFromAnybody(Shop):
    """A broken twin: the till finds what it sells, and whoever was promised the units keeps them."""

    def sell(self, sale_id: str, at: Position, qty: int) -> list[LostUnits]:
        self.report(f"found {sale_id}", at, "found", qty)
        self.report(f"sold {sale_id}", at, "write_off", qty)
        return []


class ForgetsBuffers(Shop):
    """A broken twin: it writes down no rule that keeps units back."""

    def keep_back(self, rule: BufferRule) -> None:
        super().keep_back(replace(rule, qty=None))


@pytest.mark.parametrize("twin", [ForgetsKeys, TakesNothingFromAnybody, ForgetsBuffers])
def test_the_machine_catches_broken_twins(twin: type[Shop], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run("sqlite", tmp_path, HUNT, twin)
