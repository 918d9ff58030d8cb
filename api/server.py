"""Run the service: one process or several behind one socket, until a signal stops them.

A stop finishes what was accepted: the socket closes first, then every request in progress is answered, then
the runtime's parts end in turn (`api/runtime.py`).
"""

import functools
import signal
import tempfile
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from api.logs import logging_config
from fulfillment.settings import Settings, share_metrics

if TYPE_CHECKING:
    from fastapi import FastAPI

STOP_SECONDS_MAX = 30
START_SECONDS_MAX = 60
"""A worker that says nothing for so long is replaced; on a busy machine its imports alone take seconds."""
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2_048


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; the caller has checked that the database may be used.

    Parameters
    ----------
    workers : int
        Processes. More than one are watched, and one that dies is replaced.

    Raises
    ------
    KeyboardInterrupt
        After an orderly stop, when SIGINT asked for it.
    """
    with tempfile.TemporaryDirectory(prefix="fulfillment-metrics-") as folder:
        share_metrics(folder)
        config = uvicorn.Config(
            functools.partial(_make, settings),
            factory=True,
            host=host,
            port=port,
            workers=workers,
            loop="auto",
            http="auto",
            ws="none",
            lifespan="on",
            log_config=logging_config(settings.log_level),
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
            timeout_worker_healthcheck=START_SECONDS_MAX,
        )
        with config.bind_socket() as socket:
            if workers > 1:
                Multiprocess(config, [socket]).run()
                return
            # Uvicorn raises the signal again once it has stopped; by then there is nothing left to do.
            signal.signal(signal.SIGTERM, _stopped)
            uvicorn.Server(config).run(sockets=[socket])


def _make(settings: Settings) -> "FastAPI":
    # Imported in the process that serves, and late: the application asks for the folder of counts, and a
    # worker should answer its supervisor before it has imported everything.
    from api.app import make_app

    return make_app(settings)


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    pass
