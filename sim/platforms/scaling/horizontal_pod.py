"""Kubernetes' HorizontalPodAutoscaler: how many pods of a Deployment there shall be.

As the documentation of `autoscaling/v2` describes it (kubernetes.io, Horizontal Pod Autoscaling).
"""

import math
from collections import deque
from collections.abc import Sequence

from sim.core.cited import Number, Positive, plain
from sim.core.description import description

ROUNDING = 1e-9
"""Copies that are nothing but rounding."""


@description
class HorizontalPodAutoscaler:
    """Aims at a share of the CPU request, mean of the pods."""

    every: Positive
    """Seconds between two looks."""
    tolerance: Number
    """No change while the ratio of use to target is no further from 1."""
    stabilization: Number
    """Seconds over which the highest recommendation counts on the way down."""
    most_pods: Number
    """Pods that may be added in one period."""
    most_share: Number
    """Or that share of those that there are, whichever is more."""
    up_period: Positive
    """Seconds of that period."""

    def desired(self, uses: Sequence[float], unready: int, target: float) -> int:
        """Pods that bring the mean use to the target.

        Args:
            uses: of the ready pods, as a share of their request.
            unready: pods that are not ready yet; on the way up they count as idle.
            target: share of the request.
        """
        current = len(uses) + unready
        if not uses:
            return current
        total = math.fsum(uses)
        ratio = total / len(uses) / target
        if abs(ratio - 1.0) <= plain(self.tolerance) + ROUNDING:
            return current
        if ratio < 1.0:
            return math.ceil(ratio * current - ROUNDING)
        damped = total / current / target
        if damped <= 1.0 + plain(self.tolerance) + ROUNDING:
            return current
        return max(current, math.ceil(damped * current - ROUNDING))

    def begin(self, target: float, least: int, most: int) -> "LivePodAutoscaler":
        """At work on one Deployment."""
        return LivePodAutoscaler(self, target, least, most)


class LivePodAutoscaler:
    """Remembers what it has recommended, and when it added pods."""

    def __init__(
        self, autoscaler: HorizontalPodAutoscaler, target: float, least: int, most: int
    ) -> None:
        self._autoscaler = autoscaler
        self._target, self._least, self._most = target, least, most
        self._recommended: deque[tuple[float, int]] = deque()
        self._counts: deque[tuple[float, int]] = deque()
        """Copies that there were, for the limit on the way up."""
        self.every = plain(autoscaler.every)

    def decide(self, now: float, uses: Sequence[float], unready: int) -> int:
        """How many there shall be from now on."""
        rules, current = self._autoscaler, len(uses) + unready
        wanted = rules.desired(uses, unready, self._target)
        self._recommended.append((now, wanted))
        while self._recommended[0][0] < now - plain(rules.stabilization):
            self._recommended.popleft()
        if wanted < current:
            wanted = min(current, max(count for _, count in self._recommended))
        before = self._at_period_start(now, current)
        more = max(before + plain(rules.most_pods), before * (1.0 + plain(rules.most_share)))
        return max(self._least, min(self._most, math.floor(more + ROUNDING), wanted))

    def _at_period_start(self, now: float, current: int) -> int:
        self._counts.append((now, current))
        while self._counts[0][0] <= now - plain(self._autoscaler.up_period):
            self._counts.popleft()
        return self._counts[0][1] if self._counts else current
