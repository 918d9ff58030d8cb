"""`fulfillment serve` as a process of its own, with a key for the client."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.service.retailer import CLI
from benchmarks.service.wire import Target

HOST = "127.0.0.1"
READY_SECONDS_MAX = 300  # the first start on a machine compiles
STOP_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running service."""

    process: "subprocess.Popen[bytes]"
    target: Target


def free_port() -> int:
    """Find a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def create_key(url: str) -> str:
    """Make a key with every scope by the command that users have."""
    scopes = "read,orders,inventory,stores,admin"
    done = subprocess.run(
        [*CLI, "keys", "create", "--scopes", scopes, "--db", url, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # people are shown the secret there
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout)["key"])


@contextmanager
def serving(url: str, key: str, *, workers: int, log: Path) -> Iterator[Server]:
    """Start the service and wait until it is ready; stop it orderly afterwards."""
    server = start(url, key, workers=workers, log=log)
    try:
        wait_until_ready(server, log)
        yield server
    finally:
        stop(server)


def start(url: str, key: str, *, workers: int, log: Path, port: int | None = None) -> Server:
    """Start the service and do not wait."""
    port = port or free_port()
    command = [*CLI, "serve", "--db", url, "--port", str(port), "--workers", str(workers)]
    with log.open("ab") as output:
        process = _start(command, output)
    return Server(process, Target(HOST, port, key))


def _start(command: list[str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    # A group of its own: whoever kills it kills its workers with it.
    return subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=dict(os.environ)
    )


def wait_until_ready(server: Server, log: Path) -> None:
    """Wait for /readyz.

    Raises
    ------
    RuntimeError
        When the service ends instead, or takes too long; with the end of its log.
    """
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and server.process.poll() is None:
        if _is_ready(server.target):
            return
        time.sleep(0.05)
    said = log.read_text(errors="replace")[-2_000:]
    raise RuntimeError(f"the service is not ready, exit code {server.process.poll()}; it said:\n{said}")


def _is_ready(target: Target) -> bool:
    try:
        with urllib.request.urlopen(f"http://{target.host}:{target.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def stop(server: Server) -> None:
    """Stop it orderly; kill what does not stop."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            kill(server)


def kill(server: Server) -> None:
    """Kill -9 the service with all its processes."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait(STOP_SECONDS_MAX)
