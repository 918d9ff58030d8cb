import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fulfillment.settings import Settings
from tests.support.databases import ledger_database
from tests.support.service import RunningService, running_service


@pytest.fixture
def http(service: RunningService) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=service.url) as client:
        yield client


def test_a_service_whose_ledger_answers_is_ready(http: httpx.Client) -> None:
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["ledger"]) == (200, "ok")


def test_a_service_whose_check_fails_is_not_ready_and_says_why(
    service: RunningService, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = {**service.runtime.checks, "view": lambda: "30 s behind"}
    object.__setattr__(service.runtime, "checks", checks)
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["view"]) == (503, "30 s behind")
    assert http.get("/healthz").status_code == 200


def test_a_ledger_that_is_gone_is_no_defect(service: RunningService) -> None:
    """Connections are cut and new ones refused under the running service."""
    if service.engine.dialect.name != "postgresql":
        pytest.skip("a SQLite file cannot be lost while it is open")
    with service.client() as client:
        assert client.get("/v1/nodes").status_code == 200
        with _refusing_connections(service):
            lost = client.get("/v1/nodes")
            ready = client.get("/readyz")
    assert (lost.status_code, lost.json()["code"]) == (503, "busy")
    assert int(lost.headers["retry-after"]) >= 1
    assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, "the database does not answer")


@contextlib.contextmanager
def _refusing_connections(service: RunningService) -> Iterator[None]:
    """Cut every connection of the pool, and let no new one in."""
    import psycopg

    url = service.engine.url.set(drivername="postgresql")
    name = url.database or ""
    admin = url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def test_requests_and_refusals_are_counted_by_route(service: RunningService, http: httpx.Client) -> None:
    with service.client() as client:
        client.get("/v1/nodes/nowhere")
        client.get("/v1/nodes")
    text = http.get("/metrics").text
    counted = re.findall(r"^fulfillment_requests_total\{(.+)\} 1\.0$", text, re.MULTILINE)
    assert 'method="GET",route="/v1/nodes/{node_id}",status="404"' in counted
    assert 'method="GET",route="/v1/nodes",status="200"' in counted
    assert 'fulfillment_problems_total{code="not_found"} 1.0' in text
    assert 'fulfillment_request_seconds_count{method="GET",route="/v1/nodes"} 1.0' in text


def test_the_parts_tell_their_state_and_refused_orders_are_counted(
    service: RunningService, http: httpx.Client
) -> None:
    order = {"channel": "web", "method": "SHIPPING", "postal_code": "1", "customer_id": "c"}
    with service.client() as client:
        refused = client.post(
            "/v1/orders", json={**order, "order_id": "o", "lines": [{"sku_id": "x", "qty": 1}]}
        )
    assert refused.status_code in (404, 409)
    text = http.get("/metrics").text
    assert f'fulfillment_problems_total{{code="{refused.json()["code"]}"}} 1.0' in text
    assert re.search(r"^fulfillment_orders_waiting 0\.0$", text, re.MULTILINE)
    assert re.search(r"^fulfillment_view_lag_seconds \d", text, re.MULTILINE)
    assert re.search(r"^fulfillment_orders_answered_total 1\.0$", text, re.MULTILINE)


def test_processes_are_added_up_and_the_dead_are_left_out(tmp_path: Path) -> None:
    """Two processes count into one folder; one of them has ended when a third is asked."""
    program = """
import sys
from fulfillment.settings import share_metrics
share_metrics(sys.argv[1])
from api.metrics import Metrics
metrics = Metrics()
metrics.request("GET", "/v1/nodes", 200, 0.01)
metrics.tell({"orders_waiting": 3.0, "view_lag_seconds": 2.0}, {"orders_answered": 5})
if len(sys.argv) > 2:
    sys.stdout.write(metrics.text().decode())
"""
    run = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(run, check=True, timeout=300)
    text = subprocess.run([*run, "tell"], check=True, timeout=300, capture_output=True, text=True).stdout
    assert 'fulfillment_requests_total{method="GET",route="/v1/nodes",status="200"} 2.0' in text
    assert "fulfillment_orders_answered_total 10.0" in text
    assert "fulfillment_orders_waiting 3.0" in text
    assert "fulfillment_view_lag_seconds 2.0" in text


def test_a_request_is_one_line_of_json_without_secrets(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        ledger_database("sqlite", tmp_path) as url,
        running_service(Settings(database_url=url)) as service,
        service.client("read", name="web shop") as client,
    ):
        client.get("/v1/nodes/nowhere", headers={"x-request-id": "seen-1"})
        secret = client.headers["authorization"].split()[1]
    written = ""
    deadline = time.monotonic() + 60
    while "seen-1" not in written:  # it is logged after the answer has left
        assert time.monotonic() < deadline
        written += capfd.readouterr().err
        time.sleep(0.01)
    (line,) = [line for line in written.splitlines() if "seen-1" in line]
    told = json.loads(line)
    assert (told["event"], told["status"], told["code"]) == ("request", 404, "not_found")
    assert (told["route"], told["client"]) == ("/v1/nodes/{node_id}", "web shop")
    assert secret not in written


def test_a_defect_answers_500_without_its_text_and_is_logged_whole(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise ZeroDivisionError("units per nothing")

    object.__setattr__(service.runtime, "checks", {"broken": broken})
    answer = httpx.get(f"{service.url}/readyz")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "units" not in answer.text
    deadline = time.monotonic() + 60
    while "ZeroDivisionError: units per nothing" not in caplog.text:  # it is logged after the answer has left
        assert time.monotonic() < deadline
        time.sleep(0.01)
