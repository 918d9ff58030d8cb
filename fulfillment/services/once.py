"""Run a use case once for every key that a client gives, however often the request comes."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import (
    Conflict,
    FulfillmentError,
    IdempotencyMismatch,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
)
from fulfillment.store.idempotency import Answer, RequestKey, claim, wait_for_twins, write_answers
from fulfillment.store.transaction import run_in_transaction

Problem = Callable[[FulfillmentError], Mapping[str, object]]
"""Tells an error as a document with its ``status`` in it, as the API does."""

UseCase = Callable[[Connection], Answer]

REFUSALS = (Conflict, NotFound, InvalidRequest)
"""What a request gets for an answer, and gets again when it is repeated; any other error is no answer."""

TWIN_WAIT_SECONDS = 2.0
UNKNOWN_OUTCOMES_MAX = 3


def once(
    engine: Engine, key: RequestKey | None, use_case: UseCase, *, problem: Problem, clock: Clock
) -> Answer:
    """Run `use_case` and keep its answer under `key`, in one transaction.

    Parameters
    ----------
    key : RequestKey or None
        None when the client gave none: every request then stands for itself.
    use_case : callable
        Takes the connection of the transaction, returns what the client is told. What it raises of
        `REFUSALS` undoes all that it wrote and becomes the answer.
    problem : callable
        Tells a refusal as the document of an answer.

    Returns
    -------
    Answer
        After the commit. The first answer when the key was used for the same request.

    Raises
    ------
    IdempotencyMismatch
        When the key was used for another request.
    RequestInProgress
        When a twin with this key has run for longer than `TWIN_WAIT_SECONDS`.
    Busy
        When nothing can be told now; repeating the request is safe.
    """

    def story(connection: Connection) -> Answer:
        if key is None:
            return _answer_of(connection, use_case, problem)
        with wait_for_twins(connection, TWIN_WAIT_SECONDS):
            earlier = claim(connection, [key], clock.now()).get(key.name)
        if isinstance(earlier, IdempotencyMismatch):
            raise earlier
        if earlier is not None:
            return earlier
        answer = _answer_of(connection, use_case, problem)
        write_answers(connection, {key.name: answer})
        return answer

    for _ in range(UNKNOWN_OUTCOMES_MAX - 1):
        try:
            return run_in_transaction(engine, story)
        except OutcomeUnknown:
            # The connection was lost at COMMIT. With a key a fresh attempt settles it: the claim waits for
            # the old transaction should it still run, then finds its answer, or finds the key free.
            if key is None:
                raise
    return run_in_transaction(engine, story)


def _answer_of(connection: Connection, use_case: UseCase, problem: Problem) -> Answer:
    try:
        with connection.begin_nested():
            return use_case(connection)
    except REFUSALS as refusal:
        return refusal_answer(refusal, problem)


def refusal_answer(refusal: FulfillmentError, problem: Problem) -> Answer:
    """Make the answer that tells a refusal."""
    document = problem(refusal)
    status = document["status"]
    if not isinstance(status, int):
        raise TypeError(f"a problem without a status: {document}")
    return Answer(status, document)
