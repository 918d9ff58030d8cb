"""The single table from errors to HTTP, as `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fulfillment.domain.errors import (
    Busy,
    Conflict,
    FulfillmentError,
    InvalidRequest,
    InvariantViolation,
    NotFound,
)
from fulfillment.store.outages import DATABASE_ERRORS, is_outage

PROBLEM_TYPE = "/docs#problem-"
"""``type`` of a problem: this, and its code."""
ERRORS_NAMED_MAX = 20
_DEFECT = "a defect of the service; it was logged with this request's id"
_log = logging.getLogger(__name__)


class Unauthorized(FulfillmentError):
    """The request has no API key, or one that is not valid."""

    code = "unauthorized"


class Forbidden(FulfillmentError):
    """The key is valid, but lacks the scope; ``data["scope"]`` names it."""

    code = "forbidden"


class RateLimited(FulfillmentError):
    """The client has spent what it may ask for in this while."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int, **data: object) -> None:
        super().__init__(message, **data)
        self.retry_after_seconds = retry_after_seconds


class KeyMissing(FulfillmentError):
    """The request writes, has no id of its own, and came without an `Idempotency-Key`."""

    code = "idempotency_key_missing"


class BodyTooLarge(InvalidRequest):
    """The body has more bytes than the service reads; ``data["body_bytes_max"]`` says how many it does."""

    code = "body_too_large"


# The first class that an error is one of gives its status, so special ones stand before general ones.
STATUSES: tuple[tuple[type[FulfillmentError], HTTPStatus], ...] = (
    (Unauthorized, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (KeyMissing, HTTPStatus.BAD_REQUEST),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (BodyTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Busy, HTTPStatus.SERVICE_UNAVAILABLE),
    (InvariantViolation, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def status_of(error: FulfillmentError) -> HTTPStatus:
    """Return the HTTP status that an error answers with."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_of(error: FulfillmentError) -> dict[str, Any]:
    """Return the document that tells an error; JSON values only, so that it may be stored as an answer."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(status, error.code, _DEFECT)
    return problem(status, error.code, str(error), error.data)


def problem(
    status: HTTPStatus, code: str, detail: str, data: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Make a problem document; what `data` says never hides what every problem says."""
    document: dict[str, Any] = {
        "type": PROBLEM_TYPE + code,
        "title": code.replace("_", " "),
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    # An error carries whatever its raiser had at hand, a path or a tuple; its text will do.
    safe = orjson.loads(orjson.dumps(data or {}, default=str, option=orjson.OPT_NON_STR_KEYS))
    return {**safe, **document}


def problem_response(error: FulfillmentError) -> Response:
    """Answer with an error."""
    headers = {}
    if isinstance(error, Busy | RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return as_response(problem_of(error), headers)


def as_response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document."""
    return ProblemResponse(
        orjson.dumps(document),
        status_code=document["status"],
        headers=dict(headers or {}),
        media_type="application/problem+json",
        code=document["code"],
    )


class ProblemResponse(Response):
    """A problem as an answer; it leaves its code where `Observe` finds it."""

    def __init__(self, content: bytes, *, code: str, **more: Any) -> None:
        super().__init__(content, **more)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        scope["problem_code"] = self._code
        await super().__call__(scope, receive, send)


def add_handlers(app: FastAPI) -> None:
    """Let the application answer every error as a problem."""
    app.add_exception_handler(FulfillmentError, _answer_ours)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _answer_outage)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_defect)


async def _answer_ours(_request: Request, error: Exception) -> Response:
    if not isinstance(error, FulfillmentError) or status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error  # on to _answer_defect, and to the log
    return problem_response(error)


async def _answer_outage(request: Request, error: Exception) -> Response:
    """Say that the database does not answer now; what is wrong with it is the log's business."""
    if not is_outage(error):
        raise error
    _log.warning("database_outage", exc_info=error)
    return await _answer_ours(request, Busy("the database does not answer now; repeating is safe"))


async def _answer_invalid(_request: Request, error: Exception) -> Response:
    """Say what the framework found wrong with the request, without repeating what was sent."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"location": list(each["loc"]), "message": each["msg"]} for each in found[:ERRORS_NAMED_MAX]]
    first = f"{'.'.join(map(str, errors[0]['location']))}: {errors[0]['message']}" if errors else "invalid"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    document = problem(HTTPStatus.UNPROCESSABLE_ENTITY, InvalidRequest.code, first + more, {"errors": errors})
    return as_response(document)


async def _answer_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses by itself: unknown paths, methods, broken bodies."""
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, FulfillmentError):
        return await _answer_ours(request, error.__cause__)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    return as_response(problem(status, code, str(error.detail)), error.headers)


async def _answer_defect(_request: Request, error: Exception) -> Response:
    # Starlette raises it again after this answer, so the server's log has it whole.
    code = error.code if isinstance(error, FulfillmentError) else "internal_error"
    document = problem(HTTPStatus.INTERNAL_SERVER_ERROR, code, _DEFECT)
    return as_response(document)
