"""The histogram of the Vertical Pod Autoscaler: buckets that grow, samples that fade.

Source: kubernetes/autoscaler, vertical-pod-autoscaler/pkg/recommender/util (histogram.go,
histogram_options.go, decaying_histogram.go).
"""

import math

import numpy as np

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.workload.sizing.use import Series


@description
class Buckets:
    """Bucket 0 reaches from 0 to `first`; each one after it is wider by `growth`."""

    first: Number
    growth: Number
    """Share by which a bucket is wider than the one before it."""

    def end(self, amount: float) -> float:
        """The upper end of the bucket in which an amount lies, which is what is reported for it."""
        first, growth = plain(self.first), plain(self.growth)
        bucket = 0
        if amount >= first:
            bucket = math.floor(math.log(amount * growth / first + 1.0) / math.log1p(growth))
        return self.start(bucket + 1)

    def start(self, bucket: int) -> float:
        """Where a bucket begins: the widths of all before it, a geometric series."""
        first, growth = plain(self.first), plain(self.growth)
        return first * ((1.0 + growth) ** bucket - 1.0) / growth

    def percentile(self, series: Series, share: float, half_life: float) -> float:
        """The end of the bucket that a share of the weight does not exceed.

        Args:
            half_life: seconds in which a sample loses half of its weight.
        """
        times, amounts = np.asarray(series.times), np.asarray(series.amounts)
        weights = np.exp2((times - times[-1]) / half_life)
        order = np.argsort(amounts, kind="stable")
        reached = np.cumsum(weights[order]) >= share * weights.sum() * (1.0 - 1e-12)
        return self.end(float(amounts[order][int(np.argmax(reached))]))


def peaks(series: Series, interval: float) -> Series:
    """The largest reading of each interval, at its end; intervals begin at the first reading."""
    largest: dict[int, float] = {}
    for time, amount in zip(series.times, series.amounts, strict=True):
        number = int((time - series.times[0]) // interval)
        largest[number] = max(largest.get(number, 0.0), amount)
    ends = tuple(series.times[0] + (number + 1) * interval for number in largest)
    return Series(times=ends, amounts=tuple(largest.values()))
