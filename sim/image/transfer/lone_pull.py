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
from collections.abc import Callable, Sequence
from typing import Any

from sim.core.cited import plain
from sim.core.recorder import DONE, INTERRUPTED
from sim.core.token_bucket import Promise
from sim.host.kernel import Kernel
from sim.image.image import Layer
from sim.image.transfer.layer_store import StoredLayer
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import Unpacking
from sim.sharing import Group, SharedCapacity

ROUNDING = 1e-12
"""Share of a job that is left for rounding's sake only."""


def is_plain(unpacking: Unpacking, copies: Sequence[StoredLayer]) -> bool:
    """Whether layers come whole, over a connection each, and are unpacked one after the other."""
    one_by_one = unpacking.overlap and unpacking.lazy is None and unpacking.unpacks == 1
    return one_by_one and all(unpacking.pieces(copy.layer.wire) == 1 for copy in copies)


class LonePull:
    """The layers of one image on their way to a disk that nobody else uses.

    Args:
        cpu: the daemon's group.
        task: the start whose spans they are.
        done: called when all layers are unpacked.
    """

    __slots__ = (
        "_copies",
        "_cpu",
        "_decompressing",
        "_disk",
        "_done",
        "_here",
        "_kernel",
        "_loading",
        "_next",
        "_nic",
        "_now",
        "_promises",
        "_registry",
        "_rested",
        "_spans",
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
        copies: Sequence[StoredLayer],
        task: int,
        done: Callable[[LonePull], None],
    ) -> None:
        self._kernel = kernel
        self._registry = registry
        self._unpacking = unpacking
        self._copies = copies
        self._task = task
        self._done = done
        self._nic, self._disk = _Lane(_rate(kernel.nic)), _Lane(_rate(kernel.disk))
        self._cpu = _Lane(min(cpu.cap, cpu.root.capacity))
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
        self._spans: list[list[float]] = []
        """Phase, begin and end of each part; the end is infinite where it is not known yet."""
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
        now = world.env.now
        for phase, since, end in self._spans:
            if since <= now:
                how = DONE if end <= now else outcome
                world.record.file(self._task, int(phase), self._parent, since, min(end, now), how)

    @property
    def _parent(self) -> int:
        return self._kernel.world.record.phases.code("pull")

    # --- with the clock

    def _go_on(self) -> None:
        """From now, the moment at which a layer takes its turn, to the next such moment."""
        env, reached = self._kernel.world.env, self._now
        self._now = env.now
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
        if self._unpacked < len(self._copies):
            self._go_on()
            return
        self._now = self._kernel.world.env.now
        for span in self._spans:
            span[2] = min(span[2], self._now)
        self.end(DONE)
        for copy in self._copies:
            size = copy.layer.unpacked
            self._kernel.memory.cache(copy.layer.digest, size)
            copy.end()
        self._done(self)

    def _connect(self) -> None:
        """Begin downloads while there are connections, or let them wait for their turn."""
        while (
            self._next < len(self._copies)
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
        wire = self._copies[number].layer.wire
        self._loading[number] = work = self._work("download")
        self._nic.add(work, wire, self._registry.connection_rate())
        self._disk.add(work, wire if self._unpacking.keep_blob else 0.0)

    def _work(self, phase: str) -> _Work:
        span = [self._kernel.world.record.phases.code(phase), self._now, math.inf]
        self._spans.append(span)
        return _Work(span)

    # --- ahead of the clock

    def _run(self) -> None:
        """To the next moment at which a layer takes its turn at the registry, or to the end."""
        turn = min((promise.at for promise in self._promises.values()), default=math.inf)
        lanes = self._nic, self._disk, self._cpu
        while not self._take_in():
            self._unpack()
            if self._unpacked == len(self._copies):
                return
            passed = min(lane.level() for lane in lanes)
            soon = min(turn, self._rested)
            if self._now + passed < soon:
                soon = self._now + passed
            else:
                passed = soon - self._now
            for lane in lanes:
                lane.advance(passed)
            self._now = soon
            if soon == turn:
                return

    def _take_in(self) -> bool:
        """End the downloads that are through; whether another layer takes its turn for that."""
        through = [n for n, work in self._loading.items() if not work.under_way]
        for number in through:
            self._loading.pop(number).end(self._now)
            self._here.add(number)
        return bool(through) and self._next < len(self._copies)

    def _unpack(self) -> None:
        """Take note of what is decompressed and unpacked by now, and begin the next layer."""
        while self._unpacked < len(self._copies):
            if self._decompressing is None:
                if self._unpacked not in self._here:
                    return
                self._begin_to_unpack(self._copies[self._unpacked].layer)
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

    def _begin_to_unpack(self, layer: Layer) -> None:
        decompress, untar = self._unpacking.cpu_of(layer, self._kernel.core_speed)
        self._writing = writing = self._work("unpack")
        self._decompressing = decompressing = self._work("decompress")
        self._cpu.add(decompressing, decompress, 1.0)
        self._cpu.add(writing, untar, 1.0)
        operations = self._unpacking.writes(layer) * self._kernel.operation_bytes
        self._disk.add(writing, max(layer.unpacked, operations))


class _Work:
    """Jobs that have to end for one part of the pull to be through."""

    __slots__ = ("_span", "under_way")

    def __init__(self, span: list[float]) -> None:
        self._span = span
        self.under_way = 0

    def end(self, now: float) -> None:
        """It is through; a second call does nothing."""
        self._span[2] = min(self._span[2], now)


class _Flow:
    """A job: what is left of it, and the most it can use."""

    __slots__ = ("cap", "least", "left", "rate", "work")

    def __init__(self, work: _Work, amount: float, cap: float) -> None:
        self.work = work
        self.left = amount
        self.least = ROUNDING * amount
        self.cap = cap
        self.rate = 0.0


class _Lane:
    """A few jobs of the same weight on a capacity that is theirs alone, under the sharing law."""

    __slots__ = ("_capacity", "_flows")

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity
        self._flows: list[_Flow] = []

    def add(self, work: _Work, amount: float, cap: float = math.inf) -> None:
        """Begin a job of that work; what takes no time is over."""
        if amount > 0.0 and min(cap, self._capacity) < math.inf:
            work.under_way += 1
            self._flows.append(_Flow(work, amount, cap))
            self._flows.sort(key=lambda flow: flow.cap)

    def level(self) -> float:
        """Share the capacity, the smallest caps first; seconds until a job ends."""
        left, soon = self._capacity, math.inf
        for others, flow in zip(range(len(self._flows), 0, -1), self._flows, strict=True):
            flow.rate = rate = min(flow.cap, left / others)
            left -= rate
            soon = min(soon, flow.left / rate)
        return soon

    def advance(self, passed: float) -> None:
        """Let time pass in which no job ends before the end."""
        for flow in self._flows:
            flow.left -= flow.rate * passed
            if flow.left <= flow.least:
                flow.work.under_way -= 1
                flow.left = 0.0
        self._flows = [flow for flow in self._flows if flow.left]


def _rate(capacity: SharedCapacity | None) -> float:
    return math.inf if capacity is None else capacity.capacity
