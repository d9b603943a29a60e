"""Water: saturations that share a rate, and the level at which it is used up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from sim.core.saturation import RESIDUE, Member, Saturation

TRUST = 256
"""And `fixed` and `loose` also after so many changes."""

FADE = 1024.0
"""A clock is set back once it has run this much further than it would at the present level."""


class Water:
    """Saturations sorted by ratio, filled to one level.

    The first `full` of them have all they can use, `fixed` in all; the others, of weight `loose`,
    share the rest at water level ``lam = (rate - fixed) / loose``. The last one always counts as
    loose: at its own ratio that comes to the same. Its clock, ``dU = lam dt``, is the axis on
    which the loose ones run.
    """

    __slots__ = (
        "clock",
        "fixed",
        "full",
        "level",
        "loose",
        "peak_fixed",
        "peak_loose",
        "rated",
        "ratios",
        "saturations",
        "trust",
        "uneven",
    )

    def __init__(self) -> None:
        self.saturations: list[Saturation] = []
        self.ratios: list[float] = []
        """Theirs, in the same order."""
        self.full = 0
        self.fixed = 0.0
        self.loose = 0.0
        self.level = 0.0
        """Water level when last filled."""
        self.rated = 0.0
        """Rate used when last filled."""
        self.clock = 0.0
        self.uneven = False
        """Something weighs or asks differently since then."""
        self.trust = 0
        """Changes until `fixed` and `loose` are added up anew, so that no rounding builds up."""
        self.peak_fixed = 0.0
        self.peak_loose = 0.0
        """Largest they were since then: once little is left of that, what rounding left matters."""

    def saturation(self, ratio: float) -> Saturation:
        """The saturation of this ratio."""
        place = bisect_left(self.ratios, ratio)
        if place == len(self.ratios) or self.ratios[place] != ratio:
            self.ratios.insert(place, ratio)
            self.saturations.insert(place, Saturation(ratio, self.clock))
            self.trust = 0
        return self.saturations[place]

    def seated(self, saturation: Saturation) -> Iterable[Member]:
        """Members that may be in a saturation without being queued there."""
        del saturation
        return ()

    def demand_of_all(self) -> float:
        """Most that can be used here."""
        asked = 0.0
        for saturation in self.saturations:
            if saturation.count:
                asked += saturation.ratio * saturation.weight
        return asked

    # --- members come and go

    def come(self, saturation: Saturation, weight: float) -> None:
        """A member of this weight."""
        self.uneven = True
        saturation.count += 1
        saturation.weight += weight
        if len(self.saturations) > 1:
            self.shift(saturation, weight)

    def part(self, saturation: Saturation, weight: float) -> None:
        """A member of this weight leaves."""
        self.uneven = True
        if saturation.lose(weight):
            saturation.weigh(self.seated(saturation))
        if len(self.saturations) > 1:
            self.shift(saturation, -weight)

    def shift(self, saturation: Saturation, weight: float) -> None:
        """Keep `fixed` and `loose` as a saturation gains or loses weight."""
        self.trust -= 1
        if saturation.full:
            self.fixed = fixed = self.fixed + weight * saturation.ratio
            if fixed > self.peak_fixed:  # noqa: PLR1730 (a call less)
                self.peak_fixed = fixed
        else:
            self.loose = loose = self.loose + weight
            if loose > self.peak_loose:  # noqa: PLR1730 (a call less)
                self.peak_loose = loose

    # --- the level

    def fill(self, rate: float, now: float) -> None:
        """Find the level at which `rate` is used up, or everything is full."""
        self.uneven = False
        self.rated = rate
        if len(self.saturations) == 1:
            self.loose = self.saturations[0].weight
        elif (
            self.trust <= 0
            or self.loose < RESIDUE * self.peak_loose
            or self.fixed < RESIDUE * self.peak_fixed
            or not self._between((rate - self.fixed) / self.loose)
        ):
            self._refill(rate, now)
        if self.loose:
            self.level = (rate - self.fixed) / self.loose
            if self.level > self.ratios[-1]:
                self.level = self.ratios[-1]
                self.rated = self.fixed + self.level * self.loose
            if self.clock and self.clock > FADE * self.level * abs(now):
                self._restart(now)
        else:
            self._empty()

    def _between(self, level: float) -> bool:
        """Whether the same saturations are full at `level` as before."""
        ratios, full = self.ratios, self.full
        return (full == len(ratios) - 1 or level < ratios[full]) and (
            full == 0 or level >= ratios[full - 1]
        )

    def _refill(self, rate: float, now: float) -> None:
        """Find out which saturations are full at `rate`, filling one after the other."""
        self.saturations = saturations = [s for s in self.saturations if s.count]
        self.ratios = [s.ratio for s in saturations]
        above = list(accumulate([s.weight for s in reversed(saturations)], initial=0.0))
        full, fixed, last = 0, 0.0, len(saturations) - 1
        while full < last and saturations[full].ratio * above[last - full + 1] <= rate - fixed:
            fixed += saturations[full].ratio * saturations[full].weight
            full += 1
        self.full, self.fixed, self.loose = full, fixed, above[last - full + 1]
        self.level = (rate - fixed) / self.loose if self.loose else 0.0
        self._restart(now)
        for place, saturation in enumerate(saturations):
            if saturation.full != (place < full):
                saturation.turn(place < full, self.clock, now)
        self.peak_fixed, self.peak_loose = self.fixed, self.loose
        self.trust = TRUST if saturations else 0

    def _empty(self) -> None:
        """Nothing runs: all clocks start anew."""
        self.level = self.rated = self.clock = 0.0
        for saturation in self.saturations:
            saturation.origin = 0.0

    def _restart(self, now: float) -> None:
        """Set the clock to 0, and the clocks of saturations too that have run far."""
        for saturation in self.saturations:
            value = saturation.value(self.clock, now)
            if value > FADE * min(saturation.ratio, self.level) * abs(now):
                saturation.rebase(value, self.seated(saturation))
            if not saturation.full:
                saturation.origin -= self.clock
        self.clock = 0.0
