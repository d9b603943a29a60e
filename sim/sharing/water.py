"""Water: saturations that share a rate, and the level at which it is used up."""

from __future__ import annotations

from itertools import accumulate

from sim.sharing.agenda import Agenda
from sim.sharing.lazy_heap import OVER
from sim.sharing.ratio_class import RESIDUE
from sim.sharing.waterfill import FADE, FEW, Basin

TRUST = 256
"""Sums are added up anew after so many changes, or as many as there are saturations."""


class Water(Basin):
    """A basin filled to one level.

    The loose saturations share what the full ones leave of a rate, at water level
    ``lam = (rate - fixed) / loose``. The last one is loose even where all have what they can use:
    at its own ratio that comes to the same. The clock, ``dU = lam dt``, is their axis.
    """

    __slots__ = ("level", "rated")

    def __init__(self) -> None:
        super().__init__()
        self.level = 0.0
        """Water level when last filled."""
        self.rated = 0.0
        """Rate used when last filled."""

    def fill(self, rate: float, now: float) -> None:
        """Find the level at which `rate` is used up, or everything is full."""
        self.uneven = False
        self.rated = rate
        saturations = self.saturations
        if len(saturations) > 1 and not saturations[-1].count:
            self._trim(now)
        if len(saturations) == 1:
            self.agenda = None
            self.loose = loose = saturations[0].weight
            self.level = rate / loose if loose else 0.0
        elif self.trust <= 0:
            self._refill(rate, now)
        else:
            self._step(rate, now)
        if self.loose:
            if self.level > self.ratios[-1]:
                self.level = self.ratios[-1]
                self.rated = self.fixed + self.level * self.loose
            if self.clock and self.clock > FADE * self.level * abs(now):
                self._restart(now)
        else:
            self._empty()

    def _trim(self, now: float) -> None:
        """Drop saturations with nobody in them from the end; the last one counts as loose."""
        saturations = self.saturations
        while len(saturations) > 1 and not saturations[-1].count:
            saturations.pop().ticket = OVER
            self.ratios.pop()
        self.full = min(self.full, len(saturations))
        if self.full == len(saturations):
            self.turn(saturations[-1], False, self.level, now)
            self.full -= 1
        if not self.full:
            self.fixed = 0.0

    def _step(self, rate: float, now: float) -> None:
        """Have the same saturations full as before, or a few more, or a few less."""
        saturations, ratios = self.saturations, self.ratios
        last = len(saturations) - 1
        moved = 0  # up or down: rounding must not send it to and fro
        for _ in range(FEW + last // 8):
            full, fixed, loose = self.full, self.fixed, self.loose
            if full == last:
                self.loose = self.peak_loose = loose = saturations[last].weight
            if not full:
                self.fixed = self.peak_fixed = fixed = 0.0
            if loose < RESIDUE * self.peak_loose or fixed < RESIDUE * self.peak_fixed:
                self._refill(rate, now)
                return
            self.level = level = (rate - fixed) / loose
            if full < last and level >= ratios[full] and moved >= 0:
                self.turn(saturations[full], True, level, now)
                moved = 1
            elif full and level < ratios[full - 1] and moved <= 0:
                self.turn(saturations[full - 1], False, level, now)
                moved = -1
            else:
                return
            self.full += moved
        self._refill(rate, now)  # quicker than to turn most of them one by one

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
        self.agenda = None
        self._restart(now)
        for place, saturation in enumerate(saturations):
            if saturation.full != (place < full):
                saturation.turn(place < full, self.clock, now)
        self.peak_fixed, self.peak_loose = self.fixed, self.loose
        self.trust = max(TRUST, len(saturations)) if saturations else 0
        self.agenda = Agenda(saturations) if len(saturations) > FEW else None

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
        if self.agenda:
            self.agenda = Agenda(self.saturations)
