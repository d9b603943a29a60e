"""An application whose rate changes while autoscalers look at it; new copies are starts."""

from collections.abc import Generator
from functools import partial
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import Field
from simpy import Event

from sim.core.cited import Positive, plain
from sim.core.description import description
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.platforms.scaling.horizontal_pod import HorizontalPodAutoscaler
from sim.platforms.scaling.target_tracking import TargetTracking
from sim.start import Deployment, Ready, Start
from sim.studies.calls.copies import on_platform, replica
from sim.studies.calls.scaling.rate_change import RateChange
from sim.workload import Application, Hops, Part
from sim.workload.traffic.balancing import Balancing
from sim.workload.traffic.replica import Replica
from sim.workload.traffic.traffic import Traffic
from sim.workload.traffic.users import OpenUsers, RateStretch

BEFORE = 60.0
"""Seconds at the first rate: autoscalers have a full period to look at."""
LONGEST = 1200.0
"""Seconds after the change in which the target has to hold again, unless told otherwise."""
WINDOW = 5.0
"""Seconds of one judgement."""
SETTLED = 60.0
"""Seconds in which the target has to hold before the run ends."""
LATE = 0.05
"""Share of requests that may be late where the target holds: p95."""


class Decides(Protocol):
    """A live autoscaler of one service."""

    every: float

    def decide(self, now: float, uses: list[float], unready: int) -> int: ...


class ScaledPart:
    """A part, its copies, those on their way and those that leave."""

    def __init__(
        self,
        world: World,
        part: Part,
        deployment: Deployment,
        replicas: list[Replica],
        starts: list[Start],
    ) -> None:
        self._world, self._part, self._deployment = world, part, deployment
        self.replicas = replicas
        self.by_replica = dict(zip(replicas, starts, strict=True))
        self.under_way: dict[Start, None] = {}
        self._leaving: list[Replica] = []
        self._seen: dict[Replica, tuple[float, float, float]] = {}
        """Of each copy when it was last read, the time, the work asked for and what was left."""
        self.asked = 0

    def uses(self) -> list[float]:
        """Mean CPU use of each ready copy since it was last read, as a share of its request.

        What could not be done in that time is left for the next.
        """
        now, service = self._world.env.now, self._part.service
        found = []
        for each in self.replicas:
            since, work, left = self._seen.get(each, (now, each.work, 0.0))
            length = now - since
            asked = left + each.work - work
            done = min(asked, length * service.cap)
            self._seen[each] = (now, each.work, asked - done)
            found.append(done / length / service.cpu if length > 0.0 else 0.0)
        return found

    def become(self, number: int) -> None:
        """Ask for copies, or let the youngest go once they have answered."""
        more = number - len(self.replicas) - len(self.under_way)
        if more > 0:
            self.asked += more
            for start in self._deployment.launch(self._part.service, more):
                self.under_way[start] = None
                if start.processed:
                    self._came(start, start)
                else:
                    start.callbacks.append(partial(self._came, start))
        for _ in range(min(-more, len(self.replicas) - 1)):
            self._leaving.append(self.replicas.pop())
        self._let_go()

    def _came(self, start: Start, _: Event) -> None:
        self.under_way.pop(start, None)
        if isinstance(start.value, Ready):
            one = replica(self._world, self._part, start, self._deployment)
            self.by_replica[one] = start
            self._seen[one] = (self._world.env.now, 0.0, 0.0)
            self.replicas.append(one)

    def _let_go(self) -> None:
        for each in [one for one in self._leaving if one.waiting == 0]:
            self._leaving.remove(each)
            self._deployment.stop(self.by_replica.pop(each))


