"""kill -9 under load: a few times on every change, many times in the campaign; and twins that are caught."""

import pytest

from tests.crash.harness import Campaign, run_campaign


@pytest.mark.parametrize(("mode", "victim"), [("before-commit", "service"), ("asynchronous", "database")])
def test_the_harness_catches_a_service_that_acknowledges_too_early(mode: str, victim: str) -> None:
    outcome = run_campaign(
        Campaign("postgresql", (victim,), rounds=1, clients=16, twin=mode, seconds_between=(0.2, 0.6))
    )
    assert outcome.acknowledged > 0
    assert outcome.lost > 0
    assert any("acknowledged and not in the ledger" in fault for fault in outcome.faults)
