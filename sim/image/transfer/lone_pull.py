"""A pull that has its host to itself, as in a microVM that comes with its task.

Nobody else uses wire, disk and CPU of the host, so all of it follows from the moment at which the
first downloads begin and the rates they have: in closed form, outside SimPy, from one end of a job
to the next. Where the next download takes its turn at the registry, which all hosts share, the pull
stops and waits for that moment: there a token is taken and a rate is drawn, in the order of time.
So it is as exact as `Downloader`, of which it is the special case, with an event a download that
had to wait for a connection and one for the end.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from sim.core.cited import plain
from sim.core.recorder import DONE, INTERRUPTED
from sim.core.token_bucket import Promise
from sim.host.kernel import Kernel
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import LayerWork, Unpacking
from sim.sharing import Group

ROUNDING = 1e-12
"""Share of a job that is left for rounding's sake only."""


def is_plain(unpacking: Unpacking, layers: Sequence[LayerWork]) -> bool:
    """Whether layers come whole, over a connection each, and are unpacked one after the other."""
    one_by_one = unpacking.overlap and unpacking.lazy is None and unpacking.unpacks == 1
    return one_by_one and all(layer.pieces == 1 for layer in layers)


class LonePull:
    """The layers of one image on their way to a disk that nobody else uses.

    Args:
        cpu: the daemon's group.
        layers: from the base up.
        task: the start whose spans they are.
        done: called when all layers are unpacked.
    """

    __slots__ = (
        "_cpu",
        "_decompressing",
        "_disk",
        "_done",
        "_here",
        "_jobs",
        "_kernel",
        "_layers",
        "_loading",
        "_next",
        "_nic",
        "_now",
        "_parts",
        "_phases",
        "_promises",
        "_registry",
        "_rested",
        "_task",
        "_unpacked",
        "_unpacking",
        "_waking",
        "_writing",
    )

    def __init__(  # noqa: PLR0917 (one caller)
        self,
        kernel: Kernel,
        cpu: Group,
        registry: LiveRegistry,
        unpacking: Unpacking,
        layers: Sequence[LayerWork],
        task: int,
        done: Callable[[LonePull], None],
    ) -> None:
        self._kernel = kernel
        self._registry = registry
        self._unpacking = unpacking
        self._layers = layers
        self._task = task
        self._done = done
        self._nic, self._disk = _Lane(kernel.nic_rate), _Lane(kernel.disk_rate)
        self._cpu = _Lane(min(cpu.cap, cpu.root.capacity))
        self._jobs = _Flows()
        self._phases = kernel.world.record.phases
        self._now = kernel.world.env.now
        """How far it is known, which may be ahead of the clock."""
        self._next = 0
        """Number of the next layer to be downloaded."""
        self._loading: dict[int, _Work] = {}
        self._here: set[int] = set()
        """Layers that are downloaded."""
        self._promises: dict[int, Promise] = {}
        """Layers with a connection that wait for their turn at the registry."""
        self._unpacked = 0
        """Layers that are unpacked: number of the one that is, or is to be."""
        self._decompressing: _Work | None = None
        """The work on it; None: it has not begun."""
        self._writing: _Work | None = None
        self._rested = math.inf
        """When its overhead is over, too."""
        self._parts: list[_Work] = []
        """All that was begun, to be recorded."""
        self._waking: Any = None
        kernel.world.record.unfiled[self] = None
        self._go_on()

    def interrupt(self) -> None:
        """End it: the host is gone."""
        for promise in self._promises.values():
            self._registry.give_up_layer(promise)
        self._waking = None
        self.end(INTERRUPTED)

    def end(self, outcome: int) -> None:
        """File its spans as far as they have come; what is under way ends with this outcome."""
        world = self._kernel.world
        if world.record.unfiled.pop(self, self) is self:
            return
        now, record, task = world.env.now, world.record, self._task
        pull = record.phases["pull"]
        for part in self._parts:
            if part.since <= now:
                until, how = part.until, DONE
                if until > now:
                    until, how = now, outcome
                record.file(task, part.phase, pull, part.since, until, how)

    # --- with the clock

    def _go_on(self) -> None:
        """From now, the moment at which a layer takes its turn, to the next such moment."""
        env, reached = self._kernel.world.env, self._now
        self._now = env.now
        if self._promises:
            for number in [n for n, promise in self._promises.items() if promise.at <= reached]:
                del self._promises[number]
                self._download(number)
        self._connect()
        self._run()
        self._waking = timeout = env.timeout(max(0.0, self._now - env.now))
        timeout.callbacks.append(self._woken)

    def _woken(self, event: object) -> None:
        if event is not self._waking:
            return
        if self._unpacked < len(self._layers):
            self._go_on()
            return
        self.end(DONE)
        for layer in self._layers:
            self._kernel.memory.cache(layer.layer.digest, layer.files)
        self._done(self)

    def _connect(self) -> None:
        """Begin downloads while there are connections, or let them wait for their turn."""
        while (
            self._next < len(self._layers)
            and len(self._loading) + len(self._promises) < self._unpacking.downloads
        ):
            number = self._next
            self._next += 1
            promise = self._registry.promise_layer()
            if promise is None:
                self._download(number)
            else:
                self._work("throttled").end(promise.at)
                self._promises[number] = promise

    def _download(self, number: int) -> None:
        wire = self._layers[number].wire
        self._loading[number] = work = self._work("download")
        self._jobs.add(work, self._nic, wire, self._registry.connection_rate())
        self._jobs.add(work, self._disk, wire if self._unpacking.keep_blob else 0.0)

    def _work(self, phase: str) -> _Work:
        work = _Work(self._phases[phase], self._now)
        self._parts.append(work)
        return work

    # --- ahead of the clock

    def _run(self) -> None:
        """To the next moment at which a layer takes its turn at the registry, or to the end."""
        turn = min((promise.at for promise in self._promises.values()), default=math.inf)
        layers = len(self._layers)
        while not (self._loading and self._take_in()):
            self._unpack()
            if self._unpacked == layers:
                return
            self._now = self._jobs.run(self._now, min(turn, self._rested))
            if self._now == turn:
                return

    def _take_in(self) -> bool:
        """End the downloads that are through; whether another layer takes its turn for that."""
        through = [n for n, work in self._loading.items() if not work.under_way]
        for number in through:
            self._loading.pop(number).end(self._now)
            self._here.add(number)
        return bool(through) and self._next < len(self._layers)

    def _unpack(self) -> None:
        """Take note of what is decompressed and unpacked by now, and begin the next layer."""
        while self._unpacked < len(self._layers):
            if self._decompressing is None:
                if self._unpacked not in self._here:
                    return
                self._begin_to_unpack(self._layers[self._unpacked])
            decompressing, writing = self._decompressing, self._writing
            assert decompressing is not None and writing is not None
            if not decompressing.under_way:
                decompressing.end(self._now)
                if not writing.under_way and self._rested == math.inf:
                    self._rested = self._now + plain(self._unpacking.layer_overhead)
            if self._now < self._rested:
                return
            writing.end(self._now)
            self._decompressing, self._rested = None, math.inf
            self._unpacked += 1

    def _begin_to_unpack(self, layer: LayerWork) -> None:
        self._writing = writing = self._work("unpack")
        self._decompressing = decompressing = self._work("decompress")
        self._jobs.add(decompressing, self._cpu, layer.decompress, 1.0)
        self._jobs.add(writing, self._cpu, layer.write_files, 1.0)
        operations = layer.writes * self._kernel.operation_bytes
        self._jobs.add(writing, self._disk, max(layer.files, operations))


