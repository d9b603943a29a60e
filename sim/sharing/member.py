"""A group as a member of its parent: what it demands there, and when it needs re-levelling."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import Final

from sim.sharing.job import Job
from sim.sharing.lazy_heap import OVER, ChildBounds, new_version
from sim.sharing.ratio_class import RatioClass, scan
from sim.sharing.waterfill import Waterfill

SLACK: Final = 1.0 + 1.0 / 16.0
"""Factor by which the level may rise before a mixed group is re-levelled.

A mixed group has saturated and unsaturated members, so its next completion depends on time and
level both. A larger factor means fewer re-levellings when the level moves, but an earlier check.
"""

GRAIN: Final = 2.0**-50
"""Numbers that differ by less than this fraction of them, four or more steps of a float, are equal.

Completions computed along different axes for the same instant differ by a few roundings; they must
be collected together, or the rest would be a job of no length.
"""


class MemberGroup(Waterfill):
    """Shares what it gets among its jobs and groups, and is itself a member of its parent.

    As long as the same of its classes are saturated, its clock is linear in time and in V, the
    clock of its class in the parent: ``dU = (weight dV - saturated_rate dt) / unsaturated``. So
    nothing here changes while only the level of the parent moves; `publish_bounds` says how far
    and how long that may go on.
    """

    __slots__ = (
        "cap",
        "children",
        "demand",
        "first",
        "first_saturated",
        "free_jobs",
        "free_rate",
        "mark",
        "parent",
        "ratio_class",
        "siblings",
        "since",
        "slack",
        "tag",
        "version",
        "weight",
    )

    def __init__(self, parent: MemberGroup | None, weight: float, cap: float, now: float) -> None:
        Waterfill.__init__(self)  # `super()` makes an object, and there is a group a start
        self.parent = self if parent is None else parent
        self.siblings = None if parent is None else parent.children
        """The bounds in which its parent keeps it; None for the root."""
        self.children: ChildBounds[MemberGroup] | None = None
        """Those in which it keeps its own child groups, if there ever were any."""
        self.weight = weight
        self.cap = cap
        self.demand = 0.0
        """The most it can use: the least of its cap and what its members can use."""
        self.ratio_class: RatioClass | None = None
        """Its class in the parent; None while it demands nothing."""
        self.mark = 0.0
        """V of its class in the parent at `since`."""
        self.since = now
        """Time the clock was last advanced to."""
        self.version = OVER
        """Version of its valid entries in the heaps of its parent."""
        self.tag = 0.0
        """V of its class at its next completion, where that depends on V alone."""
        self.slack = 0.0
        """Slack for its next bounds; not 0 exactly while it is listed as changed."""
        self.first: RatioClass | None = None
        self.first_saturated: RatioClass | None = None
        """The classes with the next completion, among the unsaturated and the saturated ones."""
        self.free_jobs = 0
        """Jobs here and below that run free: outside the tree, because there is enough for all."""
        self.free_rate = 0.0
        """What these use."""

    def most(self, cap: float) -> float:
        """The least of a cap and those of this group and all around it."""
        group = self
        while True:
            if group.cap < cap:  # noqa: PLR1730 (min() would be a call on the hot path)
                cap = group.cap
            if group.siblings is None:
                return cap
            group = group.parent

    def count_free(self, jobs: int, rate: float) -> None:
        """So many more jobs run free here, and use so much more; negative: less."""
        group = self
        while True:
            group.free_jobs = many = group.free_jobs + jobs
            group.free_rate = group.free_rate + rate if many else 0.0
            if group.siblings is None:
                return
            group = group.parent

    # --- now

    def advance(self, now: float) -> None:
        """Bring the clock to `now`, at the level that has held so far."""
        if self.since != now:
            self.parent.advance(now)
            if self.ratio_class is not None:
                self.clock = self.clock_at(now)
                self.mark = self.ratio_class.virtual_time(self.parent.clock, now)
            self.since = now

    def clock_at(self, now: float) -> float:
        """The clock at `now`, the present instant."""
        if self.since == now or self.ratio_class is None:
            return self.clock
        passed = self.ratio_class.virtual_time(self.parent.clock_at(now), now) - self.mark
        left = self.weight * passed - self.saturated_rate * (now - self.since)
        return self.clock + left / self.unsaturated

    def rate_now(self) -> float:
        """Rate it gets."""
        if self.ratio_class is None:
            return 0.0
        return self.weight * min(self.ratio_class.ratio, self.parent.level_now())

    def level_now(self) -> float:
        """The water level, which moves with that of the parent."""
        if not self.unsaturated:
            return 0.0
        return (self.rate_now() - self.saturated_rate) / self.unsaturated

    def set_back(self, value: float) -> None:
        """Shift what is measured on V, which is set back by `value`."""
        self.tag -= value
        self.mark -= value

    # --- levelling: demands pass up, then rates pass down and bounds up again

    def mark_changed(self, slack: float = SLACK) -> None:
        """Have this group, and all above it, settled in the next levelling."""
        group = self
        while group.siblings and not group.slack:
            group.slack = slack
            group.siblings.changed.append(group)
            group = group.parent

    def update_demand(self) -> None:
        """Update the demands of all groups that changed, from the leaves up."""
        if self.children:
            for group in self.children.changed:
                group.update_demand()
        if self.dirty:
            demand = min(self.cap, self.demand_of_all())
            if demand != self.demand:
                self.join(demand)

    def join(self, demand: float) -> None:
        """Compete in the parent, with this demand."""
        if self.ratio_class is not None:
            self.leave()
        self.demand = demand
        ratio = demand / self.weight
        if ratio > 0.0:
            self.ratio_class = self.parent.class_of(ratio)
            self.ratio_class.groups[self] = None
            self.parent.add_member(self.ratio_class, self.weight)
            self.mark = self.ratio_class.virtual_time(self.parent.clock, self.since)

    def leave(self) -> None:
        """Stop competing in the parent."""
        self.version = OVER
        self.demand = 0.0
        if self.ratio_class is not None:
            left, self.ratio_class = self.ratio_class, None
            del left.groups[self]
            self.parent.purge(left)
            self.parent.remove_member(left, self.weight)

    def settle_children(self, children: ChildBounds[MemberGroup], now: float) -> None:
        """Settle the child groups that changed, or whose bounds the present level violates."""
        for group in children.changed:
            slack, group.slack = group.slack, 0.0
            group.settle(now, slack)
        children.changed.clear()
        if not (children.ceilings or children.floors):
            return
        while (violated := children.pop_violated(self.level)) is not None:
            violated.advance(now)
            violated.settle(now, SLACK)

    def settle(self, now: float, slack: float) -> None:
        """Share out what it gets in its parent, then publish new bounds there."""
        ratio_class, y = self.ratio_class, 0.0
        if ratio_class:
            y = self.parent.level
            if ratio_class.ratio < y:  # noqa: PLR1730 (min() would be a call on the hot path)
                y = ratio_class.ratio
        rate = self.weight * y
        if self.dirty or rate != self.rated:
            self.fill(rate, now)
        if self.children:
            self.settle_children(self.children, now)
        if ratio_class:
            self.publish_bounds(ratio_class, y, now, slack)

    def next_completion(self) -> tuple[float, float]:
        """Clock at the next completion that depends on it alone; time of the next check."""
        classes = self.classes
        if len(classes) == 1:  # it counts as unsaturated
            check, self.first_saturated = math.inf, None
            queue = classes[0].queue
            if queue:
                soon, self.first = queue[0][0] + classes[0].origin, classes[0]
            else:
                soon, self.first = math.inf, None
        else:
            soon, self.first, check, self.first_saturated = (
                self.completions.peek() if self.completions else scan(classes)
            )
        if self.children and self.children.checks:
            below = self.children.check()
            if below < check:  # noqa: PLR1730 (min() would be a call on the hot path)
                check = below
        return soon, check

    def publish_bounds(self, ratio_class: RatioClass, y: float, now: float, slack: float) -> None:
        """Tell the parent up to when, and between which levels, it may leave this group alone.

        With nothing saturated, the next completion is a constant on V. Else it depends on time as
        well: there is none before a certain time as long as the rate `y` per weight rises by no
        more than the factor `slack`.
        """
        self.version = new_version()
        soon, check = self.next_completion()
        ahead = (soon - self.clock) * self.unsaturated
        if self.saturated_rate == 0.0 and ahead < math.inf:
            self.tag = tag = self.mark + ahead / self.weight
            heappush(ratio_class.queue, (tag, self.version, self))
        self.parent.purge(ratio_class)
        if self.siblings and (len(self.ratios) > 1 or self.children):
            floor, ceiling = self._level_bounds()
            if self.saturated_rate != 0.0 and ahead < math.inf:
                ceiling = min(ceiling, y * slack)
                fastest = self.weight * min(ceiling, ratio_class.ratio) - self.saturated_rate
                if fastest > 0.0:
                    check = min(check, now + ahead / fastest)
            ceiling = max(ceiling, y)  # the present level is within bounds, whatever rounding says
            if ceiling >= ratio_class.ratio:
                ceiling = math.inf
            self.siblings.push(self, check, min(floor, y), ceiling)

    def _level_bounds(self) -> tuple[float, float]:
        """Levels of the parent between which the same classes stay saturated, here and below."""
        saturated, ratios = self.saturated, self.ratios
        low = ratios[saturated - 1] if saturated else 0.0
        high = ratios[saturated] if saturated < len(ratios) - 1 else math.inf
        if self.children:
            low, high = max(low, self.children.floor()), min(high, self.children.ceiling())
        ceiling = (self.saturated_rate + high * self.unsaturated) / self.weight
        if low <= 0.0:
            return 0.0, ceiling
        return (self.saturated_rate + low * self.unsaturated) / self.weight, ceiling

    def snap_clock(self) -> None:
        """Set the clock exactly to the next completion, once the tag of the group is reached."""
        if self.first:
            self.clock = self.first.queue[0][0] + self.first.origin

    # --- completion

    def collect(self, now: float, grain: float, done: list[Job]) -> None:
        """Complete the jobs due at `now`, give or take `grain` seconds, here and below."""
        self.advance(now)
        before = len(done)
        first = self.first
        if first:
            tag = first.queue[0][0]
            if tag + first.origin <= self.clock + self.rounding(grain):
                self._take(first, self.clock, tag, now, done)
        first = self.first_saturated
        if first:
            tag = first.queue[0][0]
            if tag + first.origin <= first.ratio * (now + grain):
                self._take(first, first.ratio * now, tag, now, done)
        if self.children and self.children.checks:
            while (group := self.children.pop_due(now + grain)) is not None:
                group.collect(now, grain, done)
        if self.siblings:
            self.mark_changed(1.0 if len(done) == before else SLACK)

    def rounding(self, grain: float) -> float:
        """Largest error of the clock by rounding; what is no further ahead of it is due."""
        if self.ratio_class is None:
            return 0.0
        axis = abs(self.mark) + abs(self.ratio_class.origin)
        steps = abs(self.clock) + self.weight * axis / self.unsaturated
        return self.level * grain + GRAIN * steps  # each step may be off by a few roundings

    def _take(
        self, ratio_class: RatioClass, axis: float, tag: float, now: float, done: list[Job]
    ) -> None:
        """Complete what is due at `tag` in one class, whose axis stands at `axis`."""
        queue = ratio_class.queue
        ratio_class.origin = axis - tag  # V is exactly the tag now: no rounding is carried on
        while queue and queue[0][0] <= tag:
            _, version, member = heappop(queue)
            if member.version != version:
                continue
            if type(member) is Job:
                member.finish()
                done.append(member)
                self.remove_member(ratio_class, member.weight)
            elif isinstance(member, MemberGroup):
                member.advance(now)
                member.snap_clock()
                member.collect(now, 0.0, done)
        self.purge(ratio_class)
