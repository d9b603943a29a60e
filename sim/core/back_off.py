"""Exponential back-off: how long who was refused waits before each further try."""

import math
from collections.abc import Iterator


def back_off(first: float, longest: float = math.inf) -> Iterator[float]:
    """Seconds before each further try, without end: `first`, then twice as long each time.

    Args:
        longest: where the doubling stops; a `first` above it is waited once.
    """
    pause = first
    while True:
        yield pause
        pause = min(longest, 2.0 * pause)
