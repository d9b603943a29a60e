"""From many tasks to few: how soon the machines are gone, and how many tasks are moved for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core.world import World
from sim.experiment import Results
from sim.experiment.statistics.estimate import Estimate, mean
from sim.platforms import ECS, EKS
from sim.platforms.eks.eks import LiveEKS
from sim.start import Deployment, Ready, Start
from sim.studies.platforms import chosen, lacking, price, web
from sim.studies.scale_in.answer import shrink_results
from sim.units import GiB, hours
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

BEFORE, AFTER = 6 * hours, 6 * hours
"""Seconds before the tasks end, in which all has come to rest, and after it, in which all will."""

SHARES = {"t50_s": 0.5, "t90_s": 0.9, "t100_s": 1.0}

HOUR = 1 * hours

NONE_GOES = "no host goes: each of them still has a task"


class Course(NamedTuple):
    """One run: how many hosts there were, and from when on, the end of the tasks being 0."""

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
        """Of the first hour."""
        ends = [*(min(time, HOUR) for time, _ in self.hosts[1:]), HOUR]
        spans = zip(self.hosts, ends, strict=True)
        return sum(count * max(0.0, end - time) for (time, count), end in spans) / HOUR


@dataclass(frozen=True, slots=True)
class Shrunk:
    """One platform; all numbers are means over the runs."""

    platform: str
    hosts_before: Estimate
    hosts: Estimate
    times: dict[str, Estimate]
    """Seconds until a share of the hosts that go has gone, `t50_s`, `t90_s` and `t100_s`; none
    where a run let no host go."""
    moved: Estimate
    """Tasks that were ended on one host and made anew on another."""
    ready: Estimate
    """Tasks that run at the end."""
    lacking: str
    """How many tasks never came up, and why; empty where all did."""
    usd_per_hour: float | None
    """Of the hosts that stay; None where a price is not known."""
    usd_first_hour: float | None
    """What the hour after the tasks have ended costs."""

    def estimates(self) -> dict[str, Estimate]:
        """What was measured, by name."""
        hosts = {"hosts_before": self.hosts_before, "hosts": self.hosts}
        return {**hosts, **self.times, "moved": self.moved, "ready": self.ready}

    def flat(self) -> dict[str, Any]:
        """One line of a table; a price that is not known is absent."""
        data: dict[str, Any] = {"platform": self.platform}
        data |= {name: estimate.value for name, estimate in self.estimates().items()}
        prices = {"usd_per_hour": self.usd_per_hour, "usd_first_hour": self.usd_first_hour}
        return data | {name: value for name, value in prices.items() if value is not None}

    def json(self) -> dict[str, Any]:
        """Plain data; a time that there is not is absent, with the reason beside it."""
        data = self.flat()
        reason = self.lacking or NONE_GOES
        data |= {f"{name}_refused": reason for name in SHARES if name not in self.times}
        known = {name: e for name, e in self.estimates().items() if e.low is not None}
        data["intervals"] = {name: [e.low, e.high] for name, e in known.items()}
        return data


@dataclass(frozen=True, slots=True)
class ShrinkAnswer:
    """Rows, and what was asked."""

    service: Service
    instance: str
    begin: int
    to: int
    rows: list[Shrunk]
    courses: dict[str, list[Course]]
    """The runs of each platform."""
    platforms: Mapping[str, ECS | EKS]
    seed: int

    def results(self) -> Results:
        """The answer as results that can be saved."""
        return shrink_results(self)

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        return [row.json() for row in self.rows]

    def hosts_over_time(self) -> pd.DataFrame:
        """One row a change: `variant` (the platform), `run`, `time_s` (the end is 0), `hosts`."""
        import pandas as pd

        rows = [
            (name, run, time, hosts)
            for name, courses in self.courses.items()
            for run, course in enumerate(courses)
            for time, hosts in course.hosts
        ]
        return pd.DataFrame(rows, columns=["variant", "run", "time_s", "hosts"])

    def table(self) -> pd.DataFrame:
        """One row a platform, without the intervals."""
        import pandas as pd

        return pd.DataFrame([row.flat() for row in self.rows])

    def sentence(self) -> str:
        """When the last host that goes has gone, and what stays."""
        rows = [row for row in self.rows if row.times]
        rows.sort(key=lambda row: row.times["t100_s"].value)
        parts = [
            f"{row.platform} {row.times['t100_s'].value:.0f} s "
            f"({row.hosts_before.value:.0f} to {row.hosts.value:.0f} hosts)"
            for row in rows
        ]
        gone = f"the last host that goes has gone after: {', '.join(parts)}" if parts else ""
        stay = [row.platform for row in self.rows if not (row.times or row.lacking)]
        none = f"no host goes on {', '.join(stay)}" if stay else ""
        lacking = [f"{row.platform}: {row.lacking}" for row in self.rows if row.lacking]
        said = "; ".join(part for part in (gone, none, *lacking) if part)
        return f"From {self.begin:,} tasks to {self.to:,}, {said}."


def shrink(
    *,
    platform: str = "all",
    begin: int = 500,
    to: int = 200,
    cpu: float = 1.0,
    memory: float = 2 * GiB,
    instance: str = "c6g.4xlarge",
    image: str = "python:3.12",
    quotas: Mapping[str, float] | None = None,
    replications: int = 5,
    seed: int = 1,
) -> ShrinkAnswer:
    """How soon the machines of `begin` tasks go once only `to` are wanted; any may be stopped.

    Args:
        platform: one of `sim.studies.platforms.platforms()`, or `all`.
        cpu: vCPUs of one task.
        memory: bytes of one task.
        instance: EC2 type of the platforms that have instances.
        quotas: figures that are other than AWS's default, by key, in base units.

    Raises:
        ValueError: a name is not known, or a value is out of range.
    """
    made = chosen(platform, instance, quotas)
    if not 0 <= to < begin:
        raise ValueError(f"to: {to} is not allowed; at least 0 and less than from = {begin}")
    service = web(cpu, memory, image)
    courses = {
        name: [_run(each, service, begin, to, World(seed, run)) for run in range(replications)]
        for name, each in made.items()
    }
    rows = [_row(name, made[name], service, runs) for name, runs in courses.items()]
    return ShrinkAnswer(service, instance, begin, to, rows, courses, made, seed)


def _run(platform: ECS | EKS, service: Service, begin: int, to: int, world: World) -> Course:
    """Bring `begin` tasks up, wait until all has come to rest, and end all but `to` of them."""
    live: Deployment = platform.deploy(world)
    starts = live.launch(service, begin)
    world.env.run(until=BEFORE)
    hosts = [(0.0, len(live.hosts()))]
    moved, down = _moved(live), _lacking(live, starts, lacking(platform, service))
    order = world.random.generator("scale in").permutation(begin)
    for number in order[: begin - to].tolist():
        live.stop(starts[number])
    while True:
        if len(live.hosts()) != hosts[-1][1]:
            hosts.append((world.env.now - BEFORE, len(live.hosts())))
        if world.env.peek() > BEFORE + AFTER:
            break
        world.env.step()
    left = [starts[number] for number in order[begin - to :].tolist()]
    ready = sum(_runs(live, start) for start in left)
    return Course(hosts, _moved(live) - moved, ready, down)


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


def _row(name: str, platform: ECS | EKS, service: Service, runs: list[Course]) -> Shrunk:
    hosts = mean("hosts", [run.after for run in runs])
    down = next((run.lacking for run in runs if run.lacking), "")
    goes = not down and all(run.after < run.before for run in runs)
    shares = SHARES if goes else {}
    one = price(platform, service, 1)
    host_hours = mean("host hours", [run.host_hours() for run in runs]).value
    return Shrunk(
        platform=name,
        hosts_before=mean("hosts_before", [run.before for run in runs]),
        hosts=hosts,
        times={key: mean(key, [run.gone(share) for run in runs]) for key, share in shares.items()},
        moved=mean("moved", [run.moved for run in runs]),
        ready=mean("ready", [run.ready for run in runs]),
        lacking=down,
        usd_per_hour=None if one is None else hosts.value * one,
        usd_first_hour=None if one is None else host_hours * one,
    )
