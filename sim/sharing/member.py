"""A branch of the tree of groups: how it moves with its parent, and when to look at it."""

from __future__ import annotations

import math
from heapq import heappop, heappush

from sim.sharing.agenda import look_through
from sim.sharing.job import Job
from sim.sharing.lazy_heap import OVER, TICKETS
from sim.sharing.ratio_class import Saturation
from sim.sharing.watch import Watch
from sim.sharing.water import Water

SLACK = 1.0 + 1.0 / 16.0
"""How far the level may rise before a mixed group is looked at again."""

GRAIN = 2.0**-50
"""Numbers closer than this part of them, four steps of a float, are the same."""


class Branch(Water):
    """Shares what it gets among its jobs and groups; itself a member of its parent.

    As long as the same of its saturations are full, its clock is linear in time and in V, the
    clock of its seat: ``dU = (weight dV - fixed dt) / loose``. So nothing here is touched while
    only the level of the parent moves; `promise` says how far and how long that may go on.
    """

    __slots__ = (
        "cap",
        "demand",
        "first",
        "first_full",
        "mark",
        "parent",
        "restless",
        "seat",
        "since",
        "tag",
        "ticket",
        "watch",
        "watcher",
        "weight",
    )

    def __init__(self, parent: Branch | None, weight: float, cap: float, now: float) -> None:
        super().__init__()
        self.parent = self if parent is None else parent
        self.watcher = None if parent is None else parent.watch
        """The watch this branch is under."""
        self.watch: Watch[Branch] | None = None
        """The one over the groups in it, if there ever were any."""
        self.weight = weight
        self.cap = cap
        self.demand = 0.0
        """Most it can use: no more than its cap, no more than what is in it can."""
        self.seat: Saturation | None = None
        """The saturation it competes in; none while it asks for nothing."""
        self.mark = 0.0
        """Where the clock of its seat stood at `since`."""
        self.since = now
        """Time the clock was last advanced to."""
        self.ticket = OVER
        """Number of its valid entries in the queues of its parent."""
        self.tag = 0.0
        """Where the clock of its seat stands at its next completion, if only that decides."""
        self.restless = 0.0
        """Slack to promise with when it is looked at again; 0 if there is no reason to."""
        self.first: Saturation | None = None
        self.first_full: Saturation | None = None
        """Those with the next completion, among the loose and among the full."""

    # --- now

    def advance(self, now: float) -> None:
        """Bring the clock to `now`, at the level that has held so far."""
        if self.since != now:
            self.parent.advance(now)
            if self.seat is not None:
                self.clock = self.clock_at(now)
                self.mark = self.seat.value(self.parent.clock, now)
            self.since = now

    def clock_at(self, now: float) -> float:
        """Where the clock stands at `now`, the present instant."""
        if self.since == now or self.seat is None:
            return self.clock
        came = self.weight * (self.seat.value(self.parent.clock_at(now), now) - self.mark)
        return self.clock + (came - self.fixed * (now - self.since)) / self.loose

    def rate_now(self) -> float:
        """What it gets."""
        if self.seat is None:
            return 0.0
        return self.weight * min(self.seat.ratio, self.parent.level_now())

    def level_now(self) -> float:
        """The water level, which moves with that of the parent."""
        return (self.rate_now() - self.fixed) / self.loose if self.loose else 0.0

    def set_back(self, value: float) -> None:
        """The clock of the seat is set back by `value`."""
        self.tag -= value
        self.mark -= value

    # --- levelling: demands go up, then rates go down and promises up again

    def touch(self, slack: float = SLACK) -> None:
        """Have this branch, and all above, looked at in the next levelling."""
        branch = self
        while branch.watcher and not branch.restless:
            branch.restless = slack
            branch.watcher.touched.append(branch)
            branch = branch.parent

    def ask(self) -> None:
        """Take the demand of all that was touched, from the leaves on."""
        if self.watch:
            for group in self.watch.touched:
                group.ask()
        if self.uneven:
            demand = min(self.cap, self.demand_of_all())
            if demand != self.demand:
                self.sit(demand)

    def sit(self, demand: float) -> None:
        """Compete in the parent with this demand."""
        self.rise()
        self.demand = demand
        ratio = demand / self.weight
        if ratio > 0.0:
            self.seat = self.parent.saturation(ratio)
            self.parent.come(self.seat, self.weight)
            self.mark = self.seat.value(self.parent.clock, self.since)

    def rise(self) -> None:
        """Compete no longer."""
        self.ticket = OVER
        self.demand = 0.0
        if self.seat is not None:
            seat, self.seat = self.seat, None
            self.parent.purge(seat)
            self.parent.part(seat, self.weight)

    def seated(self, saturation: Saturation) -> list[Branch]:
        """Groups in a saturation; the mixed ones are not queued there."""
        groups = self.watch.groups if self.watch else ()
        return [group for group in groups if group.seat is saturation]

    def look(self, watch: Watch[Branch], now: float) -> None:
        """Settle the groups that were touched, or cannot bear the present level."""
        for group in watch.touched:
            slack, group.restless = group.restless, 0.0
            group.settle(now, slack)
        watch.touched.clear()
        if not (watch.ceilings or watch.floors):
            return
        while (broken := watch.broken(self.level)) is not None:
            broken.advance(now)
            broken.settle(now, SLACK)

    def settle(self, now: float, slack: float) -> None:
        """As a group in its parent: share out what it gets there, then promise anew."""
        seat, y = self.seat, 0.0
        if seat:
            y = self.parent.level
            if seat.ratio < y:  # noqa: PLR1730 (a call less)
                y = seat.ratio
        rate = self.weight * y
        if self.uneven or rate != self.rated:
            self.fill(rate, now)
        if self.watch:
            self.look(self.watch, now)
        if seat:
            self.promise(seat, y, now, slack)

    def upcoming(self) -> tuple[float, float]:
        """The next completion: where the clock will stand, and a time before which it is not."""
        soon, self.first, check, self.first_full = (
            self.agenda.next() if self.agenda else look_through(self.saturations)
        )
        if self.watch and self.watch.checks:
            below = self.watch.check()
            if below < check:  # noqa: PLR1730 (a call less)
                check = below
        return soon, check

    def promise(self, seat: Saturation, y: float, now: float, slack: float) -> None:
        """Tell the parent when to look again, if `y` comes in per weight.

        With nothing full, the next completion is a constant on the clock of the seat. Else it
        depends on time as well: there is none before a certain time as long as `y` rises by no
        more than `slack`.
        """
        self.ticket = next(TICKETS)
        soon, check = self.upcoming()
        ahead = (soon - self.clock) * self.loose
        if self.fixed == 0.0 and ahead < math.inf:
            self.tag = tag = self.mark + ahead / self.weight
            heappush(seat.queue, (tag, self.ticket, self))
        self.parent.purge(seat)
        if self.watcher and (len(self.ratios) > 1 or self.watch):
            floor, ceiling = self._bearable()
            if self.fixed != 0.0 and ahead < math.inf:
                ceiling = min(ceiling, y * slack)
                fastest = self.weight * min(ceiling, seat.ratio) - self.fixed
                if fastest > 0.0:
                    check = min(check, now + ahead / fastest)
            ceiling = max(ceiling, y)  # bears the present level, whatever rounding says
            if ceiling >= seat.ratio:
                ceiling = math.inf
            self.watcher.book(self, check, min(floor, y), ceiling)

    def _bearable(self) -> tuple[float, float]:
        """Between which levels of the parent the same saturations are full, here and below."""
        full, ratios = self.full, self.ratios
        low = ratios[full - 1] if full else 0.0
        high = ratios[full] if full < len(ratios) - 1 else math.inf
        if self.watch:
            low, high = max(low, self.watch.floor()), min(high, self.watch.ceiling())
        floor = (self.fixed + low * self.loose) / self.weight if low > 0.0 else 0.0
        return floor, (self.fixed + high * self.loose) / self.weight

    def keep_promise(self) -> None:
        """Let the clock stand at the next completion, not nearby: its tag has been reached."""
        if self.first:
            self.clock = self.first.queue[0][0] + self.first.origin

    # --- completion

    def collect(self, now: float, grain: float, done: list[Job]) -> None:
        """Take off the jobs that are due at `now`, give or take `grain`, here and below."""
        self.advance(now)
        before = len(done)
        first = self.first
        if first:
            tag = first.queue[0][0]
            if tag + first.origin <= self.clock + self.blur(grain):
                self._take(first, self.clock, tag, now, done)
        first = self.first_full
        if first:
            tag = first.queue[0][0]
            if tag + first.origin <= first.ratio * (now + grain):
                self._take(first, first.ratio * now, tag, now, done)
        if self.watch and self.watch.checks:
            while (group := self.watch.due(now + grain)) is not None:
                group.collect(now, grain, done)
        if self.watcher:
            self.touch(1.0 if len(done) == before else SLACK)

    def blur(self, grain: float) -> float:
        """How far off rounding may have put the clock; it has reached what is no further ahead."""
        if self.seat is None:
            return 0.0
        axis = abs(self.mark) + abs(self.seat.origin)
        steps = abs(self.clock) + self.weight * axis / self.loose
        return self.level * grain + GRAIN * steps

    def _take(
        self, saturation: Saturation, axis: float, tag: float, now: float, done: list[Job]
    ) -> None:
        """Take off what is due in one saturation at `tag`, where its axis stands at `axis`."""
        queue = saturation.queue
        saturation.origin = axis - tag  # the clock stands where the first ends, not nearby
        while queue and queue[0][0] <= tag:
            _, ticket, member = heappop(queue)
            if member.ticket != ticket:
                continue
            if type(member) is Job:
                member.finish()
                done.append(member)
                self.part(saturation, member.weight)
            elif isinstance(member, Branch):
                member.advance(now)
                member.keep_promise()
                member.collect(now, 0.0, done)
        self.purge(saturation)
