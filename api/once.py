"""Answer a write whose use case runs once for every key that a client gives."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import json_answer
from api.errors import as_response, problem_of
from api.runtime import Runtime
from fulfillment.services.once import once
from fulfillment.store.idempotency import Answer, RequestKey

Document = Mapping[str, Any]


def answer_once(
    service: Runtime, key: RequestKey | None, write: Callable[[Connection], Document], *, status: int = 200
) -> Response:
    """Run `write` in a transaction, commit, and answer with its document or its refusal."""

    def use_case(connection: Connection) -> Answer:
        return Answer(status, write(connection))

    answer = once(service.engine, key, use_case, problem=problem_of, clock=service.clock)
    if answer.status >= 400:
        return as_response(answer.body)
    return json_answer(answer.body, answer.status)
