"""A pull as a line over the bytes of its image: what it takes anyway, and how fast the bytes come.

Theil-Sen: the slope is the median of the slopes between all pairs, so that a few pulls from a busy
registry do not bend it (P. K. Sen, JASA 63, 1968). Its interval is from pulls drawn anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.studies.fit.observed import StartSeen

LEAST = 8
"""Pulls, of at least three sizes, the largest twice the smallest."""
DRAWN, MOST = 200, 300
"""Samples of the bootstrap, and pulls in each, at most."""


class PullLine(NamedTuple):
    """Seconds of a pull: `base_s` and its bytes at `bytes_per_s`."""

    n: int
    base_s: float
    bytes_per_s: float
    low_bytes_per_s: float | None = None
    """95% interval; None: the bytes may as well not matter."""
    high_bytes_per_s: float | None = None


def pull_line(starts: Sequence[StartSeen]) -> PullLine | None:
    """The line of all pulls whose bytes are known; None where they are too few or too alike."""
    from scipy.stats import theilslopes

    points = sorted(
        (start.image_bytes, start.phases["pull"].seconds)
        for start in starts
        if start.image_bytes and "pull" in start.phases
    )
    sizes = sorted({size for size, _ in points})
    if len(points) < LEAST or len(sizes) < 3 or sizes[-1] < 2.0 * sizes[0]:
        return None
    draw = np.random.default_rng(0)
    pulls = np.array(points)
    if len(pulls) > MOST:
        pulls = pulls[np.sort(draw.choice(len(pulls), MOST, replace=False))]
    line = theilslopes(pulls[:, 1], pulls[:, 0])
    if not line.slope > 0.0:
        return None
    slopes = []
    for _ in range(DRAWN):
        again = pulls[draw.integers(0, len(pulls), len(pulls))]
        if np.ptp(again[:, 0]) > 0.0:
            slopes.append(float(theilslopes(again[:, 1], again[:, 0]).slope))
    least, most = (float(each) for each in np.quantile(slopes, (0.025, 0.975)))
    interval = (1.0 / most, 1.0 / least) if least > 0.0 else (None, None)
    base = float(np.median(pulls[:, 1] - line.slope * pulls[:, 0]))
    return PullLine(len(points), max(0.0, base), 1.0 / float(line.slope), *interval)
