"""Structured logs: one JSON object a line on stderr; no secret, no personal data.

Requests are logged by `RequestLog`, past the standard library: a line costs a few microseconds. All else, and
so the server's own words, comes through `logging` in the same shape.
"""

import logging
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

STDERR = 2
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _STAMP,
]


def _as_bytes(_logger: WrappedLogger, _name: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=str)


def _as_text(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """Turns records of the standard library into the same lines."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(["request_id"])],
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

    def __init__(self, level: str) -> None:
        self._least = logging.getLevelNamesMapping()[level.upper()]
        self._log = structlog.wrap_logger(
            # Unbuffered: one line, one write, so that the lines of several processes stay whole.
            structlog.BytesLogger(open(STDERR, "wb", buffering=0, closefd=False)),  # noqa: SIM115
            processors=[structlog.contextvars.merge_contextvars, _STAMP, _as_bytes],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )

    def __call__(self, status: int, **facts: object) -> None:
        """Tell of one request."""
        level = "error" if status >= 500 else "info"
        if logging.getLevelNamesMapping()[level.upper()] >= self._least:
            self._log.msg("request", level=level, status=status, **facts)
