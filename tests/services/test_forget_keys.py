from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.clock import ManualClock
from fulfillment.services import forget_keys as forget_keys_module
from fulfillment.services.forget_keys import forget_keys
from fulfillment.store.idempotency import KEPT_FOR, RequestKey, claim
from fulfillment.store.schema.messaging import idempotency_key
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON


def use(ledger: Engine, count: int, at: timedelta) -> None:
    keys = [RequestKey("client", f"{at}-{n}", "digest") for n in range(count)]
    run_in_transaction(ledger, lambda connection: claim(connection, keys, NOON + at))


def left(ledger: Engine) -> int:
    with ledger.connect() as connection:
        return connection.execute(select(func.count()).select_from(idempotency_key)).scalar_one()


def test_keys_are_kept_for_their_time_and_then_go(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget_keys_module, "KEYS_PER_TRANSACTION", 3)
    use(ledger, 7, timedelta(0))
    use(ledger, 2, timedelta(hours=1))
    assert forget_keys(ledger, clock=ManualClock(NOON + KEPT_FOR - timedelta(seconds=1))) == 0
    assert forget_keys(ledger, clock=ManualClock(NOON + KEPT_FOR)) == 7
    assert left(ledger) == 2
