"""How much a solve does: its effort in passes, rounds and blocks."""

from dataclasses import dataclass

LONG_DAY_ORDERS = 40_000  # more get fewer passes by default


@dataclass(frozen=True, slots=True)
class SolveParams:
    """How a batch is solved; the defaults suit a day of retail orders.

    Temperatures, reach and threshold are shares of what an order costs on average when first come is first
    served.
    """

    climbs: int = 30  # the most steps of the climb
    temperature: float = 0.05  # of the first
    warm_temperature: float = 0.02  # of the first from a warm start
    cooling: float = 0.65
    coolest: float = 0.0005
    climb_pays: float = 0.02  # of the gap: two steps that close less of it are the last
    climb_steps: int = 30  # evaluations of the restricted dual in each
    climb_longer: int = 3  # times as many once hardly a pattern is missing
    samples: int = 0  # noisy pricing passes after each, for more patterns than it needs
    plan_every: int = 6  # steps of the climb
    cycles: int = 2  # of displacement and blocks
    improvement_rounds: int = 6  # of displacement in each cycle
    moves_per_order: float = 1.0  # in each round
    threshold: float = 0.005  # of the first round; falls to zero
    blocks: int = 60  # the most in each cycle
    blocks_at_once: int = 6  # whatever the threads, so that the plan does not depend on their number
    block_orders: int = 400
    block_columns: float = 5.0  # the most patterns an order has in them, on average
    reach: float = 0.2  # of the patterns that a block may use
    master_rounds: int = 15  # of the linear program over all patterns
    master_reach: float = 0.005  # of the patterns in it
    master_patterns: int = 30_000  # with more it is not tried, nor with so many rows that could run out
    master_rows: int = 5_000
    tiny: int = 400  # orders; so few are one block in the end
    tiny_nodes: int = 5_000  # of that block's search tree
    large_order_effort: float = 10.0  # deterministic seconds for all orders too large for the exact search
    threads: int = 2

    def __post_init__(self) -> None:
        whole = (self.climb_steps, self.climb_longer, self.plan_every, self.block_orders, self.blocks_at_once)
        counts = (self.climbs, self.samples, self.cycles, self.improvement_rounds, self.blocks)
        if min(*whole, self.threads) < 1 or min(*counts, self.master_rounds, self.tiny, self.tiny_nodes) < 0:
            raise ValueError("steps, sizes and threads must be at least 1, all other counts at least 0")
        if not all(share > 0 for share in (self.temperature, self.warm_temperature, self.coolest)):
            raise ValueError("temperatures must be above 0")
        if not 0 < self.cooling < 1:
            raise ValueError("cooling must be between 0 and 1")
        shares = (self.moves_per_order, self.threshold, self.block_columns, self.reach, self.master_reach)
        if min(*shares, self.climb_pays, self.large_order_effort) < 0:
            raise ValueError("moves, threshold, columns, reach, what pays and effort must be at least 0")

    @classmethod
    def for_size(cls, n_orders: int, threads: int = 2) -> "SolveParams":
        """Return the default effort: fewer passes over very many orders, so that a day stays minutes."""
        if n_orders <= LONG_DAY_ORDERS:
            return cls(threads=threads)
        return cls(
            coolest=0.001,
            climb_longer=1,
            master_rounds=0,  # it has more orders than the program may have patterns
            plan_every=8,
            cycles=1,
            improvement_rounds=4,
            moves_per_order=0.5,
            blocks=90,
            threads=threads,
        )

    @property
    def passes_planned(self) -> int:
        """The most passes over all orders that a solve without a start makes."""
        prices = self.climbs * (1 + self.samples) + -(-self.climbs // self.plan_every)
        prices += 2 * self.master_rounds
        return 5 + prices + self.cycles * (self.improvement_rounds + -(-self.blocks // self.blocks_at_once))

    @property
    def warm_passes_planned(self) -> int:
        """The most passes from a start: its prices, its plan, and that plan improved before the climb."""
        return 2 + self.improvement_rounds + self.passes_planned