@description
class ScaledRun:
    """From one rate to another, until the target holds again."""

    name: str = "calls-scaled"
    application: Application
    platform: Any
    autoscaler: HorizontalPodAutoscaler | TargetTracking
    target: Annotated[float, Field(gt=0.0, le=1.0)]
    """Share of the CPU request that it aims at, where a part says nothing else."""
    change: RateChange
    within: Positive
    """Seconds in which 95% of the requests shall be answered."""
    hops: Hops = Field(default_factory=Hops)
    balancing: Balancing = "round-robin"
    most: int = 100
    """Copies of a part at most, where it says nothing else."""
    longest: Positive = LONGEST
    """Seconds after the change in which the target has to hold again."""

    def run(self, seed: int, replication: int) -> Recorder:
        """When the target held again, how many were late, and copies over time as samples."""
        world = World(seed, replication)
        deployment = self.platform.deploy(world)
        copies, starts = on_platform(world, self.application, deployment)
        traffic = Traffic(
            world,
            self.application.operations,
            self.application.entries,
            copies,
            balancing=self.balancing,
            hops=self.hops,
        )
        parts = {}
        for name, many in copies.items():
            mine = [s for part, s in starts if part == name and isinstance(s.value, Ready)]
            parts[name] = ScaledPart(world, self.application.part(name), deployment, many, mine)
        for name, part in parts.items():
            if self._scales(name):
                world.env.process(self._control(world, name, part))
        changes = world.env.now + BEFORE
        OpenUsers(world.env, list(self._rates()), traffic.send, traffic.gaps())
        watch = _Watch(world, traffic, parts, changes, plain(self.within))
        last = changes + plain(self.longest)
        world.env.run(until=world.env.process(watch.until_it_holds(self._offered, last)))
        watch.tell(world.record)
        return world.record

    def _rates(self) -> Generator[RateStretch, None, None]:
        first, last = self.change.begin, self.change.end
        yield RateStretch(seconds=BEFORE, begin=first, end=first)
        if self.change.seconds > 0.0:
            yield RateStretch(seconds=self.change.seconds, begin=first, end=last)
        yield RateStretch(seconds=self.longest, begin=last, end=last)

    def _offered(self, after: float) -> float:
        """Requests a second so long after the change began."""
        change = self.change
        share = 1.0 if change.seconds == 0.0 else min(1.0, after / change.seconds)
        return change.begin if after < 0.0 else change.begin + share * (change.end - change.begin)

    def _scales(self, name: str) -> bool:
        """All do, unless the application says which."""
        some = any(part.autoscaling for part in self.application.parts)
        return not some or self.application.part(name).autoscaling is not None

    def _control(self, world: World, name: str, part: ScaledPart) -> Generator[Event, Any, None]:
        limits = self.application.part(name).autoscaling
        least = self.application.part(name).copies if limits is None else max(1, limits.least)
        most = self.most if limits is None else limits.most
        target = self.target if limits is None else limits.target_cpu or self.target
        live: Decides = self.autoscaler.begin(target, least, max(most, least))
        part.uses()
        phase = world.random.generator(f"autoscaler/{name}").uniform(0.0, live.every)
        yield world.env.timeout(float(phase))
        while True:
            now, uses = world.env.now, part.uses()
            part.become(live.decide(now, uses, len(part.under_way)))
            yield world.env.timeout(live.every)


class _Watch:
    """Looks every few seconds whether the target holds, and ends once it has for a while."""

    def __init__(
        self,
        world: World,
        traffic: Traffic,
        parts: dict[str, ScaledPart],
        changes: float,
        within: float,
    ) -> None:
        self._world, self._traffic, self._parts = world, traffic, parts
        self._changes, self._within = changes, within
        self._judged: list[tuple[float, int, int]] = []
        """End of each window, its answers, and the late ones of them."""
        self._filed = 0

    def until_it_holds(self, offered: Any, last: float) -> Generator[Event, Any, None]:
        """A window after the other."""
        env, record = self._world.env, self._world.record
        while env.now < last:
            yield env.timeout(WINDOW)
            answers = self._judge()
            after = env.now - self._changes
            record.sample("users", "rate", answers / WINDOW, offered(after))
            for name, part in self._parts.items():
                there = len(part.replicas)
                record.sample(name, "copies", there, there + len(part.under_way))
            if after >= SETTLED and self._holds_since() <= env.now - SETTLED:
                return

    def _judge(self) -> int:
        journal = self._traffic.journal
        new = slice(self._filed, len(journal.times))
        took = np.asarray(journal.answered[new]) - np.asarray(journal.times[new])
        late = int((took > self._within).sum()) + sum(journal.failed[new])
        self._filed = len(journal.times)
        self._judged.append((self._world.env.now, len(took), late))
        return len(took)

    def _holds_since(self) -> float:
        """When the last window that was too late, or without an answer, was over."""
        bad = [end for end, n, late in self._judged if late > LATE * n or n == 0]
        return max(self._changes, bad[-1] if bad else 0.0)

    def tell(self, record: Recorder) -> None:
        """When it held again after the change, and who was late until then."""
        since, env = self._holds_since(), self._world.env
        metrics = record.metrics
        metrics["holds"] = int(since <= env.now - SETTLED)
        metrics["holds_again_s"] = since - self._changes
        meanwhile = [w for w in self._judged if self._changes < w[0] <= max(since, self._changes)]
        answers = sum(n for _, n, _ in meanwhile)
        metrics["late"] = sum(late for _, _, late in meanwhile) / answers if answers else 0.0
        metrics["late_requests"] = sum(late for _, _, late in meanwhile)
        for name, part in self._parts.items():
            metrics[f"copies {name}"] = len(part.replicas) + len(part.under_way)
            metrics[f"asked {name}"] = part.asked
        new = [t for t, begin in enumerate(record.task_begin) if begin >= self._changes]
        took = [
            record.task_end[t] - record.task_begin[t]
            for t in new
            if record.task_outcome[t] == "ready"
        ]
        if took:
            metrics["new_copy_s"] = float(np.mean(took))
