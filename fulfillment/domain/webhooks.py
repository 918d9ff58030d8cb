"""Who is told of events: an endpoint, its secrets, how well it answers, and how patient we are with it."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from fulfillment.domain.cursor import Cursor
from fulfillment.domain.errors import InvalidRequest

SECRET_PREFIX = "whsec_"
SECRET_BYTES = (24, 64)  # least and most, by the Standard Webhooks specification
EVERY_TYPE = "*"
_TYPE = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)*(\.\*)?|\*")
_URL_LENGTH_MAX = 2_000
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint that is told of events.

    Attributes
    ----------
    event_types : tuple of str
        Types such as ``order.placed``, or ``order.*`` for all that begin so; empty is all.
    previous_secret : str or None
        Signs beside `secret` until `previous_secret_until`, so that a receiver may change over.
    delivered : Cursor
        Every event up to here has been delivered, but for those of parked subjects.
    attempts : int
        That failed in a row; 0 when the last one succeeded.
    failing_since : datetime or None
        When the first of them failed.
    """

    webhook_id: str
    url: str
    secret: str = field(repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    previous_secret_until: datetime | None = None
    event_types: tuple[str, ...] = ()
    is_enabled: bool = True
    disabled_reason: str | None = None
    delivered: Cursor
    attempts: int = 0
    failing_since: datetime | None = None
    next_attempt_at: datetime | None = None
    last_error: str | None = None
    version: int = 1

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign a delivery at `now`, the current one first."""
        until = self.previous_secret_until
        if self.previous_secret is None or until is None or until <= now:
            return (self.secret,)
        return (self.secret, self.previous_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedSubject:
    """A subject whose event an endpoint refuses while it takes others.

    Its events wait, in their order, and are tried apart from the rest.

    Attributes
    ----------
    first : Cursor
        The event to be tried next, or a place before it.
    """

    subject: str
    first: Cursor
    attempts: int
    failing_since: datetime
    next_attempt_at: datetime
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often an endpoint is tried.

    Attributes
    ----------
    pause, pause_max : timedelta
        After the first failure, and at most; it doubles in between.
    give_up_after : timedelta
        An endpoint that has failed for so long without a success is disabled; an event that it has refused
        for so long, while it took others, is passed over. Both are told by an event.
    parked_max : int
        Subjects of one endpoint that may wait apart; with more the endpoint as a whole counts as failing.
    """

    pause: timedelta = timedelta(seconds=1)
    pause_max: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(days=5)
    parked_max: int = 1_000

    def pause_after(self, attempts: int, share: float) -> timedelta:
        """Return how long to wait after that many failures in a row.

        Parameters
        ----------
        share : float
            A random number from 0 to 1: endpoints that failed together do not come back together.
        """
        longest = min(self.pause_max, self.pause * 2.0 ** min(attempts - 1, 40))
        return longest * (0.5 + 0.5 * share)


def require_event_types(event_types: Sequence[str]) -> None:
    """Refuse what can be no type of an event.

    Raises
    ------
    InvalidRequest
        Naming the first such text.
    """
    for event_type in event_types:
        if not _TYPE.fullmatch(event_type):
            raise InvalidRequest(
                f"event_types has {event_type!r}",
                remedy="give types such as order.placed, or order.* for all that begin so",
                key="event_types",
                value=event_type,
            )


def require_secret(secret: str) -> None:
    """Refuse a secret that is not in the form of Standard Webhooks, or too short to protect anything.

    Raises
    ------
    InvalidRequest
        Without repeating it.
    """
    try:
        given = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    least, most = SECRET_BYTES
    if not secret.startswith(SECRET_PREFIX) or not least <= len(given) <= most:
        raise InvalidRequest(
            "the secret cannot be used",
            remedy=f"give {SECRET_PREFIX} and the Base64 of {least} to {most} random bytes, "
            f'such as "{SECRET_PREFIX}$(openssl rand -base64 32)"',
            key="secret",
        )


def require_url(url: str, trusted_hosts: Sequence[str]) -> None:
    """Refuse an address that events must not go to.

    Whether a name leads to an address of the house's own network is only known when it is looked up, so
    `is_public` is asked again at every connection.

    Parameters
    ----------
    trusted_hosts : sequence of str
        Hosts that may be told without encryption, and may lie in the house's own network.

    Raises
    ------
    InvalidRequest
        When it is no URL of HTTPS, or of HTTP to a trusted host; when it holds a user, a password or a
        fragment; when its host is an address that is not public.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refuse_url(url, "cannot be read") from None
    if len(url) > _URL_LENGTH_MAX or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise _refuse_url(url, f"has blanks, or more than {_URL_LENGTH_MAX} characters of ASCII")
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        raise _refuse_url(url, "is not of the form https://HOST/PATH")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refuse_url(url, "holds a user, a password or a fragment")
    if host in trusted_hosts:
        return
    if parts.scheme != "https":
        raise _refuse_url(url, "is not encrypted, and its host is not trusted")
    if not is_public(host, unless_name=True):
        raise _refuse_url(url, "is an address that is not public, and not trusted")


def is_public(address: str, *, unless_name: bool = False) -> bool:
    """Tell whether an IP address belongs to the public network.

    Parameters
    ----------
    unless_name : bool
        What to say of a text that is no address.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return unless_name
    reached = (_embedded(found) or found) if isinstance(found, IPv6Address) else found
    return reached.is_global and not reached.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, by mapping, 6to4 or NAT64."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _refuse_url(url: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"the url {why}",
        remedy="give https://HOST/PATH, or name the host in FULFILLMENT_WEBHOOK_HOSTS to trust it",
        key="url",
        value=url,
    )
