"""The running decision and promises, timed on a small day."""

from benchmarks.live import GROUPS, time_live
from tests.planning.days import day, node, order


def test_every_group_size_and_promises_are_timed() -> None:
    orders = {f"O{k}": order(("V", 1), ("W", 1)) for k in range(9)}
    stock = {(at, sku): 9 for at in ("L1", "L2") for sku in ("V", "W")}
    times = time_live(day({"L1": node(), "L2": node(lat=41.0)}, stock, orders))
    assert [each.what for each in times] == [*(f"decide, groups of {size}" for size in GROUPS), "promise"]
    assert all(0 < each.median_call_us <= each.p99_call_us and each.mean_us > 0 for each in times)
