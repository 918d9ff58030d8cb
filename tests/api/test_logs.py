"""Requests that are answered together are logged together, every line whole."""

import asyncio
import os
import select

import orjson
import pytest

from api import logs
from api.logs import RequestLog
from fulfillment.clock import SystemClock


def test_lines_are_written_whole_and_in_pieces_that_a_pipe_takes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(logs.os, "write", lambda _, data: written.append(data) or len(data))

    async def story() -> None:
        log = RequestLog("info", SystemClock())
        for number in range(200):
            log(200, route=f"/v1/{number}", duration_ms=1.5)
        assert written == []
        await asyncio.sleep(0)

    asyncio.run(story())
    assert 1 < len(written) < 20
    assert all(len(piece) <= select.PIPE_BUF and piece.endswith(b"\n") for piece in written)
    lines = [orjson.loads(line) for line in b"".join(written).splitlines()]
    assert [line["route"] for line in lines] == [f"/v1/{number}" for number in range(200)]


def test_a_level_above_info_leaves_requests_out(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(os, "write", lambda _, data: written.append(data) or len(data))

    async def story() -> None:
        log = RequestLog("warning", SystemClock())
        log(200, route="/v1/fine")
        log(500, route="/v1/broken")
        await asyncio.sleep(0)

    asyncio.run(story())
    assert [orjson.loads(piece)["route"] for piece in written] == ["/v1/broken"]
