"""One event to one endpoint: where it may go, how long it may take, what the answer means."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from fulfillment.clock import SystemClock
from fulfillment.connectors.webhooks.sender import ANSWER_BYTES_MAX, Sender, answer_of
from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.events import FeedEvent
from fulfillment.domain.webhooks import Webhook, is_public
from fulfillment.services.delivery_batch import Answer, Outcome
from tests.support.ledgers import NOON
from tests.support.receiver import Receiver
from tests.support.webhooks import SECRET

EVENT = FeedEvent(Cursor(1, 1), "e1", "order.placed", "O1", {}, NOON)


def send(
    url: str, *, addresses: Sequence[str] = (), trusted: Sequence[str] = (), seconds_max: float = 5
) -> Answer:
    """Send one event; with `addresses`, they are what every host is looked up to."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    async def run() -> Answer:
        more = {"resolve": resolve} if addresses else {}
        sender = Sender("/test", trusted, clock=SystemClock(), seconds_max=seconds_max, **more)  # type: ignore[arg-type]
        webhook = Webhook(webhook_id="w", url=url, secret=SECRET, delivered=BEGINNING)
        async with sender.open(webhook) as endpoint:
            return await endpoint.send(EVENT)

    return asyncio.run(run())


def named(url: str, host: str) -> str:
    return url.replace("127.0.0.1", host)


@contextmanager
def raw_server(*chunks: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that answers a connection with these bytes, one chunk after another."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            for chunk in chunks:
                if stop.is_set():
                    return
                try:
                    connection.sendall(chunk)
                except OSError:
                    return  # the sender left
                stop.wait(pause)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/in"
    finally:
        stop.set()
        listening.close()


@pytest.mark.parametrize("address", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:7"])
def test_a_name_that_leads_into_the_house_is_not_followed(endpoint: Receiver, address: str) -> None:
    """It may have been public when the webhook was made: names change, on purpose too."""
    answer = send(named(endpoint.url, "shop.example"), addresses=["93.184.215.14", address])
    assert (answer.outcome, answer.text) == (
        Outcome.UNREACHABLE,
        "the host has an address that is not public",
    )
    assert endpoint.requests == []


def test_a_trusted_host_may_be_anywhere_and_gets_its_own_name(endpoint: Receiver) -> None:
    url = named(endpoint.url, "hooks.internal")
    assert send(url, addresses=["127.0.0.1"], trusted=["hooks.internal"]).outcome is Outcome.DELIVERED
    ((headers, _),) = endpoint.requests
    assert headers["host"] == urlsplit(url).netloc


def test_the_next_address_is_tried_when_one_does_not_answer(endpoint: Receiver) -> None:
    url = named(endpoint.url, "hooks.internal")
    answer = send(url, addresses=["127.0.0.2", "127.0.0.1"], trusted=["hooks.internal"])
    assert answer.outcome is Outcome.DELIVERED
    assert len(endpoint.requests) == 1


def test_nobody_there_is_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answer = send(f"http://127.0.0.1:{port}/", trusted=["127.0.0.1"])
    assert (answer.outcome, answer.text) == (Outcome.UNREACHABLE, "no answer (ConnectError)")
    nowhere = send("https://nowhere.invalid/")
    assert nowhere.outcome is Outcome.UNREACHABLE


def test_an_answer_that_drips_is_not_waited_for() -> None:
    """Every byte comes in time for the next one: only a limit over all of them ends it."""
    with raw_server(b"HTTP/1.1 200 OK\r\n", *[b"X-Slow: 1\r\n"] * 200, pause=0.05) as url:
        began = time.monotonic()
        answer = send(url, trusted=["127.0.0.1"], seconds_max=0.5)
        assert time.monotonic() - began < 3
    assert (answer.outcome, answer.text) == (Outcome.UNREACHABLE, "no answer within 0.5 seconds")


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    begin = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with raw_server(begin, b"x" * (2 * ANSWER_BYTES_MAX), pause=0.05) as url:
        assert send(url, trusted=["127.0.0.1"]).outcome is Outcome.DELIVERED


def test_what_is_no_http_is_no_answer() -> None:
    with raw_server(b"220 smtp.example ESMTP\r\n") as url:
        assert send(url, trusted=["127.0.0.1"]).outcome is Outcome.UNREACHABLE


def test_a_redirect_is_not_followed(endpoint: Receiver) -> None:
    endpoint.reply = lambda _: (307, {"Location": endpoint.url})
    answer = send(endpoint.url, trusted=["127.0.0.1"])
    assert (answer.outcome, answer.text) == (Outcome.REFUSED, "HTTP 307")
    assert len(endpoint.requests) == 1


def test_plain_http_to_a_port_of_tls_does_not_pass(endpoint: Receiver) -> None:
    url = endpoint.url.replace("http:", "https:")
    assert send(url, trusted=["127.0.0.1"]).outcome is Outcome.UNREACHABLE
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (202, Outcome.DELIVERED),
        (301, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (404, Outcome.REFUSED),
        (408, Outcome.UNREACHABLE),
        (410, Outcome.GONE),
        (429, Outcome.UNREACHABLE),
        (500, Outcome.REFUSED),
        (503, Outcome.UNREACHABLE),
    ],
)
def test_what_each_status_means(status: int, outcome: Outcome) -> None:
    assert answer_of(httpx.Response(status), NOON).outcome is outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Fri, 20 Nov 2026 12:02:00 GMT", 120),
        ("Fri, 20 Nov 2020 12:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("9" * 40, 0),
        ("²", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, seconds: int) -> None:
    response = httpx.Response(503, headers=[(b"retry-after", text.encode())])
    assert answer_of(response, NOON).retry_after == timedelta(seconds=seconds)


def test_public_addresses_are_told_from_others() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    for address in ("10.1.2.3", "100.64.0.1", "224.0.0.1", "0.0.0.0", "fe80::1%eth0", "::ffff:127.0.0.1"):
        assert not is_public(address), address
    assert not is_public("2002:0a00:0001::1")
