import httpx
import pytest

from fulfillment.services.api_keys import revoke_key
from fulfillment.store.keys import list_keys
from fulfillment.store.transaction import read_snapshot
from tests.support.service import RunningService


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer ful_wrong"}, {"Authorization": "Basic eDp5"}]
)
def test_no_answer_without_a_valid_key(service: RunningService, header: dict[str, str]) -> None:
    answer = httpx.get(f"{service.url}/v1/nodes", headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_opens_only_its_scopes(service: RunningService) -> None:
    with service.client("read") as client:
        assert client.get("/v1/nodes").status_code == 200
        refused = client.put("/v1/nodes/n", json={})
        assert (refused.status_code, refused.json()["scope"]) == (403, "admin")


def test_a_revoked_key_opens_nothing(service: RunningService) -> None:
    with service.client() as client:
        assert client.get("/v1/nodes").status_code == 200
        (key,) = read_snapshot(service.engine, list_keys)
        revoke_key(service.engine, key.key_id, clock=service.runtime.clock)
        assert client.get("/v1/nodes").status_code == 401


def test_the_ledger_keeps_no_secret(service: RunningService) -> None:
    secret = service.key("read")
    (key,) = read_snapshot(service.engine, list_keys)
    assert secret not in repr(key)


def test_health_needs_no_key(service: RunningService) -> None:
    assert httpx.get(f"{service.url}/healthz").json() == {"status": "ok"}
