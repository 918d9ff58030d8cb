"""Traces reach a collector when one is named, and are off otherwise."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.telemetry import OFF, open_telemetry
from fulfillment.settings import Settings
from tests.support.databases import ledger_database
from tests.support.service import running_service

Collected = list[ExportTraceServiceRequest]


@pytest.fixture
def collector() -> Iterator[tuple[str, Collected]]:
    """A collector on the loopback: its address, and what it was sent."""
    collected: Collected = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collected.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collect)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", collected
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_request_is_a_span_under_its_callers_trace(
    tmp_path: Path, collector: tuple[str, Collected]
) -> None:
    endpoint, collected = collector
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with ledger_database("sqlite", tmp_path) as url:
        settings = Settings(database_url=url, otlp_endpoint=endpoint, log_level="warning")
        with running_service(settings) as service, service.client() as client:
            client.get("/v1/nodes", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    spans = [
        span
        for each in collected
        for resource in each.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert "GET /v1/nodes" in {span.name for span in spans}
    assert {span.trace_id.hex() for span in spans} == {trace}


def test_without_a_collector_there_are_no_traces() -> None:
    assert open_telemetry("")[0] == OFF
