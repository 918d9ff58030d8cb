"""Exactly as many units are sold as there are, whoever asks, how often, through how many processes."""

from tests.concurrency.race import Race, run_race


def test_the_race_catches_a_shop_that_reads_then_writes() -> None:
    finish = run_race(Race("postgresql", 1, units=50, attempts=200, twin_share=0.0, twin="read-then-write"))
    assert finish.sold > 50


def test_the_race_catches_a_shop_that_forgets_what_it_was_asked() -> None:
    finish = run_race(Race("postgresql", 1, units=150, attempts=100, twin_share=0.3, twin="forgetful"))
    assert finish.repeated > 0
    assert finish.left < 150 - finish.sold
