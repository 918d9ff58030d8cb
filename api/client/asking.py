"""How the client asks: one connection pool, problems as exceptions, repeats where they are harmless."""

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import orjson
from pydantic import BaseModel

from fulfillment.clock import SystemClock
from fulfillment.ids import IdSource, TimeOrderedIds

Answer = TypeVar("Answer", bound=BaseModel)

ATTEMPTS_MAX = 5
WAIT_SECONDS = 0.2
WAIT_SECONDS_MAX = 30.0
TIMEOUT_SECONDS = 60.0
_COME_BACK = (429, 503)
_HARMLESS = ("GET", "PUT", "DELETE")


class ServiceProblem(Exception):
    """The service refused or failed.

    Attributes
    ----------
    status : int
        Of HTTP.
    code : str
        The problem's word for programs, such as ``insufficient_stock``.
    document : dict
        All that it says.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail", f"HTTP {status}")))
        self.status = status
        self.code = str(document.get("code", ""))
        self.document = dict(document)


class Asking:
    """What every operation of the client is made of.

    A request that the service could not do now (429, 503) is sent again after the time that it names; one
    whose answer was lost on the way only where that is harmless: reads, puts, deletes, and what carries an
    Idempotency-Key, which the client makes when it is not given one.

    Parameters
    ----------
    url : str
        Of the service, without ``/v1``.
    key : str
        From `fulfillment keys create`.
    http : httpx.Client
        For tests and special transports; made for `url` otherwise, and closed with this client.
    attempts_max : int
        How often one request is sent at most.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        http: httpx.Client | None = None,
        attempts_max: int = ATTEMPTS_MAX,
        sleep: Callable[[float], None] = time.sleep,
        ids: IdSource | None = None,
    ) -> None:
        self._http = http or httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._attempts_max = attempts_max
        self._sleep = sleep
        self._ids = ids or TimeOrderedIds(SystemClock())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _key(self, given: str | None, body: BaseModel | None) -> str | None:
        """Name a request that may be repeated; an order that has an id of its own is named by that."""
        if given is None and getattr(body, "order_id", None) is None:
            return self._ids.new_id()
        return given

    def _ask(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        return answer.model_validate_json(
            self._send(method, path, body=body, query=query, idempotency_key=idempotency_key).content
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        headers = dict(self._headers)
        content = None if body is None else _json(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        params = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        request = self._http.build_request(method, path, headers=headers, content=content, params=params)
        has_name = idempotency_key is not None or getattr(body, "order_id", None) is not None
        may_repeat = method in _HARMLESS or has_name
        for attempt in range(1, self._attempts_max + 1):
            is_last = attempt == self._attempts_max
            try:
                response = self._http.send(request)
            except httpx.TransportError:
                if is_last or not may_repeat:
                    raise
                self._sleep(WAIT_SECONDS * attempt)
                continue
            if response.is_success:
                return response
            if is_last or response.status_code not in _COME_BACK:
                raise _problem(response)
            self._sleep(_wait_seconds(response))
        raise ValueError(f"attempts_max is {self._attempts_max}; give at least 1")


def _json(body: BaseModel | Mapping[str, Any]) -> bytes:
    if isinstance(body, BaseModel):
        return body.model_dump_json(exclude_unset=True).encode()
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


def _text(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _wait_seconds(response: httpx.Response) -> float:
    named = response.headers.get("retry-after", "")
    return min(WAIT_SECONDS_MAX, float(named)) if named.isdigit() else WAIT_SECONDS


def _problem(response: httpx.Response) -> ServiceProblem:
    try:
        document = response.json()
    except ValueError:
        document = {"detail": response.text}
    return ServiceProblem(response.status_code, document if isinstance(document, dict) else {})
