"""ECS service auto scaling with target tracking: how many tasks of a service there shall be.

Alarms on points of the mean CPU use (Application Auto Scaling user guide, target tracking): out as
soon as some points in a row are above the target, in once many are well below it. The count it
starts from is that of running tasks.
"""

import math
from collections.abc import Sequence

from sim.core.cited import Number, Positive, plain
from sim.core.description import description


@description
class TargetTracking:
    """Aims at a share of the CPU reservation, mean of the running tasks."""

    every: Positive
    """Seconds between two points of the metric."""
    out_points: Number
    """Points above the target, in a row, before it scales out."""
    in_points: Number
    """Points below `in_below` of the target, in a row, before it scales in."""
    in_below: Positive
    """Share of the target."""
    cooldown: Number
    """Seconds after a change in which only a larger one follows, and none inwards."""

    def begin(self, target: float, least: int, most: int) -> "LiveTargetTracking":
        """At work on one service."""
        return LiveTargetTracking(self, target, least, most)


class LiveTargetTracking:
    """Counts points in a row."""

    def __init__(self, policy: TargetTracking, target: float, least: int, most: int) -> None:
        self._policy = policy
        self._target, self._least, self._most = target, least, most
        self._above = self._below = 0
        self._changed = -math.inf
        self.every = plain(policy.every)

    def decide(self, now: float, uses: Sequence[float], unready: int) -> int:
        """How many there shall be from now on."""
        current = len(uses) + unready
        if not uses:
            return current
        mean = math.fsum(uses) / len(uses)
        low = plain(self._policy.in_below) * self._target
        self._above = self._above + 1 if mean > self._target else 0
        self._below = self._below + 1 if mean < low else 0
        proportional = math.ceil(len(uses) * mean / self._target - 1e-9)
        wanted = current
        if self._above >= plain(self._policy.out_points):
            wanted = max(current, proportional)
        elif self._below >= plain(self._policy.in_points):
            cooling = now - self._changed < plain(self._policy.cooldown)
            wanted = current if cooling else min(current, proportional)
        wanted = max(self._least, min(self._most, wanted))
        if wanted != current:
            self._changed = now
        return wanted
