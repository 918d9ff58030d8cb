import base64

import httpx
import pytest

from api.schemas.webhooks import SECRET_EXAMPLE
from tests.api.test_events import tell
from tests.support.service import RunningService

BODY = {"url": "https://hooks.example.com/in", "event_types": ["order.*"]}


def test_a_new_webhook_tells_its_secret_once(client: httpx.Client) -> None:
    put = client.put("/v1/webhooks/w", json=BODY)
    assert put.status_code == 201
    created = put.json()
    assert len(base64.b64decode(created.pop("secret").removeprefix("whsec_"))) >= 32
    assert created == {
        "webhook_id": "w",
        **BODY,
        "is_enabled": True,
        "disabled_reason": None,
        "cursor": "0-0",
        "attempts": 0,
        "failing_since": None,
        "next_attempt_at": None,
        "last_error": None,
        "previous_secret_until": None,
        "version": 1,
    }
    again = client.put("/v1/webhooks/w", json=BODY)
    assert (again.status_code, again.json()) == (200, created)
    assert client.get("/v1/webhooks/w").json() == created
    assert client.get("/v1/webhooks").json() == {"items": [created], "next_cursor": None}


def test_a_secret_of_ones_own_and_a_place_to_begin_at(service: RunningService, client: httpx.Client) -> None:
    tell(service, ("order.placed", "O1"))
    created = client.put("/v1/webhooks/w", json={**BODY, "secret": SECRET_EXAMPLE, "since": "0-0"}).json()
    assert (created["secret"], created["cursor"]) == (SECRET_EXAMPLE, "0-0")
    same = client.put("/v1/webhooks/w", json={**BODY, "secret": SECRET_EXAMPLE})
    assert (same.status_code, "secret" in same.json()) == (200, False)
    other = client.put("/v1/webhooks/w", json={**BODY, "secret": SECRET_EXAMPLE.replace("MfK", "MfL")})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    later = client.put("/v1/webhooks/later", json=BODY).json()
    assert later["cursor"] == client.get("/v1/events").json()["next_cursor"]


def test_a_known_webhook_changes_its_address_and_keeps_its_place(
    service: RunningService, client: httpx.Client
) -> None:
    first = client.put("/v1/webhooks/w", json=BODY).json()
    tell(service, ("order.placed", "O1"))
    changed = client.put("/v1/webhooks/w", json={"url": "https://other.example.com/"}).json()
    assert (changed["url"], changed["event_types"], changed["version"]) == (
        "https://other.example.com/",
        [],
        2,
    )
    assert changed["cursor"] == first["cursor"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.7]/",
        "https://[64:ff9b::a00:7]/",
        "ftp://hooks.example.com/",
        "https:///nowhere",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:99999/",
        "not a url",
    ],
)
def test_an_address_that_events_must_not_go_to_is_refused(client: httpx.Client, url: str) -> None:
    answer = client.put("/v1/webhooks/w", json={"url": url})
    assert (answer.status_code, answer.json()["key"]) == (422, "url")
    assert client.get("/v1/webhooks/w").status_code == 404


@pytest.mark.parametrize("secret", ["plain", "whsec_c2hvcnQ=", "whsec_!!!", SECRET_EXAMPLE[6:]])
def test_a_weak_secret_is_refused_and_not_repeated(client: httpx.Client, secret: str) -> None:
    answer = client.put("/v1/webhooks/w", json={**BODY, "secret": secret})
    assert (answer.status_code, answer.json()["key"]) == (422, "secret")
    assert secret not in answer.text


def test_another_secret_overlaps_with_the_one_before(client: httpx.Client) -> None:
    client.put("/v1/webhooks/w", json=BODY)
    body = {"secret": SECRET_EXAMPLE, "overlap_seconds": 60}
    changed = client.put("/v1/webhooks/w/secret", json=body).json()
    assert changed["previous_secret_until"] is not None
    assert "secret" not in changed
    assert client.put("/v1/webhooks/w/secret", json=body).json() == changed
    assert client.put("/v1/webhooks/x/secret", json=body).status_code == 404


def test_a_webhook_is_disabled_enabled_replayed_and_ended(
    service: RunningService, client: httpx.Client
) -> None:
    client.put("/v1/webhooks/w", json=BODY)
    tell(service, ("order.placed", "O1"))
    disabled = client.post("/v1/webhooks/w/disable").json()
    assert (disabled["is_enabled"], disabled["disabled_reason"]) == (False, "disabled by tester")
    assert client.post("/v1/webhooks/w/disable").json() == disabled
    assert client.post("/v1/webhooks/w/enable").json()["is_enabled"] is True
    place = client.get("/v1/events").json()["next_cursor"]
    client.post("/v1/webhooks/w/disable")
    replayed = client.post("/v1/webhooks/w/replay", json={"cursor": place}).json()
    assert (replayed["cursor"], replayed["is_enabled"]) == (place, True)
    for _ in range(2):
        assert client.delete("/v1/webhooks/w").status_code == 204
    assert client.get("/v1/webhooks/w").status_code == 404
    for verb in ("enable", "disable"):
        assert client.post(f"/v1/webhooks/w/{verb}").status_code == 404
    assert client.post("/v1/webhooks/w/replay", json={"cursor": place}).status_code == 404


def test_webhooks_need_the_scope_of_an_admin(service: RunningService) -> None:
    with service.client("read", "orders", "inventory", "stores") as client:
        assert client.get("/v1/webhooks").status_code == 403
        assert client.put("/v1/webhooks/w", json=BODY).status_code == 403
