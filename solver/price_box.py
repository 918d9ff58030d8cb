"""How far prices may move in one step of the climb.

The restricted dual knows only patterns that were met, so its word is good near the prices where they were
met. Each row's price may move within a **box** around the best prices (the boxstep method, Marsten, Hogan &
Blankenship 1975), whose size is learnt in two ways:

- All of it: from how much of the rise that a step promised the exact bound confirms, as trust regions are
  sized (Conn, Gould & Toint 2000).
- Row by row: a price that ran into the wall of a box that held true gets more room, and one that turned back
  gets less (Rprop: Riedmiller & Braun 1993). The worth of a crowded node's capacity can be a hundred times
  that of an ordinary shelf; one size for all is either too much for most or far too little for a few.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SHARE, TEMPERATURES = 0.3, 3.0  # at width 1 a price may move by so much of itself, and so many temperatures
WIDTH_MIN, WIDTH, WIDTH_MAX = 0.05, 0.1, 4.0  # least, first and most
TRUSTED, DOUBTED = 0.5, 0.1  # of a promise: with more of it kept the box grows, with less it shrinks
WIDER, NARROWER = 3.0, 0.5
ROOM_MIN, ROOM_MAX = 0.2, 30.0


class PriceBox:
    """The sizes learnt so far, for so many rows."""

    def __init__(self, n_rows: int) -> None:
        self._width = WIDTH
        self._room = np.ones(n_rows)
        self._went = np.zeros(n_rows)

    def around(self, center: Floats, temperature: float, price_max: Floats) -> tuple[Floats, Floats]:
        """Return the least and the most that each price may become; float64[r], micros."""
        reach = self._width * self._room * (SHARE * center + TEMPERATURES * temperature)
        return np.maximum(0.0, center - reach), np.minimum(center + reach, price_max)

    def learn(self, center: Floats, at: Floats, bounds: tuple[Floats, Floats], kept: float) -> None:
        """Learn from a step within `bounds`, from `center` to `at`, that kept a share of its promise."""
        if kept > TRUSTED:
            self._width = min(WIDTH_MAX, WIDER * self._width)
        elif kept < DOUBTED:
            self._width = max(WIDTH_MIN, NARROWER * self._width)
            return
        low, high = bounds
        went = np.sign(at - center)
        stopped = ((went > 0) & (at >= high - 1)) | ((went < 0) & (at > 0) & (at <= low + 1))
        self._room[stopped] = np.minimum(ROOM_MAX, WIDER * self._room[stopped])
        turned = went * self._went < 0
        self._room[turned] = np.maximum(ROOM_MIN, NARROWER * self._room[turned])
        self._went = went
