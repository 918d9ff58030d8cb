from fulfillment.live.warm_up import compile_decisions
from solver.sequence import plan_in_sequence


def test_what_decides_is_compiled_afterwards() -> None:
    compile_decisions()
    assert plan_in_sequence.signatures
    compiled = list(plan_in_sequence.signatures)
    compile_decisions()
    assert list(plan_in_sequence.signatures) == compiled
