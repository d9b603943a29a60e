"""The life of an image in one simulated world: build, push, pull, run, and again after a change."""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import fsum
from typing import Any, Literal, TypeAlias

from simpy import Event

from sim.core.description import description
from sim.core.recorder import Recorder, Span
from sim.core.world import World
from sim.experiment import Results
from sim.image import Builder, Built, Image, Repository
from sim.image.dockerfile.build import BuildStep
from sim.image.image import distinct
from sim.image.transfer.push import FinishedWork
from sim.start import Outcome, Ready, Start
from sim.workload import Service

StepName: TypeAlias = Literal["build", "push", "pull", "run"]
STEPS: tuple[StepName, ...] = ("build", "push", "pull", "run")
TOTAL = "total"


@description
class Lifecycle:
    """Where an image is built, where it is kept, and what runs it."""

    builder: Builder
    repository: Repository
    platform: Any
    """Anything that satisfies `Platform`, pulling from the repository's registry."""


@dataclass(frozen=True, slots=True)
class Round:
    """An image as it was built, and what is started from it."""

    built: Built
    service: Service


@dataclass(frozen=True, slots=True)
class LifecycleRow:
    """One phase of one step."""

    round: int
    """1, or 2 after a change."""
    step: StepName
    phase: str
    start: float
    """Seconds since the build began."""
    end: float
    """Seconds since the build began."""
    size: float = 0.0
    """Bytes it moves, writes or reads."""
    line: int = 0
    """Line of the Dockerfile; 0 where it is none."""
    text: str = ""
    cached: bool = False
    aside: float = 0.0
    """Seconds between start and end that are another step's: the pull within a run."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.end - self.start - self.aside


@dataclass(slots=True)
class Timeline:
    """What happened, in order."""

    rows: list[LifecycleRow] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    """What became of the start of each round: `ready`, or why it did not come up."""
    begins: list[float] = field(default_factory=list)
    """When each round began, seconds."""

    def of(self, number: int, step: StepName) -> list[LifecycleRow]:
        """The phases of one step of one round."""
        return [row for row in self.rows if (row.round, row.step) == (number, step)]

    def total(self, number: int, step: StepName) -> LifecycleRow | None:
        """All of one step, with the bytes that went over the network; None where it never began."""
        return next((row for row in self.of(number, step) if row.phase == TOTAL), None)

    def after(self, number: int, phase: str) -> float | None:
        """Seconds from the beginning of a round to the end of a phase of its run: `start` is
        running, `app` ready; None where that never came."""
        ends = [row.end for row in self.of(number, "run") if row.phase == phase]
        up = self.ends[number - 1] == "ready"
        return ends[0] - self.begins[number - 1] if ends and up else None

    def as_json(self) -> str:
        """All of it in one text, as a run keeps it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Timeline":
        """The timeline that `as_json` wrote."""
        plain = json.loads(text)
        return cls([LifecycleRow(**row) for row in plain["rows"]], plain["ends"], plain["begins"])


@description
class Life:
    """The rounds of an image in one world; a second one meets the caches the first has filled."""

    name: str = "lifecycle"
    setup: Lifecycle
    rounds: tuple[Round, ...]
    app_told: bool = True
    """Whether the app's start-up work is known."""

    def run(self, seed: int, replication: int) -> Recorder:
        """Spans are of the starts; the `timeline` has the builds and pushes, too."""
        world, timeline = World(seed, replication), Timeline()
        world.env.process(_life(world, self.setup, self.rounds, timeline))
        world.env.run()
        world.record.metrics = {"timeline": timeline.as_json()}
        ready = timeline.after(1, "app")
        if ready is not None:
            world.record.metrics[READY] = ready
        return world.record


READY = "ready_after_s"
"""Seconds from the first Dockerfile to ready, a column of `runs`; absent where that never came."""


def timeline_of(results: Results) -> Timeline:
    """The timeline of the first run."""
    return Timeline.from_json(results.runs["timeline"].iloc[0])


