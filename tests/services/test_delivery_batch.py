"""Where answers leave an endpoint: by hand, and for any answers at all."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.events import FeedEvent
from fulfillment.domain.webhooks import ParkedSubject, Patience, Webhook
from fulfillment.services.delivery_batch import Answer, Batch, Outcome, ParkedChain, Progress, progress_of
from tests.support.ledgers import NOON

D, R, U, G = (
    Answer(Outcome.DELIVERED, "HTTP 200"),
    Answer(Outcome.REFUSED, "HTTP 500"),
    Answer(Outcome.UNREACHABLE, "no answer"),
    Answer(Outcome.GONE, "HTTP 410"),
)
PATIENCE = Patience()
AT_ONCE = Patience(give_up_after=timedelta(0))


def an_event(n: int, subject: str) -> FeedEvent:
    return FeedEvent(Cursor(1, n), f"e{n}", "order.placed", subject, {}, NOON)


def a_batch(subjects: str, parked: ParkedChain | None = None, webhook: Webhook | None = None) -> Batch:
    """One event a letter, from number 10 on; the letter is its subject."""
    events = [an_event(10 + n, subject) for n, subject in enumerate(subjects)]
    return Batch(
        webhook=webhook
        or Webhook(webhook_id="w", url="https://x.example/", secret="s", delivered=Cursor(1, 5)),
        lease="l",
        leased_until=NOON,
        events=events,
        through=Cursor(1, 99),
        chains=[parked] if parked else [],
        parked_count=1 if parked else 0,
    )


def outcome(batch: Batch, *answers: Answer | None, patience: Patience = PATIENCE) -> Progress:
    """Answers by event in turn, then by event of the parked subject; None was not sent."""
    events = [*batch.events, *(event for chain in batch.chains for event in chain.events)]
    given_answers = {e.cursor: a for e, a in zip(events, answers, strict=True) if a is not None}
    return progress_of(batch, given_answers, patience, NOON, 1.0)


def parked_z(attempts: int = 1, since: timedelta = timedelta(0)) -> ParkedSubject:
    return ParkedSubject(
        subject="z",
        first=Cursor(1, 1),
        attempts=attempts,
        failing_since=NOON - since,
        next_attempt_at=NOON,
        last_error="HTTP 500",
    )


def test_all_delivered_reaches_the_end() -> None:
    assert outcome(a_batch("aab"), D, D, D).webhook.delivered == Cursor(1, 99)
    assert outcome(a_batch("")).webhook.delivered == Cursor(1, 99)


def test_what_was_not_sent_is_left_for_later() -> None:
    assert outcome(a_batch("abc"), D, None, D).webhook.delivered == Cursor(1, 10)
    assert outcome(a_batch("abc"), None, D, D).webhook.delivered == Cursor(1, 5)


def test_a_refusal_among_successes_parks_its_subject() -> None:
    progress = outcome(a_batch("aba"), R, D, None)
    assert progress.webhook.delivered == Cursor(1, 99)
    assert [(each.subject, each.first, each.attempts) for each in progress.parked] == [
        ("a", Cursor(1, 10), 1)
    ]
    assert progress.webhook.attempts == 0


def test_nothing_but_refusals_is_a_failing_endpoint() -> None:
    progress = outcome(a_batch("ab"), R, R)
    assert (progress.webhook.delivered, progress.webhook.attempts) == (Cursor(1, 5), 1)
    assert progress.parked == []
    assert progress.webhook.next_attempt_at == NOON + PATIENCE.pause


def test_pauses_double_up_to_the_longest() -> None:
    webhook, pauses = a_batch("a").webhook, []
    for _ in range(16):
        webhook = outcome(a_batch("a", webhook=webhook), U).webhook
        assert webhook.next_attempt_at is not None
        pauses.append(webhook.next_attempt_at - NOON)
    assert pauses[:4] == [timedelta(seconds=n) for n in (1, 2, 4, 8)]
    assert pauses[-1] == PATIENCE.pause_max


def test_a_success_among_failures_begins_the_count_afresh() -> None:
    failing = Webhook(
        webhook_id="w",
        url="https://x.example/",
        secret="s",
        delivered=BEGINNING,
        attempts=9,
        failing_since=NOON - timedelta(days=30),
    )
    webhook = outcome(a_batch("ab", webhook=failing), D, U).webhook
    assert (webhook.attempts, webhook.failing_since, webhook.is_enabled) == (1, NOON, True)
    assert not outcome(a_batch("a", webhook=failing), U).webhook.is_enabled


def test_too_many_parked_subjects_are_a_failing_endpoint() -> None:
    progress = outcome(a_batch("abc"), D, R, R, patience=Patience(parked_max=1))
    assert progress.parked == []
    assert progress.webhook.attempts == 1


def test_gone_disables_at_once() -> None:
    webhook = outcome(a_batch("abc"), D, R, G).webhook
    assert (webhook.is_enabled, webhook.delivered) == (False, Cursor(1, 10))


def test_a_parked_subject_that_was_taken_travels_with_the_others_again() -> None:
    chain = ParkedChain(parked_z(), [an_event(1, "z"), an_event(3, "z")], is_whole=True)
    assert outcome(a_batch("a", chain), D, D, D).unparked == ["z"]
    part = ParkedChain(parked_z(), [an_event(1, "z"), an_event(3, "z")], is_whole=False)
    (parked,) = outcome(a_batch("a", part), D, D, D).parked
    assert (parked.first, parked.attempts) == (Cursor(1, 4), 0)


def test_a_parked_subject_that_is_refused_again_waits_longer() -> None:
    chain = ParkedChain(parked_z(attempts=3), [an_event(1, "z"), an_event(3, "z")], is_whole=True)
    (parked,) = outcome(a_batch("a", chain), D, R, None).parked
    assert (parked.first, parked.attempts) == (Cursor(1, 1), 4)
    (moved,) = outcome(a_batch("a", chain), D, D, R).parked
    assert (moved.first, moved.attempts) == (Cursor(1, 3), 1)


def test_a_parked_event_is_passed_over_after_its_time() -> None:
    chain = ParkedChain(parked_z(since=timedelta(days=6)), [an_event(1, "z")], is_whole=True)
    progress = outcome(a_batch("a", chain), D, R)
    assert [(event.event_id, why) for event, why in progress.passed_over] == [("e1", "HTTP 500")]
    assert progress.parked[0].first == Cursor(1, 2)


def test_an_endpoint_that_is_down_says_nothing_about_a_parked_subject() -> None:
    chain = ParkedChain(parked_z(since=timedelta(days=6)), [an_event(1, "z")], is_whole=True)
    progress = outcome(a_batch("a", chain), U, R)
    assert (progress.parked, progress.passed_over) == ([], [])


@given(
    subjects=st.text("abc", max_size=8),
    answers=st.lists(st.sampled_from([D, R, U, G, None]), min_size=8, max_size=8),
)
def test_whatever_is_answered_no_event_is_lost(subjects: str, answers: list[Answer | None]) -> None:
    """Each event is delivered, or will be read again: after the cursor, or by its parked subject."""
    batch = a_batch(subjects)
    stopped: set[str] = set()
    sent: list[Answer | None] = []
    for event, answer in zip(batch.events, answers, strict=False):
        # As the loop sends them: nothing of a subject after what was not delivered.
        sent.append(None if event.subject in stopped else answer)
        if answer is not D:
            stopped.add(event.subject)
    progress = outcome(batch, *sent)
    firsts = {each.subject: each.first for each in progress.parked}
    for event, answer in zip(batch.events, sent, strict=True):
        comes_again = event.cursor > progress.webhook.delivered
        waits_apart = event.subject in firsts and firsts[event.subject] <= event.cursor
        assert answer is D or comes_again or waits_apart
