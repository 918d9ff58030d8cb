from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from fulfillment.clock import ManualClock, SystemClock
from fulfillment.ids import IdsInBlocks, SeededIds, TimeOrderedIds

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


class SteppingBack:
    """A clock that the network time service has just set back."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        self.at -= timedelta(seconds=1)
        return self.at


def test_an_id_is_a_version_7_uuid_that_begins_with_its_milliseconds() -> None:
    number = UUID(TimeOrderedIds(ManualClock(START)).new_id())
    assert (number.version, number.variant) == (7, RFC_4122)
    assert number.int >> 80 == int(START.timestamp() * 1000)


def test_ids_increase_with_the_clock() -> None:
    clock = ManualClock(START)
    ids = TimeOrderedIds(clock)
    earlier = ids.new_id()
    clock.advance(timedelta(milliseconds=1))
    assert earlier < ids.new_id()


def test_ids_increase_while_the_clock_stands_still_or_steps_back() -> None:
    for clock in (ManualClock(START), SteppingBack()):
        ids = TimeOrderedIds(clock)
        made = [ids.new_id() for _ in range(1000)]
        assert made == sorted(set(made))
        assert {UUID(one).version for one in made} == {7}


def test_ids_that_outrun_their_random_bits_go_on_in_the_next_millisecond() -> None:
    ids = TimeOrderedIds(ManualClock(START), lambda bits: (1 << bits) - 1)
    first, second = UUID(ids.new_id()), UUID(ids.new_id())
    assert second.int >> 80 == (first.int >> 80) + 1
    assert second.version == 7


def test_threads_never_share_an_id() -> None:
    ids = TimeOrderedIds(SystemClock())
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(2000)))
    assert len(set(made)) == 2000


def test_the_same_seed_and_clock_give_the_same_ids() -> None:
    one, same, other = (SeededIds(seed, ManualClock(START)) for seed in (1, 1, 2))
    made = [one.new_id() for _ in range(10)]
    assert made == [same.new_id() for _ in range(10)]
    assert not set(made) & {other.new_id() for _ in range(10)}


def test_ids_made_at_once_increase_like_those_made_one_by_one() -> None:
    for clock in (ManualClock(START), SteppingBack(), SystemClock()):
        ids = TimeOrderedIds(clock)
        made = [ids.new_id(), *ids.new_ids(500), ids.new_id(), *ids.new_ids(2), ids.new_id()]
        assert len(made) == 505
        assert made == sorted(set(made))
        assert {UUID(one).version for one in made} == {7}


def test_ids_taken_in_blocks_increase_and_are_shared_with_nobody() -> None:
    source = TimeOrderedIds(SystemClock())
    blocks = IdsInBlocks(source, 8), IdsInBlocks(source, 8)
    made = [[block.new_id() for _ in range(20)] + block.new_ids(3) for block in blocks]
    assert all(each == sorted(each) for each in made)
    assert len({*made[0], *made[1], source.new_id()}) == 2 * 23 + 1
