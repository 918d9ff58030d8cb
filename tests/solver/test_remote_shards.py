"""Shards elsewhere give what threads give, to the last bit, however many workers are lost on the way."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from solver import shard_worker
from solver.problem import AllocationProblem
from solver.remote_shards import LOSSES_MAX, RemoteShards, digest
from solver.shard_parts import network_of
from solver.shards import (
    SHARD_ORDERS,
    SHARDS_MAX,
    SHARDS_MIN,
    PriceOrders,
    Shard,
    ShardPool,
    ThreadShards,
    WorkersLost,
    count_shards,
)
from solver.solve import Status, solve
from tests.solver.plans import QUICK
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules
from tests.solver.workforces import BreakingThreads


@pytest.fixture(autouse=True)
def _new_worker() -> None:
    """Seats of `BreakingThreads` are in this process, and so is what they keep."""
    shard_worker._kept.clear()


def day(seed: int = 0) -> AllocationProblem:
    return random_problem(
        np.random.default_rng(seed), n_orders=61, n_nodes=8, n_skus=12, lines_max=3, stock_max=12
    )


@dataclass(frozen=True)
class Weigh:
    """A job whose results differ in the last bits when they are added up in another sequence."""

    factor: float

    def __call__(self, shard: Shard) -> float:
        p, total = shard.problem, 0.0
        for order in range(shard.first, p.n_orders, shard.step):
            lines = slice(*p.order_ptr[order : order + 2])
            total += self.factor / float(1 + p.line_penalty[lines].sum())
            total += float(np.sin(p.line_qty[lines] * p.order_destination[order]).sum())
        return total


def priced(p: AllocationProblem, seed: int = 0) -> PriceOrders:
    rng = np.random.default_rng(seed)
    return PriceOrders(rng.integers(0, 60, p.n_stock), rng.integers(0, 60, p.n_nodes))


class ForgetsLost(RemoteShards):
    """The broken twin: what a lost worker had not answered counts as nothing."""

    def run(self, job):
        self._nothing = next(ThreadShards(network_of(self.problem), 1).run(job))
        yield from super().run(job)

    def _take(self, future, ask, arrived, losses) -> None:
        super()._take(future, ask, arrived, losses)
        if losses[ask.shard]:
            ask.seat.to_do.remove(ask.shard)
            losses[ask.shard] = 0
            arrived[ask.shard] = self._nothing


def assert_same_as_threads(pool: ShardPool) -> None:
    threads = ThreadShards(pool.problem, 2)
    for seed in range(3):
        prices = priced(pool.problem, seed)
        for one, other in zip(pool.run(prices), threads.run(prices), strict=True):
            assert one.tolist() == other.tolist()
        assert sum(pool.run(Weigh(0.1 + seed))) == sum(threads.run(Weigh(0.1 + seed)))


@pytest.mark.parametrize("seats", [1, 2, 3, 20])
def test_any_number_of_seats_gives_what_threads_give(seats: int) -> None:
    with RemoteShards(day(), BreakingThreads(seats)) as pool:
        assert_same_as_threads(pool)
        assert pool.losses == 0


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_rules_travel_with_the_orders_and_the_network(rules: str) -> None:
    rng = np.random.default_rng(5)
    with RemoteShards(with_rules(rng, day(), rules), BreakingThreads(2)) as pool:
        assert_same_as_threads(pool)


@pytest.mark.parametrize("broken", [{1}, {3}, {4, 5}, {2, 9, 17, 30}, set(range(5, 60, 7))])
def test_lost_workers_change_nothing(broken: set[int]) -> None:
    workforce = BreakingThreads(2, breaks=lambda ask: ask in broken)
    with RemoteShards(day(), workforce) as pool:
        assert_same_as_threads(pool)
        assert pool.losses == len(broken)
    assert workforce.hired == workforce.dismissed == 2 + len(broken)


def test_a_pool_that_forgets_what_was_lost_is_caught() -> None:
    """The broken twin of the test above; while nobody is lost it does as well."""
    with ForgetsLost(day(), BreakingThreads(2)) as pool:
        assert_same_as_threads(pool)
    shard_worker._kept.clear()
    with (
        ForgetsLost(day(), BreakingThreads(2, breaks=lambda ask: ask == 3)) as pool,
        pytest.raises(AssertionError),
    ):
        assert_same_as_threads(pool)


def test_a_worker_is_sent_the_network_once_its_orders_once_and_prices_with_each_job() -> None:
    p = day()
    workforce = BreakingThreads(2)
    with RemoteShards(p, workforce) as pool:
        assert_same_as_threads(pool)
    jobs = 6
    assert len(workforce.asked) == jobs * pool.n_shards
    assert sum(ask.network is not None for ask in workforce.asked) == 2
    assert sum(ask.orders is not None for ask in workforce.asked) == pool.n_shards
    assert sum(ask.job_itself is not None for ask in workforce.asked) == 2 * jobs


def test_a_worker_that_knows_nothing_is_told_everything_anew() -> None:
    """As when a cluster moves an ask to a machine that we did not choose."""
    p = day()
    workforce = BreakingThreads(2)
    with RemoteShards(p, workforce) as pool:
        assert_same_as_threads(pool)
        shard_worker._kept.clear()
        assert_same_as_threads(pool)
        assert pool.losses == 0
    assert sum(ask.network is not None for ask in workforce.asked) > 2


def test_a_worker_keeps_few_problems_and_answers_about_all() -> None:
    problems = [day(seed) for seed in range(shard_worker.PROBLEMS_KEPT_MAX + 2)]
    workforce = BreakingThreads(1)
    pools = [RemoteShards(p, workforce) for p in problems]
    for pool in pools * 2:
        assert_same_as_threads(pool)
        assert len(shard_worker._kept) <= shard_worker.PROBLEMS_KEPT_MAX
    for pool in pools:
        pool.close()


def test_digests_tell_problems_apart() -> None:
    p = day()
    digests = {digest(p)}
    for name in ("pos_free", "lane_band", "line_qty", "order_destination"):
        changed = getattr(p, name).copy()
        changed.flat[0] = 1 - min(changed.flat[0], 1) if name != "line_qty" else changed.flat[0] + 1
        digests.add(digest(replace(p, **{name: changed})))
    assert len(digests) == 5
    assert digest(replace(p, pos_free=p.pos_free.copy())) in digests


def test_losing_too_many_workers_is_an_error_that_says_so() -> None:
    workforce = BreakingThreads(2, breaks=lambda ask: ask > 4)
    with (
        RemoteShards(day(), workforce) as pool,
        pytest.raises(WorkersLost, match=rf"lost its worker {LOSSES_MAX + 1} times.*BrokenExecutor"),
    ):
        list(pool.run(Weigh(1.0)))
    assert workforce.hired == workforce.dismissed


@pytest.mark.parametrize("last_good", [0, 8, 40])
def test_a_solve_whose_workers_are_all_lost_keeps_what_it_has(last_good: int) -> None:
    p = day()
    with RemoteShards(p, BreakingThreads(2, breaks=lambda ask: ask > last_good)) as pool:
        result = solve(p, params=QUICK, pool=pool)
    assert (result.status, result.repeatable) == (Status.STOPPED, False)
    assert result.stop_reason.startswith("workers lost: shard ")
    assert 0 <= result.lower_bound <= result.cost <= result.first_come_cost
    assert (result.lower_bound > 0) == (last_good > 0)


def test_what_a_worker_does_wrong_is_no_loss_and_is_told_at_once() -> None:
    workforce = BreakingThreads(2)
    with RemoteShards(day(), workforce) as pool, pytest.raises(ZeroDivisionError, match="our own mistake"):
        list(pool.run(_Wrong()))
    assert workforce.hired == 2


class _Wrong:
    def __call__(self, shard: object) -> int:
        raise ZeroDivisionError("our own mistake")


def test_a_pass_that_was_left_does_not_harm_the_next_one() -> None:
    with RemoteShards(day(), BreakingThreads(2)) as pool:
        left = pool.run(Weigh(9.0))
        next(left)
        left.close()
        assert_same_as_threads(pool)


def test_a_pool_belongs_to_its_problem() -> None:
    with pytest.raises(ValueError, match="orders of this problem"):
        solve(day(0), params=QUICK, pool=ThreadShards(day(1), 1))


def test_shards_depend_on_the_orders_alone() -> None:
    assert count_shards(0) == count_shards(2_000) == SHARDS_MIN
    assert count_shards(SHARD_ORDERS * 20) == 20
    assert count_shards(10_000_000) == SHARDS_MAX
