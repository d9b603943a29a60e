"""Oracles that several tests share: means with a tolerance from their own standard error."""

import math
from collections.abc import Sequence

import numpy as np

BATCHES = 30
"""Batches of one run: enough for a standard error, few enough to be nearly independent."""

WIDTH = 4.0
"""Standard errors allowed: one false alarm in 16,000."""

BLUNT = 0.06
"""Widest relative standard error that still tells a wrong model from a right one."""


def batch_means(series: Sequence[float], warm_up: float = 0.1) -> tuple[float, float]:
    """Mean of a correlated series and its standard error, by batch means."""
    kept = np.asarray(series[int(len(series) * warm_up) :], dtype=float)
    length = len(kept) // BATCHES
    means = kept[: length * BATCHES].reshape(BATCHES, length).mean(axis=1)
    return float(means.mean()), float(means.std(ddof=1) / math.sqrt(BATCHES))


def assert_mean(series: Sequence[float], expected: float) -> None:
    """The mean of a stationary series is `expected`, as far as its length can tell."""
    mean, error = batch_means(series)

    assert error < BLUNT * expected, f"standard error {error:.3g} of {mean:.6g} is too wide"
    assert abs(mean - expected) < WIDTH * error, f"{mean:.6g} +- {error:.3g}, not {expected:.6g}"
