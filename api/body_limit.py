"""Middleware: a body larger than the service reads is refused with 413, announced or not."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooLarge, problem_response


class LimitBody:
    """Refuse large bodies.

    Parameters
    ----------
    bytes_max : int
        Most bytes of one body.
    """

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = _announced(scope["headers"])
        if announced is None:
            # Sent in chunks of unknown number; whoever reads them gets the error, and it becomes an answer.
            receive = self._counting(receive)
        elif announced > self._bytes_max:
            await problem_response(self._refusal())(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _counting(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._bytes_max:
                # FastAPI lets no other error through from the reading of a body; `errors` looks at the cause.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from self._refusal()
            return message

        return counted

    def _refusal(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"the body has more than {self._bytes_max:,} bytes",
            remedy="send it in several requests",
            body_bytes_max=self._bytes_max,
        )


def _announced(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return the length that the request announces; None when it announces none, as a chunked body does."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None