class _Work:
    """A part of the pull: the jobs that have to end for it to be through."""

    __slots__ = ("phase", "since", "under_way", "until")

    def __init__(self, phase: int, since: float) -> None:
        self.phase = phase
        self.since = since
        self.until = math.inf
        """Infinite where it is not known yet."""
        self.under_way = 0

    def end(self, now: float) -> None:
        """It is through; a second call does nothing."""
        if now < self.until:  # noqa: PLR1730 (quicker)
            self.until = now


class _Lane:
    """A capacity of the host, and the jobs on it, the smallest caps first."""

    __slots__ = ("capacity", "jobs")

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self.jobs: list[_Flow] = []

    def share(self) -> None:
        """The sharing law, for jobs of the same weight."""
        free, others = self.capacity, len(self.jobs)
        for job in self.jobs:
            rate = free / others
            if job.cap < rate:  # noqa: PLR1730 (quicker)
                rate = job.cap
            job.rate = rate
            free -= rate
            others -= 1


class _Flow:
    """What is left of a job, and the most it can use."""

    __slots__ = ("cap", "lane", "least", "left", "rate", "work")

    def __init__(self, work: _Work, lane: _Lane, amount: float, cap: float) -> None:
        self.work = work
        self.lane = lane
        self.left = amount
        self.least = ROUNDING * amount
        self.cap = cap
        self.rate = 0.0


class _Flows:
    """The jobs under way on all lanes."""

    __slots__ = ("_all", "_changed")

    def __init__(self) -> None:
        self._all: list[_Flow] = []
        self._changed: dict[_Lane, None] = {}
        """Lanes whose rates have to be found anew."""

    def add(self, work: _Work, lane: _Lane, amount: float, cap: float = math.inf) -> None:
        """Begin a job of that work; what takes no time is over."""
        if amount > 0.0 and (cap < math.inf or lane.capacity < math.inf):
            work.under_way += 1
            job = _Flow(work, lane, amount, cap)
            self._all.append(job)
            insort(lane.jobs, job, key=_CAP)
            self._changed[lane] = None

    def run(self, now: float, until: float) -> float:
        """To the moment at which the next work is through, but not beyond `until`."""
        while True:
            for lane in self._changed:
                lane.share()
            self._changed.clear()
            passed = math.inf
            for job in self._all:
                lasts = job.left / job.rate
                if lasts < passed:  # noqa: PLR1730 (quicker)
                    passed = lasts
            if now + passed < until:
                now += passed
            else:
                passed, now = until - now, until
            if self._advance(passed) or now == until:
                return now

    def _advance(self, passed: float) -> bool:
        """Let time pass in which no job ends before the end; whether a work is through then."""
        ended = []
        for job in self._all:
            left = job.left - job.rate * passed
            if left > job.least:
                job.left = left
            else:
                ended.append(job)
        through = False
        for job in ended:
            self._all.remove(job)
            job.lane.jobs.remove(job)
            self._changed[job.lane] = None
            job.work.under_way -= 1
            through = through or not job.work.under_way
        return through


_CAP = attrgetter("cap")
