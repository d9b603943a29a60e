"""One run of a scale-in: many tasks come up and rest, most are ended, and the hosts go."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.core.description import description
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment import Results
from sim.platforms.eks.live_eks import LiveEKS
from sim.start import Deployment, Ready, Start
from sim.units import hours
from sim.workload import Service

BEFORE, AFTER = 6 * hours, 6 * hours
"""Seconds before the tasks end, in which all has come to rest, and after it, in which all will."""

HOUR = 1 * hours

NAME = "scale-in"


@description
class ScaleIn:
    """`begin` tasks of a service on a platform, all but `to` of which end once all is at rest."""

    name: str = NAME
    platform: Any
    service: Service
    begin: int
    to: int

    def run(self, seed: int, replication: int) -> Recorder:
        """Hosts over time as samples, 0 s being the end of the tasks; the rest as metrics."""
        world = World(seed, replication)
        live: Deployment = self.platform.deploy(world)
        starts = live.launch(self.service, self.begin)
        world.env.run(until=BEFORE)
        record, before, moved = Recorder(world.env), len(live.hosts()), _moved(live)
        down = _lacking(live, starts, self.platform.lacks(self.service))
        order = world.random.generator("scale in").permutation(self.begin)
        record.sample("all", "hosts", before, before)
        for number in order[: self.begin - self.to].tolist():
            live.stop(starts[number])
        while True:
            if len(live.hosts()) != record.sample_used[-1]:
                record.sample("all", "hosts", len(live.hosts()), before)
            if world.env.peek() > BEFORE + AFTER:
                break
            world.env.step()
        record.sample_time = array("d", (time - BEFORE for time in record.sample_time))
        left = [starts[number] for number in order[self.begin - self.to :].tolist()]
        record.metrics = {
            "tasks": self.begin,
            "hosts_before": before,
            "hosts": len(live.hosts()),
            "moved": _moved(live) - moved,
            "ready": sum(_runs(live, start) for start in left),
            "reasons": down,
        }
        return record


class ScaleInRun(NamedTuple):
    """One run: how many hosts there were, and from when on, the end of the tasks being 0 s."""

    hosts: list[tuple[float, int]]
    moved: int
    ready: int
    lacking: str = ""
    """How many tasks never came up, and why; empty where all did."""

    @property
    def before(self) -> int:
        """Hosts when the tasks ended."""
        return self.hosts[0][1]

    @property
    def after(self) -> int:
        """Hosts that stay."""
        return self.hosts[-1][1]

    def gone(self, share: float) -> float:
        """Seconds until that share of the hosts that go has gone."""
        left = self.before - share * (self.before - self.after)
        return next(time for time, count in self.hosts if count <= left)

    def host_hours(self) -> float:
        """Host-hours of the first hour."""
        ends = [*(min(time, HOUR) for time, _ in self.hosts[1:]), HOUR]
        spans = zip(self.hosts, ends, strict=True)
        return sum(count * max(0.0, end - time) for (time, count), end in spans) / HOUR


def runs_of(results: Results) -> dict[str, list[ScaleInRun]]:
    """The runs in some results, by platform."""
    runs: dict[str, list[ScaleInRun]] = {}
    hosts = {
        key: list(zip(own["time_s"].tolist(), own["used"].astype(int).tolist(), strict=True))
        for key, own in results.samples.groupby(["variant", "run"], sort=False)
    }
    for row in results.runs.to_dict("records"):
        key = row["variant"], row["run"]
        one = ScaleInRun(hosts[key], row["moved"], row["ready"], row["reasons"])
        runs.setdefault(row["variant"], []).append(one)
    return runs


def _lacking(live: Deployment, starts: Sequence[Start], word: str) -> str:
    down = [start for start in starts if not _runs(live, start)]
    if not down:
        return ""
    waits = word or f"it waits in {down[0].state}"
    why = str(down[0].value) if down[0].processed else waits
    return f"{len(down)} of {len(starts)} tasks did not come up ({why})"


def _moved(live: Deployment) -> int:
    return len(live.replaced) if isinstance(live, LiveEKS) else 0


def _runs(live: Deployment, start: Start) -> bool:
    """Whether a task, or the one that stands in for it, is up."""
    if isinstance(live, LiveEKS):
        start = live.current(start)
    ready = start.processed and isinstance(start.value, Ready)
    return ready and start.sandbox is not None and start.sandbox.alive
