"""How far prices may move, and how smooth the dual is, as steps are learnt from."""

import math

import numpy as np
import pytest

from solver.cooling import Cooling, Step
from solver.params import SolveParams
from solver.price_box import ROOM_MAX, ROOM_MIN, SHARE, TEMPERATURES, WIDTH, WIDTH_MAX, WIDTH_MIN, PriceBox

PRICE_MAX = np.array([1e6, 1e6])


def reach_of(box: PriceBox, center: np.ndarray, temperature: float = 10.0) -> np.ndarray:
    return np.asarray(box.around(center, temperature, PRICE_MAX)[1] - center)


def test_a_price_may_move_by_a_share_of_itself_and_some_temperatures() -> None:
    center = np.array([0.0, 1000.0])
    low, high = PriceBox(2).around(center, 10.0, PRICE_MAX)
    reach = WIDTH * (SHARE * center + TEMPERATURES * 10.0)
    np.testing.assert_allclose(high, center + reach)
    np.testing.assert_allclose(low, [0.0, 1000.0 - reach[1]])  # never below nothing
    assert PriceBox(2).around(center, 1e9, PRICE_MAX)[1].tolist() == PRICE_MAX.tolist()


def test_the_box_grows_with_promises_kept_and_shrinks_with_broken_ones() -> None:
    center = np.array([500.0, 500.0])
    inside, bounds = center + 1, (center - 100, center + 100)
    box = PriceBox(2)
    first = reach_of(box, center)
    box.learn(center, inside, bounds, kept=0.9)
    assert (reach_of(box, center) > first).all()
    box.learn(center, inside, bounds, kept=0.3)  # neither: as it was
    grown = reach_of(box, center)
    assert (grown > first).all()
    box.learn(center, inside, bounds, kept=-2.0)
    assert (reach_of(box, center) < grown).all()
    at_width_1 = SHARE * center + TEMPERATURES * 10.0
    for kept, width in ((1.0, WIDTH_MAX), (-1.0, WIDTH_MIN)):
        for _ in range(20):
            box.learn(center, inside, bounds, kept)
        np.testing.assert_allclose(reach_of(box, center), width * at_width_1)


def test_a_price_at_the_wall_gets_room_and_one_that_turns_back_loses_it() -> None:
    center = np.array([500.0, 500.0])
    bounds = center - 100, center + 100
    box = PriceBox(2)
    box.learn(center, np.array([600.0, 550.0]), bounds, kept=0.3)  # the first ran into the wall
    wide, plain = reach_of(box, center)
    assert wide > plain
    box.learn(center, np.array([550.0, 450.0]), bounds, kept=0.3)  # the second turned back
    assert reach_of(box, center)[0] == wide
    assert reach_of(box, center)[1] < plain
    before = reach_of(box, center)
    box.learn(center, np.array([600.0, 600.0]), bounds, kept=0.0)  # nothing is learnt of rows from a bad step
    np.testing.assert_allclose(reach_of(box, center), 0.5 * before)


def test_the_room_of_a_row_has_its_limits() -> None:
    center = np.array([500.0, 500.0])
    bounds = center - 100, center + 100
    box = PriceBox(2)
    for step in range(20):
        box.learn(center, np.array([600.0, 450.0 if step % 2 else 550.0]), bounds, kept=0.3)
    wide, narrow = reach_of(box, center)
    assert wide / narrow == pytest.approx(ROOM_MAX / ROOM_MIN)


def test_it_gets_cooler_only_when_smoothing_is_what_stands_in_the_way() -> None:
    cooling = Cooling(SolveParams(cooling=0.5), first=0.1, unit=1000.0)
    assert cooling.temperature == 100.0
    cooling.after(Step(rise=50, missing=10, smoothing=40.0))  # it still rises
    cooling.after(Step(rise=-500, missing=600, smoothing=40.0))  # patterns are missing
    assert cooling.temperature == 100.0
    cooling.after(Step(rise=10, missing=10, smoothing=40.0))
    assert cooling.temperature == 50.0


def test_two_steps_in_a_row_that_gain_too_little_do_not_pay() -> None:
    slow, missing = Step(rise=40, missing=0, smoothing=90.0), Step(rise=0, missing=200, smoothing=90.0)
    cooling = Cooling(SolveParams(climb_pays=0.1), first=0.1, unit=1000.0)
    for step, pays in ((slow, True), (missing, True), (slow, True), (slow, False), (missing, True)):
        cooling.after(step)
        assert cooling.pays(gap=1000) is pays
        assert cooling.pays(gap=100)  # of a plan that is nearer


def test_below_the_coolest_temperature_it_is_over() -> None:
    cooling = Cooling(SolveParams(cooling=0.5, coolest=0.03), first=0.1, unit=1.0)
    halvings = 0
    while not cooling.is_cold:
        cooling.after(Step(rise=1, missing=0, smoothing=math.inf))
        halvings += 1
    assert halvings == 2
