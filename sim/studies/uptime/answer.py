"""The answer to *when is the whole application up*: when, who held it up, and each part's times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.core.names import SPOKEN
from sim.experiment import Results
from sim.experiment.statistics.estimate import needed, quantile
from sim.studies import platforms
from sim.studies.plan.hosts import PlannedHosts, larger_volume
from sim.studies.plan.ready import one_after_another
from sim.studies.platform_row import Temperature
from sim.studies.uptime.critical_path import PathLink, StartedCopy, critical_path
from sim.studies.uptime.question import UptimeQuestion
from sim.workload import Application

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class UptimeRow:
    """One platform with one image temperature."""

    platform: str
    image: Temperature
    seconds: Mapping[int, float]
    """When all was up, by run, of those in which all came up."""
    short: int
    """Runs in which they did not."""
    why: str
    """Why not, in the platform's words."""
    ordered: bool = False
    """Whether a service is started only when those before it are up."""
    typical: list[StartedCopy] = field(default_factory=list)
    """The copies of the run nearest to the median; none where there are too few for one."""

    def at(self, q: float) -> float | None:
        """The q-quantile of the time until all is up; None where too few runs came up."""
        if len(self.seconds) < needed(q):
            return None
        return quantile(list(self.seconds.values()), q)

    @property
    def middle(self) -> int | None:
        """The number of the run nearest to the median; None where there are too few for one."""
        middle = self.at(0.5)
        if middle is None:
            return None
        return min(self.seconds, key=lambda run: abs(self.seconds[run] - middle))

    @property
    def path(self) -> list[PathLink]:
        """The critical path of that run."""
        return critical_path(self.typical)

    @property
    def where(self) -> str:
        """As sentences say it."""
        row = platforms.row(self.platform)
        return f"{row.phrase} ({self.image} image)" if "warm" in row.startup else row.phrase

    def json(self) -> dict[str, Any]:
        """Plain data; a quantile that was refused is absent."""
        data: dict[str, Any] = {"platform": self.platform, "image": self.image}
        data |= {f"up_p{round(100 * q)}_s": s for q in (0.5, 0.95) if (s := self.at(q)) is not None}
        data |= {"n": len(self.seconds), "not_up": self.short}
        if self.why:
            data["why"] = self.why
        data["path"] = [
            {
                "part": link.part,
                "from_s": link.since,
                "until_s": link.until,
                "ready_s": link.ready,
                "phases": dict(link.phases),
            }
            for link in self.path
        ]
        return data


