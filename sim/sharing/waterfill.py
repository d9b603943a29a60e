"""A basin: the saturations of a group, and sums over them that are kept as members come and go."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from sim.sharing.agenda import Agenda
from sim.sharing.lazy_heap import SPARE, drop_all_void, drop_void
from sim.sharing.ratio_class import Member, Saturation

FEW = 16
"""So many saturations are looked through one by one: an eighth less CPU time a job with eight."""

FADE = 1024.0
"""A clock is set back once it has run this much further than it would at the present level."""


class Basin:
    """Saturations sorted by ratio, the first `full` of which have all they can use.

    They use `fixed` in all; the others weigh `loose`. The last one always counts as loose.
    """

    __slots__ = (
        "agenda",
        "clock",
        "fixed",
        "full",
        "loose",
        "peak_fixed",
        "peak_loose",
        "ratios",
        "saturations",
        "trust",
        "uneven",
    )

    def __init__(self) -> None:
        self.saturations: list[Saturation] = []
        self.ratios: list[float] = []
        """Theirs, in the same order."""
        self.agenda: Agenda | None = None
        """Whose completion is next, where they are more than a few."""
        self.full = 0
        self.fixed = 0.0
        self.loose = 0.0
        self.clock = 0.0
        """The axis on which the loose ones run."""
        self.uneven = False
        """Something weighs or asks differently since the level was found."""
        self.trust = 0
        """Changes until `fixed` and `loose` are added up anew, so that no rounding builds up."""
        self.peak_fixed = 0.0
        self.peak_loose = 0.0
        """Largest they were since then: once little is left of that, what rounding left matters."""

    def saturation(self, ratio: float) -> Saturation:
        """The saturation of this ratio."""
        place = bisect_left(self.ratios, ratio)
        if place == len(self.ratios) or self.ratios[place] != ratio:
            self._insert(place, ratio)
        return self.saturations[place]

    def _insert(self, place: int, ratio: float) -> None:
        """A new saturation, with nobody in it yet."""
        new = Saturation(ratio, self.clock)
        if place < self.full:
            self.full += 1
            new.full, new.origin = True, 0.0
        self.ratios.insert(place, ratio)
        self.saturations.insert(place, new)
        if self.agenda is None and not 2 < len(self.saturations) <= FEW:
            self.trust = 0

    def purge(self, saturation: Saturation) -> None:
        """Members of a saturation have come and gone; its next completion may be another one."""
        queue = saturation.queue
        if queue and queue[0][2].ticket != queue[0][1]:
            drop_void(queue)
        if len(queue) > 2 * saturation.count + SPARE:
            drop_all_void(queue)
        if self.agenda:
            self.agenda.book(saturation)

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

    def turn(self, saturation: Saturation, full: bool, level: float, now: float) -> None:
        """A saturation is full, or no longer so."""
        self.shift(saturation, -saturation.weight)
        value = saturation.value(self.clock, now)
        if value > FADE * min(saturation.ratio, level) * abs(now):
            saturation.rebase(value, self.seated(saturation))
        saturation.turn(full, self.clock, now)
        self.shift(saturation, saturation.weight)
        if self.agenda:
            self.agenda.book(saturation)
