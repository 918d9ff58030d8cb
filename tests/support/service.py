"""The service for tests: the real application behind a real server on the loopback, in a thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from api.app import make_app
from api.runtime import Runtime
from fulfillment.clock import Clock
from fulfillment.domain.access import Scope
from fulfillment.ids import IdSource
from fulfillment.services.api_keys import create_key
from fulfillment.settings import Settings

START_SECONDS_MAX = 300  # the first start on a machine compiles
STOP_SECONDS_MAX = 30


@dataclass(frozen=True)
class RunningService:
    """A service that answers, and what is behind it."""

    url: str
    app: FastAPI

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    def key(self, *scopes: str, name: str = "tester") -> str:
        """Make a key; with all scopes unless some are named."""
        wanted = [Scope(scope) for scope in scopes] or list(Scope)
        _, secret = create_key(self.engine, name, wanted, clock=self.runtime.clock, ids=self.runtime.ids)
        return secret

    @contextmanager
    def client(self, *scopes: str, name: str = "tester") -> Iterator[httpx.Client]:
        """Yield an HTTP client with a key of its own."""
        headers = {"Authorization": f"Bearer {self.key(*scopes, name=name)}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=60) as client:
            yield client


@contextmanager
def running_service(
    settings: Settings, *, clock: Clock | None = None, ids: IdSource | None = None
) -> Iterator[RunningService]:
    """Start the application on a free port of the loopback, and stop it afterwards."""
    app = make_app(settings, clock=clock, ids=ids)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS_MAX
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.started, "the service did not start"
    try:
        yield RunningService(f"http://127.0.0.1:{socket.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS_MAX)
        socket.close()
        assert not thread.is_alive(), "the service did not stop"