@dataclass(slots=True)
class UptimeAnswer:
    """Rows, the results that they come from, and what was asked."""

    question: UptimeQuestion
    app: Application
    rows: list[UptimeRow]
    results: Results
    hosts: dict[str, PlannedHosts | None]
    """What it was given, by platform; None: each task has a host of its own, or there is one."""
    refused: dict[str, str]
    """Platforms that cannot run it, and why."""

    @property
    def up(self) -> list[UptimeRow]:
        """Rows in which all came up in the median, fastest first."""
        rows = [row for row in self.rows if row.typical and row.short <= len(row.seconds)]
        return sorted(rows, key=lambda row: row.at(0.5) or 0.0)

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "application": self.app.name,
            "rows": [row.json() for row in self.rows],
            "refused": self.refused,
        }

    def sentence(self) -> str:
        """When it is up, where soonest and where last, and who held it up there."""
        if not self.up:
            whys = [_why_not(row.why) for row in self.rows if row.why] + list(self.refused.values())
            return f"Not all of {self.app.name} comes up: {'; '.join(dict.fromkeys(whys))}."
        first, last = self.up[0], self.up[-1]
        if last is first:
            return (
                f"{self.app.name} is up after {first.at(0.5):.1f} s {first.where} (median); "
                f"{self.held(first)}."
            )
        return (
            f"{self.app.name} is up soonest {first.where}, after {first.at(0.5):.1f} s, and last "
            f"{last.where}, after {last.at(0.5):.1f} s (medians); there {self.held(last)}."
        )

    def not_up(self) -> list[str]:
        """Where not everything comes up, and why; an image that is warm changes nothing of it."""
        said: dict[str, dict[str, list[str]]] = {}
        for row in self.rows:
            if row.short:
                every = row.short + len(row.seconds)
                runs = "" if row.short == every else f" in {row.short} of {every} runs"
                why = f"not everything comes up{runs}: {_why_not(row.why)}"
                said.setdefault(row.platform, {}).setdefault(why, []).append(row.image)
        return [
            f"{platform}{f' ({images[0]} image)' if len(whys) > 1 else ''}: {why}."
            for platform, whys in said.items()
            for why, images in whys.items()
        ]

    @property
    def machines(self) -> dict[str, int]:
        """Hosts that it was given, where they are counted."""
        return {name: 0 if each is None else each.machines for name, each in self.hosts.items()}

    def volume_line(self) -> str:
        """Platforms whose root volume does not hold the images of one machine; else empty."""
        return larger_volume(self.hosts)

    def in_order(self) -> str:
        """Who waits for a service before the next one is started; empty where nobody does."""
        started = [row for row in self.rows if row.seconds]
        ordered = list(dict.fromkeys(row.platform for row in started if row.ordered))
        return one_after_another(ordered, len({row.platform for row in started}), self.app)

    def held(self, row: UptimeRow) -> str:
        """Who held it up on one platform."""
        path = row.path
        last = path[-1]
        if len(path) == 1:
            return (
                f"{last.part} is the last one up, and no other service holds it up: "
                f"{_longest(row, last)}"
            )
        holder, held = path[-2], path[-1]
        others = self._held_by(row, holder.part)
        whom = held.part if others == 1 else f"{others} services"
        said = f"{holder.part} holds up {whom} until {holder.until:.1f} s"
        unseen = [link for link in path[:-1] if link.unseen > 0.05]
        if unseen:
            most = max(unseen, key=lambda link: link.unseen)
            said += (
                f", of which {most.unseen:.1f} s pass until the next health check of {most.part}, "
                f"which is ready after {most.ready:.1f} s"
            )
        return said

    def _held_by(self, row: UptimeRow, part: str) -> int:
        """Parts that wait for a part last, in the typical run."""
        every = {copy.part for copy in row.typical}
        held = {
            copy.part
            for copy in row.typical
            if (wait := copy.wait(every - {copy.part})) is not None and wait[0] == part
        }
        return max(1, len(held))

    def parts(self, row: UptimeRow) -> list[dict[str, Any]]:
        """Each part of the typical run on one platform: copies, when it runs and is ready, why."""
        copies = Counter(copy.part for copy in row.typical)
        every, on_path = set(copies), {link.part for link in row.path}
        found = []
        for part in dict.fromkeys(copy.part for copy in row.typical):
            mine = [copy for copy in row.typical if copy.part == part]
            last = max(mine, key=lambda copy: copy.ready)
            wait = last.wait(every - {part})
            found.append(
                {
                    "part": part,
                    "copies": copies[part],
                    "ready_s": last.ready,
                    "waited_s": 0.0 if wait is None else wait[1].length,
                    "for": "" if wait is None else wait[0],
                    "on_path": part in on_path,
                }
            )
        return sorted(found, key=lambda each: each["ready_s"])

    def gantt(self, row: UptimeRow) -> pd.DataFrame:
        """Phases of the last copy of each part in the typical run: what the picture shows."""
        import pandas as pd

        every = {copy.part for copy in row.typical}
        path = {link.part: link for link in row.path}
        rows = []
        for part in every:
            mine = [copy for copy in row.typical if copy.part == part]
            last = max(mine, key=lambda copy: copy.ready)
            wait = last.wait(every - {part})
            rows += [
                {
                    "part": part,
                    "phase": phase,
                    "start_s": start,
                    "end_s": end,
                    "waits_for": "" if wait is None else wait[0],
                    "critical": part in path,
                }
                for phase, start, end in _drawn(last, every - {part})
                if end > start
            ]
        return pd.DataFrame(rows)


def _longest(row: UptimeRow, link: PathLink) -> str:
    """What took longest in a stretch: a phase, or what most of a call or a placement waited for."""
    phase, seconds = max(link.phases, key=lambda item: item[1])
    copy = max((copy for copy in row.typical if copy.part == link.part), key=lambda c: c.ready)
    waits = [span for span in copy.spans if span.parent == phase and phase in QUEUES]
    longest = max(waits, key=lambda span: span.length, default=None)
    if longest is not None and longest.length > 0.5 * seconds:
        return f"waiting for the {longest.phase} takes {longest.length:.1f} s"
    return f"{SPOKEN.get(phase, phase)} takes {seconds:.1f} s"


QUEUES = ("request", "placement")
"""Phases whose parts are waits for quotas and controllers."""


def _drawn(copy: StartedCopy, others: set[str]) -> list[tuple[str, float, float]]:
    """The phases of a copy, its waits cut out of the phase that they are a part of."""
    wait = copy.wait(others)
    inner = None if wait is None or not wait[1].parent else wait[1]
    drawn = []
    for tile in copy.tiles:
        if inner is None or tile.phase != inner.parent:
            drawn.append((tile.phase, tile.start, tile.end))
            continue
        drawn.append((tile.phase, tile.start, inner.start))
        drawn.append((inner.phase, inner.start, inner.end))
        drawn.append((tile.phase, inner.end, tile.end))
    return drawn


def _why_not(reasons: str) -> str:
    """`no room for 3 tasks (vCPU)` for `vCPU x3`; what a kernel or a platform says stays."""
    said = []
    for reason in reasons.split("; "):
        words, _, count = reason.rpartition(" x")
        tasks = f"{count} {'task' if count == '1' else 'tasks'}"
        said.append(f"{tasks} not started ({words})" if words else reason)
    return ", ".join(said)
