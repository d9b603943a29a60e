"""What a quota lets a lone job do and when, in closed form: bursts, waits and whole periods."""

import math
from typing import NamedTuple


class Plan(NamedTuple):
    """At full speed from `began` to `pause`, nothing until `refill`, in whole periods at the pace
    of the quota until `last`, and again at full speed until `end`; all in seconds.
    """

    began: float
    pause: float
    refill: float
    last: float
    end: float
    speed: float
    """vCPUs, full speed."""
    pace: float
    """vCPUs, the quota."""
    left: float
    """Core-seconds of the slice of the period in which it began."""

    def used(self, now: float) -> float:
        """Core-seconds used by `now`."""
        burst = max(0.0, min(now, self.pause) - self.began)
        last = max(0.0, min(now, self.end) - self.last)
        paced = max(0.0, min(now, self.last) - self.refill)
        return self.speed * (burst + last) + self.pace * paced


def plan(  # noqa: PLR0917 (positional is quicker)
    work: float, speed: float, left: float, quota: float, period: float, now: float, refill: float
) -> Plan:
    """The plan of `work` core-seconds that begins now.

    Args:
        left: core-seconds left of the slice of this period.
        refill: when the next period begins.
    """
    if work <= left:
        end = now + work / speed
        return Plan(now, end, end, end, end, speed, quota, left)
    pause = min(now + max(0.0, left) / speed, refill)
    rest = work - speed * (pause - now)
    size = quota * period
    whole = max(0, math.ceil(rest / size) - 1) if speed > quota else 0
    last = refill + whole * period
    return Plan(now, pause, refill, last, last + (rest - whole * size) / speed, speed, quota, left)
