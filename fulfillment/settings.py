"""What a deployment sets: one frozen object, read from the environment once, at the start.

No other file reads the environment. A bad value stops the start.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from fulfillment.domain.errors import InvalidRequest

PREFIX = "FULFILLMENT_"
LOG_LEVELS = ("debug", "info", "warning", "error")
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the Prometheus library looks for the folder in which processes share their counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one deployment: one retailer, one currency.

    Attributes
    ----------
    database_url : str
        SQLAlchemy URL of the ledger; SQLite or PostgreSQL. It may hold a password and is never printed.
    retailer : str
        Name shown to people.
    currency : str
        ISO 4217 code of every amount of money.
    transaction_attempts_max : int
        How often one use case is tried when the database reports a serialization failure or a deadlock.
    body_bytes_max : int
        Largest body of a request that the service reads.
    requests_per_minute_max : int
        Requests of one client that one process of the service answers in a minute; 0 is no limit.
    key_cache_seconds : int
        How long the service trusts what it read of an API key: so long a revoked one may still work.
    webhook_hosts : tuple of str
        Hosts that webhooks may name although they lie in the house's own network, and without encryption; in
        the environment separated by commas. Others need HTTPS and public addresses.
    events_keep_days : int
        How long events are kept for whoever follows or replays them.
    window_seconds : int
        How long the worker waits between two looks at the orders whose work is open, to plan them again.
    log_level : str
        What the service logs at least: debug, info (every request), warning or error.
    otlp_endpoint : str
        URL of an OpenTelemetry collector that traces go to; empty: none are made.
    """

    database_url: str = field(default="sqlite:///fulfillment.db", repr=False)
    retailer: str = "retailer"
    currency: str = "USD"
    transaction_attempts_max: int = 8
    body_bytes_max: int = 8 * 2**20
    requests_per_minute_max: int = 0
    key_cache_seconds: int = 5
    webhook_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    events_keep_days: int = 30
    window_seconds: int = 60
    log_level: str = "info"
    otlp_endpoint: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(sqlite|postgresql)(\+\w+)?://.*", self.database_url):
            raise _bad(
                "database_url", None, "give an SQLAlchemy URL that starts with sqlite:// or postgresql://"
            )
        if not self.retailer.strip():
            raise _bad("retailer", self.retailer, "give the name that people should read")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise _bad("currency", self.currency, "give an ISO 4217 code of three capitals, such as USD")
        if self.log_level not in LOG_LEVELS:
            raise _bad("log_level", self.log_level, f"give one of {', '.join(LOG_LEVELS)}")
        if self.otlp_endpoint and not re.fullmatch(r"https?://[^/]+.*", self.otlp_endpoint):
            raise _bad("otlp_endpoint", self.otlp_endpoint, "give an http:// or https:// URL, or nothing")
        for name, (least, most) in _WHOLE_NUMBERS.items():
            if not least <= getattr(self, name) <= most:
                raise _bad(name, getattr(self, name), _whole_number_remedy(name))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read each attribute from the variable named ``FULFILLMENT_`` and the attribute in capitals.

        Parameters
        ----------
        environment : mapping
            As a rule ``os.environ``.

        Raises
        ------
        InvalidRequest
            On a bad value, or a variable that is nearly a setting; names the variable and the remedy.
        """
        _refuse_misspelt(environment)
        given: dict[str, Any] = {}
        for setting in fields(cls):
            text = environment.get(variable_of(setting.name))
            if text is not None:
                given[setting.name] = _value_of(setting.name, text)
        return cls(**given)


_WHOLE_NUMBERS = {
    "transaction_attempts_max": (1, 100),
    "body_bytes_max": (1_024, 2**30),
    "requests_per_minute_max": (0, 10**9),
    "key_cache_seconds": (0, 3_600),
    "events_keep_days": (1, 3_650),
    "window_seconds": (1, 3_600),
}
"""Least and most of each setting that is a whole number."""
_LISTS = {"webhook_hosts"}


def _value_of(name: str, text: str) -> object:
    if name in _LISTS:
        return tuple(word.strip() for word in text.split(",") if word.strip())
    return _whole_number(name, text) if name in _WHOLE_NUMBERS else text


def _whole_number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise _bad(name, text, _whole_number_remedy(name))
    return int(text)


def _whole_number_remedy(name: str) -> str:
    least, most = _WHOLE_NUMBERS[name]
    return f"give a whole number from {least} to {most}"


def read_settings() -> Settings:
    """Read the settings from this process's environment."""
    return Settings.from_environment(os.environ)


def share_metrics(folder: str) -> None:
    """Let this process and those it starts keep their counts in `folder`.

    The Prometheus library takes it from the environment alone, when it is first imported.
    """
    os.environ[METRICS_FOLDER] = folder


def metrics_folder() -> str | None:
    """Return the folder in which processes share their counts; None for a process on its own."""
    return os.environ.get(METRICS_FOLDER)


def variable_of(name: str) -> str:
    """Return the environment variable that sets the attribute `name`."""
    return PREFIX + name.upper()


def _bad(name: str, value: object, remedy: str) -> InvalidRequest:
    shown = "has a bad value" if value is None else f"is {value!r}"
    return InvalidRequest(f"{variable_of(name)} {shown}", remedy=remedy, key=variable_of(name), value=value)


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    # Not every stranger is refused: Kubernetes gives each container variables such as
    # FULFILLMENT_SERVICE_HOST when a service of that name stands beside it.
    known = [variable_of(setting.name) for setting in fields(Settings)]
    for variable in sorted(set(environment) - set(known)):
        if variable.startswith(PREFIX) and (near := difflib.get_close_matches(variable, known, 1, 0.85)):
            raise InvalidRequest(
                f"{variable} is not a setting", remedy=f"did you mean {near[0]}?", key=variable
            )
