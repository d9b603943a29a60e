"""The largest number that passes: by the late share, from the top in steps that double or more."""

import math

from sim.studies.density.bench import LATE, Probed

SOON = 4
"""Probes by the late share within a bracket before it is halved each time: no end is stuck to."""


class Search:
    """Where the answer may be, and where to look next.

    Args:
        high: the most that arithmetic allows.
    """

    def __init__(self, high: int) -> None:
        self.low, self.high = 0, high
        """It is not below, and not above."""
        self._step = 1
        self._shares: dict[int, float] = {}
        """Logarithm of the late share, over the allowed one, by the number probed."""
        self._guesses = 0

    def learn(self, probed: Probed) -> None:
        """Take a probe into account."""
        number = probed.probe.sandboxes
        if probed.late > 0.0:
            self._shares[number] = math.log(probed.late / LATE)
        if probed.probe.passed:
            self.low = number
        else:
            self.high = number - 1
            self._step *= 2

    @property
    def left(self) -> int:
        """Probes that it may still take, by halves."""
        return (self.high - self.low).bit_length()

    def trial(self) -> int:
        """The number to probe next."""
        guess, halved = self._guess(), (self.low + self.high + 1) // 2
        if self.low == 0:
            down = self.high + 1 - self._step
            return max(halved, down if guess is None else min(guess, down))
        if guess is None or self._guesses == SOON:
            return halved
        self._guesses += 1
        return min(max(guess, self.low + 1), self.high)

    def _guess(self) -> int | None:
        """The last number with no more late ones than may be, along a line; None: not known."""
        numbers = sorted(self._shares)
        above = [number for number in numbers if number > self.high]
        below = [number for number in numbers if number <= self.low]
        pair = (below[-1:] + above[:2])[:2]
        if len(pair) < 2:
            return None
        one, other = pair
        slope = (self._shares[other] - self._shares[one]) / (other - one)
        return None if slope <= 0.0 else math.floor(one - self._shares[one] / slope)
