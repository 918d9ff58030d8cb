"""Send one event to one endpoint, signed, and tell what became of it."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
from standardwebhooks.webhooks import Webhook as Signer

from fulfillment import __version__
from fulfillment.clock import Clock
from fulfillment.domain.events import FeedEvent, cloud_event
from fulfillment.domain.webhooks import Webhook, is_public
from fulfillment.services.delivery_batch import Answer, Outcome

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SEND_SECONDS_MAX = 10.0
"""From the look-up of the host to the last byte of the answer."""
ANSWER_BYTES_MAX = 65_536

# It takes nothing at the moment; of another refusal, the event may be the reason.
_TAKES_NOTHING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Takes a host and a port, returns its addresses."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Sender:
    """Opens endpoints.

    Parameters
    ----------
    source : str
        The CloudEvents source of the ledger.
    trusted_hosts : sequence of str
        Hosts that may lie in the house's own network. Any other must have public addresses alone, each time
        it is looked up, so that nobody reaches what only the house may reach by naming it in a webhook.
    """

    def __init__(
        self,
        source: str,
        trusted_hosts: Sequence[str],
        *,
        clock: Clock,
        resolve: Resolve = look_up,
        seconds_max: float = SEND_SECONDS_MAX,
    ) -> None:
        self._source = source
        self._trusted_hosts = trusted_hosts
        self._clock = clock
        self._resolve = resolve
        self._seconds_max = seconds_max
        self._tls = ssl.create_default_context()

    @asynccontextmanager
    async def open(self, webhook: Webhook) -> AsyncIterator["Endpoint"]:
        """Keep a connection to an endpoint for events that are sent one after another."""
        # A pool of several looks through all of them at every request, which costs more than the request.
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        # No proxy and no password from the environment, and no redirect: it goes where it was sent.
        async with httpx.AsyncClient(
            verify=self._tls,
            limits=limits,
            timeout=self._seconds_max,
            trust_env=False,
            follow_redirects=False,
        ) as client:
            yield Endpoint(webhook, client, self._addresses_of, self._source, self._clock, self._seconds_max)

    async def _addresses_of(self, host: str, port: int) -> Sequence[str]:
        addresses = await self._resolve(host, port)
        if host not in self._trusted_hosts and not all(is_public(address) for address in addresses):
            raise NotPublic(host)
        return addresses


class NotPublic(Exception):
    """A host has an address that is not public, and nobody said that it is trusted."""


class Endpoint:
    """An endpoint that events are sent to; made by `Sender.open`."""

    def __init__(
        self,
        webhook: Webhook,
        client: httpx.AsyncClient,
        addresses_of: Resolve,
        source: str,
        clock: Clock,
        seconds_max: float,
    ) -> None:
        self._webhook = webhook
        self._client = client
        self._addresses_of = addresses_of
        self._source = source
        self._clock = clock
        self._seconds_max = seconds_max

    async def send(self, event: FeedEvent) -> Answer:
        """Send an event once, and tell the answer; a failure of the network is one."""
        body = json.dumps(cloud_event(event, self._source), ensure_ascii=False, separators=(",", ":"))
        headers = sign(self._webhook, event.event_id, body, self._clock.now())
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._post(body.encode(), headers)
        except NotPublic:
            return Answer(Outcome.UNREACHABLE, "the host has an address that is not public")
        except TimeoutError:
            return Answer(Outcome.UNREACHABLE, f"no answer within {self._seconds_max:g} seconds")
        except (httpx.HTTPError, OSError) as error:
            return Answer(Outcome.UNREACHABLE, f"no answer ({type(error).__name__})")

    async def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        url = httpx.URL(self._webhook.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await self._addresses_of(url.host, port)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, url, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent; a host has several addresses for this
        return await self._post_to(addresses[-1], url, body, headers)

    async def _post_to(self, address: str, url: httpx.URL, body: bytes, headers: dict[str, str]) -> Answer:
        """Send to the very address that was looked at: a second look-up might give another one."""
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={"Host": url.netloc.decode("ascii"), **headers},
            extensions={"sni_hostname": url.host},
        )
        response = await self._client.send(request, stream=True)
        try:
            await _read_some(response)
        finally:
            await response.aclose()
        return answer_of(response, self._clock.now())


def sign(webhook: Webhook, event_id: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers of a delivery, signed with each secret that is valid."""
    signatures = [Signer(secret).sign(event_id, now, body) for secret in webhook.secrets_at(now)]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": f"fulfillment/{__version__}",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def answer_of(response: httpx.Response, now: datetime) -> Answer:
    """Tell what an HTTP answer means for the delivery."""
    text = f"HTTP {response.status_code}"
    if response.is_success:
        return Answer(Outcome.DELIVERED, text)
    if response.status_code == HTTPStatus.GONE:
        return Answer(Outcome.GONE, text)
    if response.status_code in _TAKES_NOTHING:
        return Answer(Outcome.UNREACHABLE, text, _retry_after(response, now))
    return Answer(Outcome.REFUSED, text)


def _retry_after(response: httpx.Response, now: datetime) -> timedelta:
    """Read how long the endpoint asks us to wait, 0 when it says nothing that can be read."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return timedelta(seconds=int(text))
    try:
        return max(timedelta(0), parsedate_to_datetime(text) - now)
    except (ValueError, TypeError):
        return timedelta(0)


async def _read_some(response: httpx.Response) -> None:
    """Read an answer to its end, so that the connection can be used again, unless it is a long one."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > ANSWER_BYTES_MAX:
            return
