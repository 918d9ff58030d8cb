"""The load generator and the floor, run once each for a moment."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from benchmarks.service.__main__ import main
from benchmarks.service.cpu import cpu_seconds
from benchmarks.service.figures import as_table, percentiles
from benchmarks.service.scenarios import SCENARIOS
from benchmarks.service.wire import LOST, Answer, Target, keep_calling


def test_percentiles_are_values_that_were_measured() -> None:
    found = percentiles([number / 1000 for number in range(1, 1001)])
    assert found == {"p50": 501, "p90": 901, "p95": 951, "p99": 991, "p99.9": 1000, "max": 1000}
    assert percentiles([]) == {}


def test_a_table_is_aligned() -> None:
    assert as_table(("a", "b"), [("long", "1"), ("x", "22")]) == "a      b\nlong   1\nx     22\n"


def test_cpu_seconds_grow_with_work() -> None:
    before = cpu_seconds(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert cpu_seconds(os.getpid()) >= before + 0.05


def test_the_caller_keeps_one_connection_and_sees_every_answer() -> None:
    """A server that answers in pieces, and hangs up in the middle of its third answer."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for number in range(1, 4):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"POST /x HTTP/1.1")
            assert await reader.readexactly(2) == b"{}"
            if number == 3:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
                break
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nab")
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(b"cde")
        await writer.drain()
        writer.close()

    answers: list[Answer] = []

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        target = Target("127.0.0.1", server.sockets[0].getsockname()[1], "k")
        async with server:
            await keep_calling(
                target,
                lambda: target.request("POST", "/x", b"{}") if len(answers) < 6 else None,
                answers.append,
                is_over=lambda: len(answers) >= 6,
            )

    asyncio.run(asyncio.wait_for(run(), 20))
    assert connections == 2
    assert [(answer.status, answer.body) for answer in answers] == [
        (201, b"abcde"), (201, b"abcde"), (LOST, b"")] * 2  # fmt: skip
    assert all(answer.seconds > 0 for answer in answers)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_floor_is_measured(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.service.__main__.FLOOR_CLIENTS", (2,))
    out = tmp_path / "figures.json"
    assert main(["--db", kind, "--floor-only", "--seconds", "0.2", "--out", str(out)]) == 0
    rows = json.loads(out.read_text())["floor"]
    assert [(row["clients"], row["is_hot"]) for row in rows] == [(2, True), (2, False)]
    assert all(row["done"] > 0 and row["latency_ms"]["p50"] > 0 for row in rows)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_service_is_loaded_and_holds_what_it_acknowledged(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    asked = ["--db", kind, "--size", "20", "--clients", "4", "--seconds", "1", "--warm-up", "0.5"]
    assert main([*asked, "--no-floor", "--out", str(out)]) == 0
    figures = {each["scenario"]: each for each in json.loads(out.read_text())["service"]}
    assert set(figures) == set(SCENARIOS)
    for name, each in figures.items():
        assert each["acknowledged"] > 0, name
        assert set(each["statuses"]) <= {"200", "201", "409"}, name
