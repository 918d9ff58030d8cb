"""Groups are as large as traffic makes them, and nobody waits for company that does not come."""

import threading
import time

import pytest

from fulfillment.domain.errors import Busy
from fulfillment.live.order_queue import OrderQueue
from tests.support.placing import a_placement


def a_queue(linger_seconds: float = 5.0, group_max: int = 8) -> OrderQueue:
    return OrderQueue(orders_max=100, group_max=group_max, linger_seconds=linger_seconds)


def put(queue: OrderQueue, *order_ids: str) -> None:
    for order_id in order_ids:
        queue.put(a_placement(order_id, ("V", 1)))


def names(queue: OrderQueue) -> list[str]:
    return [waiting.request.order_id for waiting in queue.next_group()]


def test_a_single_order_waits_for_nobody() -> None:
    queue = a_queue()
    for order_id in ("A", "B", "C"):
        put(queue, order_id)
        began = time.monotonic()
        assert names(queue) == [order_id]
        assert time.monotonic() - began < 2


def test_after_a_group_as_many_are_waited_for() -> None:
    queue = a_queue()
    put(queue, "A", "B", "C")
    assert names(queue) == ["A", "B", "C"]
    put(queue, "D")
    later = threading.Timer(0.1, put, (queue, "E", "F"))
    later.start()
    assert names(queue) == ["D", "E", "F"]
    later.join()


def test_who_does_not_come_is_waited_for_no_longer_than_said() -> None:
    queue = a_queue(linger_seconds=0.05)
    put(queue, "A", "B", "C")
    names(queue)
    put(queue, "D")
    assert names(queue) == ["D"]
    put(queue, "E")
    assert names(queue) == ["E"]


def test_a_group_is_bounded() -> None:
    queue = a_queue(group_max=2)
    put(queue, "A", "B", "C")
    assert [names(queue), names(queue)] == [["A", "B"], ["C"]]


@pytest.mark.parametrize("shared", ["key", "order", "hold"])
def test_who_must_see_what_became_of_another_is_of_the_next_group(shared: str) -> None:
    queue = a_queue(linger_seconds=0)
    queue.put(a_placement("A", ("V", 1), key="K", hold_id="H"))
    twin = {
        "key": a_placement("B", ("V", 1), key="K"),
        "order": a_placement("A", ("V", 1), key="L"),
        "hold": a_placement("B", ("V", 1), hold_id="H"),
    }[shared]
    queue.put(twin)
    put(queue, "C")
    assert names(queue) == ["A", "C"]
    assert len(queue.next_group()) == 1


def test_what_is_put_back_goes_first() -> None:
    queue = a_queue()
    put(queue, "A", "B")
    (first, _) = queue.next_group()
    put(queue, "C")
    queue.put_back(first)
    assert names(queue) == ["A", "C"]


def test_closed_it_gives_out_what_it_has_and_takes_no_more() -> None:
    queue = a_queue(group_max=2)
    put(queue, "A", "B", "C")
    queue.close()
    queue.close()
    with pytest.raises(Busy):
        put(queue, "D")
    assert [names(queue), names(queue), names(queue)] == [["A", "B"], ["C"], []]