def _life(
    world: World, setup: Lifecycle, rounds: Sequence[Round], timeline: Timeline
) -> Generator[Event, Any, None]:
    builder = setup.builder.deploy(world)
    repository = setup.repository.deploy(world)
    deployment = setup.platform.deploy(world)
    on_disk: dict[int, set[str]] = {}
    for number, one in enumerate(rounds, 1):
        timeline.begins.append(world.env.now)
        build = _Job(world, timeline, number, "build")
        yield from builder.build(build, one.built)
        build.file(build.rows, moved="base")
        push = _Job(world, timeline, number, "push")
        yield from builder.push(push, one.built.image, repository)
        push.file(_hulls(push.rows), moved="upload")
        start = deployment.launch(one.service)[0]
        outcome: Outcome = yield start
        timeline.ends.append(str(outcome))
        held = on_disk.setdefault(world.record.task_host[start.task], set())
        timeline.rows += _of_start(world.record, start, number, one.built.image, held)
        if not isinstance(outcome, Ready):
            return
        held |= {layer.digest for layer in one.built.image.layers}
        yield deployment.stop(start)


class _Job:
    """A build or a push; the pulls of its base images have a record of their own."""

    def __init__(self, world: World, timeline: Timeline, number: int, step: StepName) -> None:
        self.rows: list[LifecycleRow] = []
        self._begin = world.env.now
        self._aside = Recorder(world.env)
        self._task = self._aside.task(step)
        self._timeline = timeline
        self._number = number
        self._step: StepName = step

    def phase(self, name: str, parent: str = "") -> Span:
        return self._aside.span(self._task, name, parent)

    def done(self, work: FinishedWork, what: BuildStep | Image | None) -> None:
        step = what if isinstance(what, BuildStep) else None
        self.rows.append(
            LifecycleRow(
                round=self._number,
                step=self._step,
                phase=work.phase,
                start=work.begin,
                end=work.end,
                size=work.size,
                line=0 if step is None else step.line,
                text=what.name if isinstance(what, Image) else "" if what is None else what.text,
                cached=step is not None and step.cached,
            )
        )

    def file(self, rows: list[LifecycleRow], *, moved: str) -> None:
        """Put its rows into the timeline, in order, and its total: bytes of the phase `moved`."""
        size = sum(row.size for row in rows if row.phase == moved)
        end = self._aside.env.now
        self._timeline.rows += sorted(rows, key=lambda row: (row.start, row.end, row.line))
        self._timeline.rows.append(
            LifecycleRow(self._number, self._step, TOTAL, self._begin, end, size)
        )


def _hulls(rows: Sequence[LifecycleRow]) -> list[LifecycleRow]:
    """One row a phase, from the first layer's begin to the last one's end."""
    by_phase: dict[str, list[LifecycleRow]] = {}
    for row in rows:
        by_phase.setdefault(row.phase, []).append(row)
    return [
        replace(
            same[0],
            start=min(row.start for row in same),
            end=max(row.end for row in same),
            size=fsum(row.size for row in same),
        )
        for same in by_phase.values()
    ]


def _of_start(
    record: Recorder, start: Start, number: int, image: Image, held: set[str]
) -> list[LifecycleRow]:
    """The phases of a start; those of its pull are the step `pull`."""
    missing = [layer for layer in distinct([image]) if layer.digest not in held]
    wire, unpacked = fsum(x.wire for x in missing), fsum(x.unpacked for x in missing)
    sizes = {"download": wire, "decompress": unpacked, "unpack": unpacked, TOTAL: wire}
    pulled, ran = list[LifecycleRow](), list[LifecycleRow]()
    for phase, parent, begin, end in _spans(record, start.task):
        if parent == "pull":
            pulled.append(LifecycleRow(number, "pull", phase, begin, end))
        elif not parent and phase == "pull":
            pulled.append(LifecycleRow(number, "pull", TOTAL, begin, end))
        elif not parent:
            ran.append(LifecycleRow(number, "run", phase, begin, end))
    parts = [replace(row, size=sizes.get(row.phase, 0.0)) for row in _hulls(pulled)]
    aside = sum(row.seconds for row in parts if row.phase == TOTAL)
    begin, end = record.task_begin[start.task], record.task_end[start.task]
    phases = [row for row in (*parts, *ran) if row.phase != TOTAL]
    return [
        *sorted(phases, key=lambda row: (row.start, row.end)),
        *(row for row in parts if row.phase == TOTAL),
        LifecycleRow(number, "run", TOTAL, begin, end, aside=aside),
    ]


def _spans(record: Recorder, task: int) -> Iterator[tuple[str, str, float, float]]:
    """Phase, parent, begin and end of each span of a task."""
    names, filed = record.phases.all(), record.filed
    for at, owner in enumerate(filed.task):
        if owner == task:
            phase, parent = names[filed.phase[at]], names[filed.parent[at]]
            yield phase, parent, filed.start[at], filed.end[at]
