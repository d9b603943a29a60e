"""Water-filling: the level at which the members of a group use up its rate, kept incrementally.

Two sums over the ratio classes, that of the saturated and that of the others, are kept as members
join and leave; the level follows from them, and moves past few ratios at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final

from sim.sharing.job import Owner
from sim.sharing.lazy_heap import OVER, SPARE, drop_all_stale, drop_stale
from sim.sharing.ratio_class import RESIDUE, NextCompletions, RatioClass

FEW: Final = 16
"""Up to so many classes are scanned one by one: an eighth less CPU time a job with eight."""

RESUM_AFTER: Final = 256
"""Sums are added up anew after so many changes, or as many as there are classes."""

FADE: Final = 1024.0
"""A clock is reset once it stands at more than this times ``level * now``.

A clock that ran fast and now runs slowly is a large float with small steps to come, and would lose
them to rounding: at this bound it loses ten bits of 53 against one that always ran like this.
"""


NO_CLASSES: Final[list[RatioClass]] = []
NO_RATIOS: Final[list[float]] = []
"""Those of all groups in which nothing has run in the tree yet, as of most; never changed."""


class Waterfill(Owner):
    """Ratio classes sorted by ratio, the first `saturated` of which have all they can use.

    These use `saturated_rate` together; the others weigh `unsaturated` and share the rest of the
    rate at water level ``lam = (rate - saturated_rate) / unsaturated``. The last class counts as
    unsaturated even where all have what they can use: at its own ratio that comes to the same. The
    clock of the unsaturated ones is ``dU = lam dt``.
    """

    __slots__ = (
        "classes",
        "clock",
        "completions",
        "dirty",
        "level",
        "peak_saturated",
        "peak_unsaturated",
        "rated",
        "ratios",
        "saturated",
        "saturated_rate",
        "unsaturated",
        "until_resum",
    )

    def __init__(self) -> None:
        self.classes: list[RatioClass] = NO_CLASSES
        self.ratios: list[float] = NO_RATIOS
        """Their ratios, in the same order."""
        self.completions: NextCompletions | None = None
        """The order of their next completions, where there are more than a few."""
        self.saturated = 0
        self.saturated_rate = 0.0
        self.unsaturated = 0.0
        self.clock = 0.0
        """The axis of the unsaturated classes."""
        self.dirty = False
        """A weight or a demand has changed since the level was found."""
        self.until_resum = 0
        """Changes until both sums are added up anew, so that rounding does not build up."""
        self.peak_saturated = 0.0
        self.peak_unsaturated = 0.0
        """Largest values of both sums since then; see `RESIDUE`."""
        self.level = 0.0
        """Water level when last filled."""
        self.rated = 0.0
        """Rate used when last filled."""

    def class_of(self, ratio: float) -> RatioClass:
        """The class with this ratio, made where there is none."""
        place = bisect_left(self.ratios, ratio)
        if place == len(self.ratios) or self.ratios[place] != ratio:
            self._insert(place, ratio)
        return self.classes[place]

    def _insert(self, place: int, ratio: float) -> None:
        """A new class, with no member yet."""
        new = RatioClass(ratio, self.clock)
        if place < self.saturated:
            self.saturated += 1
            new.saturated, new.origin = True, 0.0
        if not self.classes:
            self.ratios, self.classes = [], []
        self.ratios.insert(place, ratio)
        self.classes.insert(place, new)
        if self.completions is None and not 2 < len(self.classes) <= FEW:
            self.until_resum = 0

    def purge(self, ratio_class: RatioClass) -> None:
        """Update the next completion of a class whose members have changed."""
        queue = ratio_class.queue
        if queue:
            _, version, member = queue[0]
            if member.version != version:
                drop_stale(queue)
            if len(queue) > 2 * ratio_class.count + SPARE:
                drop_all_stale(queue)
        if self.completions:
            self.completions.update(ratio_class)

    def demand_of_all(self) -> float:
        """The most that all members together can use."""
        demand = 0.0
        for ratio_class in self.classes:
            if ratio_class.count:
                demand += ratio_class.ratio * ratio_class.weight
        return demand

    # --- members join and leave

    def add_member(self, ratio_class: RatioClass, weight: float) -> None:
        """A member of this weight joins."""
        self.dirty = True
        ratio_class.count += 1
        ratio_class.weight += weight
        if len(self.classes) > 1:
            self.shift_weight(ratio_class, weight)

    def remove_member(self, ratio_class: RatioClass, weight: float) -> None:
        """A member of this weight leaves."""
        self.dirty = True
        if ratio_class.subtract(weight):
            ratio_class.resum()
        if len(self.classes) > 1:
            self.shift_weight(ratio_class, -weight)

    def shift_weight(self, ratio_class: RatioClass, weight: float) -> None:
        """Keep both sums up to date as a class gains or loses weight."""
        self.until_resum -= 1
        if ratio_class.saturated:
            self.saturated_rate = saturated_rate = self.saturated_rate + weight * ratio_class.ratio
            if saturated_rate > self.peak_saturated:  # noqa: PLR1730 (max() would be a call on the hot path)
                self.peak_saturated = saturated_rate
        else:
            self.unsaturated = unsaturated = self.unsaturated + weight
            if unsaturated > self.peak_unsaturated:  # noqa: PLR1730 (as above)
                self.peak_unsaturated = unsaturated

    def switch(self, ratio_class: RatioClass, saturated: bool, level: float, now: float) -> None:
        """Let a class become saturated, or unsaturated again."""
        self.shift_weight(ratio_class, -ratio_class.weight)
        value = ratio_class.virtual_time(self.clock, now)
        if value > FADE * min(ratio_class.ratio, level) * abs(now):  # V is too coarse from now on
            ratio_class.rebase(value)
        ratio_class.switch(saturated, self.clock, now)
        self.shift_weight(ratio_class, ratio_class.weight)
        if self.completions:
            self.completions.update(ratio_class)

    # --- the level

    def fill(self, rate: float, now: float) -> None:
        """Find the level at which `rate` is used up, or all members are saturated."""
        self.dirty = False
        self.rated = rate
        classes = self.classes
        if len(classes) > 1 and not classes[-1].count:
            self._trim(now)
        if len(classes) == 1:
            self._fill_one(classes[0], rate, now)
            return
        if self.until_resum <= 0:
            self._refill(rate, now)
        else:
            self._step(rate, now)
        if self.unsaturated:
            if self.level > self.ratios[-1]:
                self.level = self.ratios[-1]
                self.rated = self.saturated_rate + self.level * self.unsaturated
            if self.clock and self.clock > FADE * self.level * abs(now):  # too coarse from now on
                self._restart(now)
        else:
            self._empty()

    def _fill_one(self, only: RatioClass, rate: float, now: float) -> None:
        """The level of the only class; a group with one job in it has no other."""
        self.completions = None
        self.unsaturated = weight = only.weight
        if not weight:
            self._empty()
            return
        level = rate / weight
        if level > only.ratio:
            level = only.ratio
            self.rated = level * weight
        self.level = level
        if self.clock and self.clock > FADE * level * abs(now):  # too coarse from now on
            self._restart(now)

    def _trim(self, now: float) -> None:
        """Drop empty classes from the end; the last one left counts as unsaturated."""
        classes = self.classes
        while len(classes) > 1 and not classes[-1].count:
            classes.pop().version = OVER
            self.ratios.pop()
        self.saturated = min(self.saturated, len(classes))
        if self.saturated == len(classes):
            self.switch(classes[-1], False, self.level, now)
            self.saturated -= 1
        if not self.saturated:
            self.saturated_rate = 0.0

    def _step(self, rate: float, now: float) -> None:
        """Find the level from where it stood, crossing a few ratios up or down."""
        classes, ratios = self.classes, self.ratios
        last = len(classes) - 1
        moved = 0  # in one direction only: rounding must not send the level to and fro
        for _ in range(FEW + last // 8):
            saturated, saturated_rate, unsaturated = (
                self.saturated,
                self.saturated_rate,
                self.unsaturated,
            )
            if saturated == last:
                self.unsaturated = self.peak_unsaturated = unsaturated = classes[last].weight
            if not saturated:
                self.saturated_rate = self.peak_saturated = saturated_rate = 0.0
            # Where little is left of a sum, the rounding it has gathered would matter.
            if (
                unsaturated < RESIDUE * self.peak_unsaturated
                or saturated_rate < RESIDUE * self.peak_saturated
            ):
                self._refill(rate, now)
                return
            self.level = level = (rate - saturated_rate) / unsaturated
            if saturated < last and level >= ratios[saturated] and moved >= 0:
                self.switch(classes[saturated], True, level, now)
                moved = 1
            elif saturated and level < ratios[saturated - 1] and moved <= 0:
                self.switch(classes[saturated - 1], False, level, now)
                moved = -1
            else:
                return
            self.saturated += moved
        self._refill(rate, now)  # quicker than to switch most classes one by one

    def _refill(self, rate: float, now: float) -> None:
        """Find the level from scratch, by progressive filling, and add up both sums anew."""
        self.classes = classes = [s for s in self.classes if s.count]
        self.ratios = [s.ratio for s in classes]
        above = list(accumulate([s.weight for s in reversed(classes)], initial=0.0))
        saturated, saturated_rate, last = 0, 0.0, len(classes) - 1
        while (
            saturated < last
            and classes[saturated].ratio * above[last - saturated + 1] <= rate - saturated_rate
        ):
            saturated_rate += classes[saturated].ratio * classes[saturated].weight
            saturated += 1
        self.saturated, self.saturated_rate = saturated, saturated_rate
        self.unsaturated = above[last - saturated + 1]
        self.level = (rate - saturated_rate) / self.unsaturated if self.unsaturated else 0.0
        self.completions = None
        self._restart(now)
        for place, ratio_class in enumerate(classes):
            if ratio_class.saturated != (place < saturated):
                ratio_class.switch(place < saturated, self.clock, now)
        self.peak_saturated, self.peak_unsaturated = self.saturated_rate, self.unsaturated
        self.until_resum = max(RESUM_AFTER, len(classes)) if classes else 0
        self.completions = NextCompletions(classes) if len(classes) > FEW else None

    def _empty(self) -> None:
        """Nothing runs: set all clocks to 0."""
        self.level = self.rated = self.clock = 0.0
        for ratio_class in self.classes:
            ratio_class.origin = 0.0

    def _restart(self, now: float) -> None:
        """Set the clock to 0, and reset the clocks of classes that have run far (see `FADE`)."""
        for ratio_class in self.classes:
            value = ratio_class.virtual_time(self.clock, now)
            if value > FADE * min(ratio_class.ratio, self.level) * abs(now):
                ratio_class.rebase(value)
            if not ratio_class.saturated:
                ratio_class.origin -= self.clock
        self.clock = 0.0
        if self.completions:
            self.completions = NextCompletions(self.classes)
