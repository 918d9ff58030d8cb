from fulfillment.domain.lines import Line
from fulfillment.live.promise import PromiseRequest, promise
from fulfillment.live.warm_up import compile_decisions
from solver.arrival_sweep import sweep_arrivals
from solver.sequence import plan_in_sequence
from tests.live.test_promise import one_store
from tests.live.worlds import NINE


def test_what_decides_is_compiled_afterwards() -> None:
    compile_decisions()
    compiled = [list(kernel.signatures) for kernel in (plan_in_sequence, sweep_arrivals)]
    assert all(compiled)
    promise(one_store(), PromiseRequest(channel="web", lines=(Line(1, "V", 1),), postal_code="00000"), NINE)
    compile_decisions()
    assert [list(kernel.signatures) for kernel in (plan_in_sequence, sweep_arrivals)] == compiled
