"""kill -9 under load: a few times on every change, many times in the campaign; and twins that are caught."""

import pytest

from tests.crash.harness import Campaign, Outcome, run_campaign


def is_whole(outcome: Outcome) -> bool:
    """Nothing acknowledged is lost, nothing is there twice, every repetition got the first answer."""
    assert outcome.faults == []
    return outcome.acknowledged > 0 and outcome.lost == 0


@pytest.mark.parametrize(
    "campaign",
    [
        pytest.param(Campaign("postgresql", ("service", "database"), rounds=2), id="postgresql"),
        pytest.param(Campaign("sqlite", ("service",), rounds=1), id="sqlite"),
    ],
)
def test_a_kill_loses_nothing_that_was_acknowledged(campaign: Campaign) -> None:
    assert is_whole(run_campaign(campaign))


@pytest.mark.campaign
@pytest.mark.parametrize(
    "campaign",
    [
        Campaign("postgresql", ("service",), rounds=20),
        Campaign("postgresql", ("database",), rounds=20),
        Campaign("postgresql", ("worker",), rounds=20, workers=3),
        Campaign("postgresql", ("planner", "service", "database"), rounds=12),
        Campaign("sqlite", ("service",), rounds=20),
    ],
    ids=str,
)
def test_kills_again_and_again_lose_nothing_that_was_acknowledged(campaign: Campaign) -> None:
    assert is_whole(run_campaign(campaign))


@pytest.mark.parametrize(("mode", "victim"), [("before-commit", "service"), ("asynchronous", "database")])
def test_the_harness_catches_a_service_that_acknowledges_too_early(mode: str, victim: str) -> None:
    outcome = run_campaign(
        Campaign("postgresql", (victim,), rounds=1, clients=16, twin=mode, seconds_between=(0.2, 0.6))
    )
    assert outcome.acknowledged > 0
    assert outcome.lost > 0
    assert any("acknowledged and not in the ledger" in fault for fault in outcome.faults)
