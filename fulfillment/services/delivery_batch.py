"""What is delivered to one endpoint in one go, what its answers were, and where they leave it.

The events of a batch go out one subject at a time, several subjects at once. An endpoint that refuses one
event and takes others is up, and something is wrong with that event: its subject is parked, so that the
others need not wait. An endpoint that takes nothing is down, and everything waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from fulfillment.domain.cursor import Cursor
from fulfillment.domain.events import FeedEvent
from fulfillment.domain.webhooks import ParkedSubject, Patience, Webhook

GONE = "the endpoint says that it is gone for good (410)"


class Outcome(Enum):
    """What became of one delivery."""

    DELIVERED = auto()
    REFUSED = auto()  # the endpoint answered, but not with success
    UNREACHABLE = auto()  # no answer, or the answer that it takes nothing now
    GONE = auto()  # it asks not to be told any more


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered, as an outcome, a sentence and how long it asks us to wait."""

    outcome: Outcome
    text: str = ""
    retry_after: timedelta = timedelta(0)


Answers = Mapping[Cursor, Answer]
"""By event; one that was not sent has none."""


@dataclass(frozen=True, slots=True)
class ParkedChain:
    """A parked subject and its next events; `is_whole` when the range of the batch has no more of them."""

    parked: ParkedSubject
    events: Sequence[FeedEvent]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is to be delivered under one lease.

    Attributes
    ----------
    events : sequence of FeedEvent
        The next ones, without those of parked subjects.
    through : Cursor
        Where the webhook will be when all of them are delivered.
    parked_count : int
        Subjects that are parked, due or not.
    leased_until : datetime
        Nothing may be on its way any more by then.
    """

    webhook: Webhook
    lease: str
    leased_until: datetime
    events: Sequence[FeedEvent]
    through: Cursor
    chains: Sequence[ParkedChain] = ()
    parked_count: int = 0

    def by_subject(self) -> list[list[FeedEvent]]:
        """Return the events of each subject in their order: those of parked subjects, then the others."""
        subjects: dict[str, list[FeedEvent]] = {}
        for event in self.events:
            subjects.setdefault(event.subject, []).append(event)
        return [list(chain.events) for chain in self.chains if chain.events] + list(subjects.values())


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the answers leave an endpoint: what is to be written."""

    webhook: Webhook
    parked: list[ParkedSubject] = field(default_factory=list)
    unparked: list[str] = field(default_factory=list)
    passed_over: list[tuple[FeedEvent, str]] = field(default_factory=list)


def progress_of(batch: Batch, answers: Answers, patience: Patience, now: datetime, share: float) -> Progress:
    """Tell where the answers leave the endpoint.

    Parameters
    ----------
    share : float
        A random number from 0 to 1, for the pause before the next attempt.
    """
    outcomes = {answer.outcome for answer in answers.values()}
    refused = _refusals(batch, answers)
    parks = (
        Outcome.DELIVERED in outcomes
        and outcomes <= {Outcome.DELIVERED, Outcome.REFUSED}
        and batch.parked_count + len(refused) <= patience.parked_max
    )
    parked_now = refused if parks else {}
    webhook = replace(batch.webhook, delivered=_reached(batch, answers, parked_now))
    if Outcome.GONE in outcomes:
        return Progress(replace(webhook, is_enabled=False, disabled_reason=GONE, last_error=GONE))
    if Outcome.UNREACHABLE in outcomes or (refused and not parks):
        return Progress(_after_failure(webhook, answers, patience, now, share))
    if Outcome.DELIVERED in outcomes:
        webhook = replace(webhook, attempts=0, failing_since=None, next_attempt_at=None, last_error=None)
    progress = Progress(webhook)
    for subject, event in parked_now.items():
        progress.parked.append(
            ParkedSubject(
                subject=subject,
                first=event.cursor,
                attempts=1,
                failing_since=now,
                next_attempt_at=now + patience.pause_after(1, share),
                last_error=answers[event.cursor].text,
            )
        )
    for chain in batch.chains:
        _follow(chain, answers, patience, now, share, progress)
    return progress


def _refusals(batch: Batch, answers: Answers) -> dict[str, FeedEvent]:
    """Return the event of each subject that was refused; nothing of the subject was sent after it."""
    return {
        event.subject: event
        for event in batch.events
        if (answer := answers.get(event.cursor)) is not None and answer.outcome is Outcome.REFUSED
    }


def _reached(batch: Batch, answers: Answers, parked_now: Mapping[str, FeedEvent]) -> Cursor:
    """Return the place up to which every event has been delivered or waits apart."""
    reached = batch.webhook.delivered
    for event in batch.events:
        if not _is_delivered(event, answers) and event.subject not in parked_now:
            return reached
        reached = event.cursor
    return batch.through


def _after_failure(
    webhook: Webhook, answers: Answers, patience: Patience, now: datetime, share: float
) -> Webhook:
    took_some = any(answer.outcome is Outcome.DELIVERED for answer in answers.values())
    failed = [answer for answer in answers.values() if answer.outcome is not Outcome.DELIVERED]
    attempts = 1 if took_some else webhook.attempts + 1
    since = now if took_some or webhook.failing_since is None else webhook.failing_since
    pause = max(patience.pause_after(attempts, share), *(answer.retry_after for answer in failed))
    failing = replace(
        webhook,
        attempts=attempts,
        failing_since=since,
        next_attempt_at=now + min(pause, patience.pause_max),
        last_error=failed[-1].text,
    )
    if now - since < patience.give_up_after:
        return failing
    reason = f"it has failed since {since.isoformat()}: {failing.last_error}"
    return replace(failing, is_enabled=False, disabled_reason=reason)


def _follow(
    chain: ParkedChain, answers: Answers, patience: Patience, now: datetime, share: float, progress: Progress
) -> None:
    """Add to `progress` where a parked subject stands after its events were tried."""
    parked = chain.parked
    left = [event for event in chain.events if not _is_delivered(event, answers)]
    if not left:
        if chain.is_whole:
            progress.unparked.append(parked.subject)
        else:
            progress.parked.append(_began_afresh(parked, _just_after(chain.events[-1]), now))
        return
    moved_on = left[0] is not chain.events[0]
    answer = answers.get(left[0].cursor)
    if answer is None:
        if moved_on:
            progress.parked.append(_began_afresh(parked, left[0].cursor, now))
        return
    attempts = 1 if moved_on else parked.attempts + 1
    since = now if moved_on else parked.failing_since
    if now - since >= patience.give_up_after:
        progress.passed_over.append((left[0], answer.text))
        progress.parked.append(_began_afresh(parked, _just_after(left[0]), now))
        return
    progress.parked.append(
        replace(
            parked,
            first=left[0].cursor,
            attempts=attempts,
            failing_since=since,
            next_attempt_at=now + patience.pause_after(attempts, share),
            last_error=answer.text,
        )
    )


def _began_afresh(parked: ParkedSubject, first: Cursor, now: datetime) -> ParkedSubject:
    return replace(parked, first=first, attempts=0, failing_since=now, next_attempt_at=now)


def _just_after(event: FeedEvent) -> Cursor:
    return Cursor(event.cursor.xid, event.cursor.position + 1)


def _is_delivered(event: FeedEvent, answers: Answers) -> bool:
    answer = answers.get(event.cursor)
    return answer is not None and answer.outcome is Outcome.DELIVERED
