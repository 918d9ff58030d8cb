"""Run the service: one process or several on one port, until a signal stops them.

A stop finishes what was accepted: the socket closes first, then every request in progress is answered, then
the runtime's parts end in turn (`api/runtime.py`).
"""

import functools
import logging.config
import signal
import socket
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from api.logs import logging_config
from api.supervisor import supervise
from fulfillment.domain.errors import InvalidRequest
from fulfillment.settings import Settings, share_metrics

if TYPE_CHECKING:
    from fastapi import FastAPI

STOP_SECONDS_MAX = 30
END_SECONDS_MAX = 15
"""What the parts of a process may take to end once its last request is answered."""
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2_048


def serve(settings: Settings, *, host: str, port: int, workers: int, on_ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT; the caller has checked that the database may be used.

    Parameters
    ----------
    workers : int
        Processes. More than one are watched, and one that dies is replaced.
    on_ready : callable
        Called with the port once every process answers requests.

    Raises
    ------
    InvalidRequest
        When nobody can listen there.
    KeyboardInterrupt
        After an orderly stop, when SIGINT asked for it.
    """
    with tempfile.TemporaryDirectory(prefix="fulfillment-metrics-") as folder:
        share_metrics(folder)
        with _bound(host, port) as alone:
            port = alone.getsockname()[1]
            if workers == 1:
                signal.signal(signal.SIGTERM, _stopped)
                _Server(_config(settings), functools.partial(on_ready, port)).run(sockets=[alone])
                return
        logging.config.dictConfig(logging_config(settings.log_level))
        supervise(
            functools.partial(_serve_beside_others, settings, host, port),
            workers,
            on_ready=functools.partial(on_ready, port),
            stop_seconds_max=STOP_SECONDS_MAX + END_SECONDS_MAX,
        )


def _serve_beside_others(settings: Settings, host: str, port: int, on_ready: Callable[[], None]) -> None:
    # SIGTERM keeps its usual meaning here: before uvicorn listens to it there is nothing to finish.
    with _bound(host, port, beside_others=True) as own:
        _Server(_config(settings), on_ready).run(sockets=[own])


class _Server(uvicorn.Server):
    """Tells when it answers requests: the application has started and the socket is open."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell of it."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _bound(host: str, port: int, *, beside_others: bool = False) -> socket.socket:
    """Bind a socket; the first time alone, so that a second service on the port is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    own = socket.socket(family, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if beside_others:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        own.bind((host, port))
    except OSError as error:
        own.close()
        raise InvalidRequest(
            f"nobody can listen on {host}:{port}: {error.strerror}",
            remedy="name another --host or --port, or stop who is there",
            key="port",
            value=port,
        ) from error
    own.set_inheritable(True)
    return own


def _config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        functools.partial(_make, settings),
        factory=True,
        ws="none",
        lifespan="on",
        log_config=logging_config(settings.log_level),
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )


def _make(settings: Settings) -> "FastAPI":
    # Late: what it imports asks for the folder of counts.
    from api.app import make_app

    return make_app(settings)


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing: uvicorn raises a signal again once it has stopped, and by then nothing is left to do."""
