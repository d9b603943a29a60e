"""Weighted max-min fair shares as a pure function: the oracle beside the moving law."""

from __future__ import annotations

import math
from collections.abc import Sequence


def max_min_shares(weights: Sequence[float], caps: Sequence[float], capacity: float) -> list[float]:
    """Weighted max-min fair shares of `capacity`, none above its cap.

    Args:
        weights: positive, one a job (dimensionless).
        caps: most a job can use, same order and unit as `capacity`.
        capacity: what there is to share.

    Returns:
        One share a job; their sum is ``min(capacity, sum(caps))``.
    """
    shares = list(caps)
    left, weight = capacity, math.fsum(weights)
    by_ratio = sorted(range(len(caps)), key=lambda i: caps[i] / weights[i])
    for place, i in enumerate(by_ratio):
        if caps[i] * weight > left * weights[i]:
            for j in by_ratio[place:]:
                shares[j] = left * weights[j] / weight
            break
        left -= caps[i]
        weight = math.fsum(weights[j] for j in by_ratio[place + 1 :])
    return shares
