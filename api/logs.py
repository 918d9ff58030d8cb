"""Structured logs: one JSON object a line on stderr; no secret, no personal data.

Requests are logged by `RequestLog`, past the standard library: a line costs few microseconds. All else, and
so the server's own words, comes through `logging` in the same shape.
"""

import asyncio
import logging
import os
import select
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from fulfillment.clock import Clock

STDERR = 2
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; every line that its answer makes says it."""
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)


def _add_request_id(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    if name := request_id.get():
        event["request_id"] = name
    return event


_SHARED: list[Any] = [
    _add_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _STAMP,
]


def _as_text(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """Turns records of the standard library into the same lines."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _as_text,
            ],
        )


def logging_config(level: str) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes; plain values, so that it reaches worker processes."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "api.logs.JsonFormatter"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        # Uvicorn starts its loggers at info, whatever the root says.
        # Alembic tells at info what it finds at every look.
        "loggers": {
            "uvicorn": {"level": level.upper()},
            "uvicorn.error": {"level": level.upper()},
            "alembic": {"level": "WARNING"},
        },
    }


def route_events() -> None:
    """Let `structlog.get_logger` of any part speak through the standard library, in the same shape."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class RequestLog:
    """Writes a line for every request, when the level asks for it.

    Parameters
    ----------
    level : str
        Requests are told at info, those that failed through a defect at error.
    """

    def __init__(self, level: str, clock: Clock) -> None:
        least = logging.getLevelNamesMapping()[level.upper()]
        self._tells_all = least <= logging.INFO
        self._tells_failures = least <= logging.ERROR
        self._clock = clock
        self._lines: list[bytes] = []

    def __call__(self, status: int, **facts: object) -> None:
        """Tell of one request; called on the event loop."""
        if status >= 500 and self._tells_failures:
            level = "error"
        elif self._tells_all:
            level = "info"
        else:
            return
        told = {"event": "request", "level": level, "status": status, **facts}
        told["request_id"] = request_id.get()
        told["timestamp"] = self._clock.now()
        self._lines.append(orjson.dumps(told, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        """Write what the requests that were answered together have left.

        A write lets go of the interpreter's lock, and whoever gets it meanwhile may keep it for milliseconds.
        No write is longer than what a pipe takes in one piece, so that lines of several processes stay whole.
        """
        together = b""
        for line in self._lines:
            if len(together) + len(line) > select.PIPE_BUF:
                os.write(STDERR, together)
                together = b""
            together += line
        os.write(STDERR, together)
        self._lines.clear()
