"""Exactly as many units are sold as there are, whoever asks, how often, through how many processes."""

import pytest

from tests.concurrency.race import Race, run_race


def assert_exact(race: Race) -> None:
    finish = run_race(race)
    assert finish.faults == []
    assert (finish.sold, finish.left) == (race.units, 0)
    assert finish.refused == race.attempts - race.units
    # Some orders were sent by two clients at once; each got the answer that the other got.
    assert finish.repeated > 0


@pytest.mark.parametrize(("database", "workers"), [("sqlite", 1), ("postgresql", 3)])
def test_the_last_units_are_sold_exactly_once(database: str, workers: int) -> None:
    assert_exact(Race(database, workers, units=100, attempts=300))


@pytest.mark.campaign
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_ten_thousand_units_are_sold_exactly_once(database: str, workers: int) -> None:
    assert_exact(Race(database, workers, units=10_000, attempts=100_000))


def test_the_race_catches_a_shop_that_reads_then_writes() -> None:
    finish = run_race(Race("postgresql", 1, units=50, attempts=200, twin_share=0.0, twin="read-then-write"))
    assert finish.sold > 50


def test_the_race_catches_a_shop_that_forgets_what_it_was_asked() -> None:
    finish = run_race(Race("postgresql", 1, units=150, attempts=100, twin_share=0.3, twin="forgetful"))
    assert finish.repeated > 0
    assert finish.left < 150 - finish.sold
