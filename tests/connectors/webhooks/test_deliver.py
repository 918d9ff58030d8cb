"""Every event at least once, in the order of its subject, whatever an endpoint answers."""

import itertools
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from fulfillment.clock import SystemClock
from fulfillment.domain.cursor import BEGINNING
from fulfillment.domain.webhooks import Patience
from fulfillment.services.change_secret import change_secret
from fulfillment.services.change_webhook import disable_webhook, enable_webhook, replay_webhook
from fulfillment.store.feed import events_after
from tests.support.receiver import Receiver
from tests.support.webhooks import SECRET, courier, deliver_while, subscribe, tell, webhook_now

OTHER_SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def numbered(count: int, subjects: int) -> list[tuple[str, str]]:
    return [(f"e{n}", f"O{n % subjects}") for n in range(count)]


def of_subject(events: list[tuple[str, str]], subject: str) -> list[str]:
    return [event_id for event_id, its in events if its == subject]


def without_repetitions(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def test_each_event_arrives_signed_in_its_envelope(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    deliver_while(lambda: not endpoint.taken, courier(ledger))
    ((headers, body),) = endpoint.requests
    document = Verifier(SECRET).verify(body, headers)
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == document["id"] == "e1"
    assert (document["specversion"], document["source"]) == ("1.0", "/fulfillment/test")
    assert (document["type"], document["subject"], document["data"]) == ("order.placed", "O1", {"n": "e1"})
    with ledger.connect() as connection:
        (event,) = events_after(connection, BEGINNING)
    assert document["cursor"] == str(event.cursor) == str(webhook_now(ledger).delivered)


def test_a_signature_does_not_fit_another_body_or_secret(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    deliver_while(lambda: not endpoint.taken, courier(ledger))
    ((headers, body),) = endpoint.requests
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(body.replace(b"O1", b"O2"), headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER_SECRET).verify(body, headers)


def test_both_secrets_sign_while_they_overlap(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url)
    change_secret(ledger, "w", OTHER_SECRET, timedelta(hours=1), clock=SystemClock())
    tell(ledger, ("e1", "O1"))
    deliver_while(lambda: not endpoint.taken, courier(ledger))
    change_secret(ledger, "w", SECRET, timedelta(0), clock=SystemClock())
    tell(ledger, ("e2", "O1"))
    deliver_while(lambda: len(endpoint.taken) < 2, courier(ledger))
    (headers, body), (later_headers, later_body) = endpoint.requests
    for secret in (SECRET, OTHER_SECRET):
        Verifier(secret).verify(body, headers)
    Verifier(SECRET).verify(later_body, later_headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER_SECRET).verify(later_body, later_headers)


def test_subjects_travel_side_by_side_and_each_in_its_order(ledger: Engine, endpoint: Receiver) -> None:
    events = numbered(60, 6)
    endpoint.reply = lambda _: time.sleep(0.01) or 204  # type: ignore[func-returns-value]
    subscribe(ledger, endpoint.url)
    tell(ledger, *events)
    deliver_while(lambda: len(endpoint.taken) < 60, courier(ledger))
    for n in range(6):
        assert endpoint.ids(f"O{n}") == of_subject(events, f"O{n}")
    assert 2 <= endpoint.at_once_max <= 6
    assert len(endpoint.connections) <= 6


def test_an_endpoint_that_is_down_gets_everything_once_it_is_up(ledger: Engine, endpoint: Receiver) -> None:
    """It answers 503 to every third request: some events come twice, none is missing, orders are kept."""
    events = numbered(40, 4)
    asked = itertools.count(1)
    lock = threading.Lock()

    def every_third_fails(_: dict[str, Any]) -> int:
        with lock:
            return 503 if next(asked) % 3 == 0 else 200

    endpoint.reply = every_third_fails
    subscribe(ledger, endpoint.url)
    tell(ledger, *events)
    deliver_while(lambda: len(set(endpoint.ids())) < 40, courier(ledger))
    for n in range(4):
        assert without_repetitions(endpoint.ids(f"O{n}")) == of_subject(events, f"O{n}")


def test_an_event_that_is_refused_holds_up_its_own_subject_alone(ledger: Engine, endpoint: Receiver) -> None:
    events = numbered(12, 3)
    mended = threading.Event()
    endpoint.reply = lambda document: 500 if document["id"] == "e3" and not mended.is_set() else 200
    subscribe(ledger, endpoint.url)
    tell(ledger, *events)
    deliver_while(lambda: len(set(endpoint.ids())) < 9, courier(ledger))
    assert endpoint.ids("O0") == ["e0"]
    assert endpoint.ids("O1") == of_subject(events, "O1")
    tell(ledger, ("late0", "O0"), ("late1", "O1"))
    deliver_while(lambda: "late1" not in endpoint.ids(), courier(ledger))
    assert endpoint.ids("O0") == ["e0"]
    mended.set()
    deliver_while(lambda: "late0" not in endpoint.ids(), courier(ledger))
    assert endpoint.ids("O0") == [*of_subject(events, "O0"), "late0"]
    tell(ledger, ("last", "O0"))
    deliver_while(lambda: "last" not in endpoint.ids(), courier(ledger))
    assert endpoint.ids("O0")[-1] == "last"


def test_only_what_was_asked_for_is_told(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url, types=["hold.*"])
    tell(ledger, ("e1", "O1"))
    tell(ledger, ("e2", "H1"), type="hold.opened")
    tell(ledger, ("e3", "O1"))
    tell(ledger, ("e4", "H1"), type="hold.released")
    deliver_while(lambda: len(endpoint.taken) < 2, courier(ledger))
    assert endpoint.ids() == ["e2", "e4"]


def test_an_endpoint_that_fails_for_too_long_is_disabled_and_somebody_is_told(
    ledger: Engine, endpoint: Receiver
) -> None:
    endpoint.reply = lambda _: 500
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    impatient = Patience(
        pause=timedelta(milliseconds=5),
        pause_max=timedelta(milliseconds=10),
        give_up_after=timedelta(milliseconds=80),
    )
    deliver_while(lambda: webhook_now(ledger).is_enabled, courier(ledger, patience=impatient))
    disabled = webhook_now(ledger)
    assert disabled.disabled_reason is not None
    assert "HTTP 500" in disabled.disabled_reason
    assert disabled.attempts >= 2
    with ledger.connect() as connection:
        told = events_after(connection, BEGINNING, types=["webhook.disabled"])
    assert [(event.subject, event.data["webhook_id"]) for event in told] == [("w", "w")]
    endpoint.reply = lambda _: 204
    enable_webhook(ledger, "w", clock=SystemClock())
    deliver_while(lambda: len(endpoint.taken) < 2, courier(ledger))
    assert "e1" in endpoint.ids()  # beside the event that told of the end


def test_an_endpoint_that_is_gone_is_disabled_at_once(ledger: Engine, endpoint: Receiver) -> None:
    endpoint.reply = lambda _: 410
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    deliver_while(lambda: webhook_now(ledger).is_enabled, courier(ledger))
    assert len(endpoint.requests) == 1


def test_an_event_that_is_refused_for_too_long_is_passed_over_and_named(
    ledger: Engine, endpoint: Receiver
) -> None:
    endpoint.reply = lambda document: 422 if document["id"] == "e0" else 200
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e0", "O0"), ("e1", "O1"), ("e2", "O0"))
    impatient = Patience(
        pause=timedelta(milliseconds=5),
        pause_max=timedelta(milliseconds=10),
        give_up_after=timedelta(milliseconds=50),
    )
    deliver_while(lambda: "e2" not in endpoint.ids(), courier(ledger, patience=impatient))
    with ledger.connect() as connection:
        (told,) = events_after(connection, BEGINNING, types=["webhook.event_passed_over"])
    assert (told.data["event_id"], told.data["reason"]) == ("e0", "HTTP 422")
    assert webhook_now(ledger).is_enabled


def test_an_endpoint_says_when_to_come_back(ledger: Engine, endpoint: Receiver) -> None:
    endpoint.reply = lambda _: (429, {"Retry-After": "120"})
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    before = SystemClock().now()
    deliver_while(
        lambda: webhook_now(ledger).attempts == 0,
        courier(ledger, patience=Patience(pause=timedelta(milliseconds=1))),
    )
    next_attempt_at = webhook_now(ledger).next_attempt_at
    assert next_attempt_at is not None
    assert next_attempt_at - before >= timedelta(seconds=119)


def test_a_disabled_endpoint_is_told_what_happened_meanwhile(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url)
    subscribe(ledger, endpoint.url, webhook_id="other", types=["marker.*"])
    disable_webhook(ledger, "w", reason="test")
    tell(ledger, ("e1", "O1"))
    tell(ledger, ("m", "M"), type="marker.set")
    deliver_while(lambda: "m" not in endpoint.ids(), courier(ledger))
    assert endpoint.ids() == ["m"]
    enable_webhook(ledger, "w", clock=SystemClock())
    deliver_while(lambda: len(endpoint.taken) < 3, courier(ledger))
    assert set(endpoint.ids()[1:]) == {"e1", "m"}


def test_a_replay_tells_everything_after_its_cursor_again(ledger: Engine, endpoint: Receiver) -> None:
    subscribe(ledger, endpoint.url)
    tell(ledger, ("e1", "O1"))
    tell(ledger, ("e2", "O1"))
    deliver_while(lambda: len(endpoint.taken) < 2, courier(ledger))
    with ledger.connect() as connection:
        first, _ = events_after(connection, BEGINNING)
    replay_webhook(ledger, "w", first.cursor)
    deliver_while(lambda: len(endpoint.taken) < 3, courier(ledger))
    assert endpoint.ids() == ["e1", "e2", "e2"]


def test_two_workers_never_deliver_to_one_endpoint_at_once(ledger: Engine, endpoint: Receiver) -> None:
    """One subject, so that two requests at once could only be two workers'."""
    events = numbered(30, 1)
    endpoint.reply = lambda _: time.sleep(0.002) or 204  # type: ignore[func-returns-value]
    subscribe(ledger, endpoint.url)
    for event in events:
        tell(ledger, event)
    deliver_while(lambda: len(endpoint.taken) < 30, *(courier(ledger) for _ in range(3)))
    assert endpoint.at_once_max == 1
    assert endpoint.ids() == [event_id for event_id, _ in events]


def test_without_leases_two_workers_do(
    ledger: Engine, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: leases that end the moment they begin. The harness above must see it."""
    monkeypatch.setattr("fulfillment.services.lease_delivery.LEASE", timedelta(0))
    monkeypatch.setattr("fulfillment.connectors.webhooks.deliver.SETTLE_MARGIN", timedelta(seconds=-60))
    endpoint.reply = lambda _: time.sleep(0.02) or 204  # type: ignore[func-returns-value]
    subscribe(ledger, endpoint.url)
    tell(ledger, *numbered(30, 1))
    deliver_while(lambda: endpoint.at_once_max == 1, *(courier(ledger) for _ in range(3)))
