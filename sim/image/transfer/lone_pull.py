"""A pull that has its host to itself, as in a microVM that comes with its task.

Nobody else uses wire, disk and CPU of the host, so all of it follows from the moment at which the
first downloads begin and the rates they have: in closed form, outside SimPy, from one end to the
next. Where the next download takes its turn at the registry, which all hosts share, the pull stops
and waits for that moment: there a token is taken and a rate is drawn, in the order of time. So it
is as exact as `Downloader`, of which it is the special case, with an event a download that had to
wait for a connection and one for the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from sim.core.cited import plain
from sim.core.recorder import DONE, INTERRUPTED, Names, Recorder
from sim.core.token_bucket import Promise
from sim.host.kernel import Kernel
from sim.image.transfer.lone_host import Disk, Wire, side_by_side
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import LayerWork, Unpacking
from sim.sharing import Group

FILES: Final = -1
"""Number of the write that puts the files of the layer on disk which is being unpacked."""


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
        "_at_once",
        "_connections",
        "_cpu",
        "_disk",
        "_done",
        "_here",
        "_kernel",
        "_layers",
        "_next",
        "_now",
        "_overhead",
        "_parts",
        "_promises",
        "_registry",
        "_task",
        "_under_way",
        "_unpacked",
        "_unpacked_at",
        "_unpacking",
        "_untarred_at",
        "_waking",
        "_wire",
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
        self._overhead = plain(unpacking.layer_overhead)
        self._layers = layers
        self._task = task
        self._done = done
        self._wire, self._disk = Wire(kernel.nic_rate), Disk(kernel.disk_rate)
        self._cpu = min(cpu.cap, cpu.root.capacity)
        self._parts = _Parts(kernel.world.record.phases)
        self._now = kernel.world.env.now
        """How far it is known, which may be ahead of the clock."""
        self._next = 0
        """Number of the next layer to be downloaded."""
        self._connections = unpacking.downloads
        """Those that are free."""
        self._under_way: dict[int, list[int]] = {}
        """Of each download, by layer, how many transfers are, and the number of its part."""
        self._at_once: list[int] = []
        """Downloads that take no time, and are not through yet."""
        self._here: set[int] = set()
        """Layers that are downloaded."""
        self._promises: dict[int, Promise] = {}
        """Layers with a connection that wait for their turn at the registry."""
        self._unpacked = 0
        """Layers that are unpacked: number of the one that is, or is to be."""
        self._writing = FILES
        """Number of the part in which that is."""
        self._untarred_at = math.inf
        """When the CPU is through with it; infinite: it has not begun."""
        self._unpacked_at = math.inf
        """When it is unpacked, as soon as that is known."""
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
        record = self._kernel.world.record
        if record.unfiled.pop(self, self) is not self:
            self._parts.file(record, self._task, outcome)

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
        while self._connections and self._next < len(self._layers):
            self._connections -= 1
            number = self._next
            self._next += 1
            promise = self._registry.promise_layer()
            if promise is None:
                self._download(number)
            else:
                part = self._parts.begin("throttled", self._now)
                self._parts.until[part] = promise.at
                self._promises[number] = promise

    def _download(self, number: int) -> None:
        amount, now = self._layers[number].wire, self._now
        part = self._parts.begin("download", now)
        many = int(self._wire.begin(number, amount, self._registry.connection_rate(), now))
        if self._unpacking.keep_blob:
            many += self._disk.begin(number, amount, now)
        self._under_way[number] = [many, part]
        if not many:
            self._at_once.append(number)

    # --- ahead of the clock

    def _run(self) -> None:
        """To the next moment at which a layer takes its turn at the registry, or to the end."""
        turn = min((promise.at for promise in self._promises.values()), default=math.inf)
        disk, wire, layers = self._disk, self._wire, len(self._layers)
        for number in self._at_once:
            self._through(number)
        self._at_once.clear()
        while self._unpacked < layers:
            now = min(disk.due, wire.due, self._unpacked_at)
            if self._connections and self._next < layers and now > self._now:
                return
            if now >= turn:
                self._now = turn
                return
            self._now = now
            self._end_one(now)

    def _end_one(self, now: float) -> None:
        """What is next to be through is."""
        if now == self._unpacked_at:
            self._end_of_unpacking()
            return
        number = self._disk.end(now) if now == self._disk.due else self._wire.end(now)
        if number == FILES:
            self._unpacked_at = max(now, self._untarred_at) + self._overhead
            return
        download = self._under_way[number]
        download[0] -= 1
        if not download[0]:
            self._through(number)

    def _through(self, number: int) -> None:
        """A layer is downloaded."""
        _, part = self._under_way.pop(number)
        self._parts.until[part] = self._now
        self._connections += 1
        self._here.add(number)
        if number == self._unpacked:
            self._begin_to_unpack()

    def _begin_to_unpack(self) -> None:
        """Decompress the next layer and write its files: nobody else wants the CPU meanwhile."""
        layer, now = self._layers[self._unpacked], self._now
        self._writing = self._parts.begin("unpack", now)
        part = self._parts.begin("decompress", now)
        decompressed, written = side_by_side(layer.decompress, layer.write_files, self._cpu)
        self._parts.until[part] = now + decompressed
        self._untarred_at = now + max(decompressed, written)
        operations = layer.writes * self._kernel.operation_bytes
        if not self._disk.begin(FILES, max(layer.files, operations), now):
            self._unpacked_at = self._untarred_at + self._overhead

    def _end_of_unpacking(self) -> None:
        self._parts.until[self._writing] = self._now
        self._unpacked_at = math.inf
        self._unpacked += 1
        if self._unpacked in self._here:
            self._begin_to_unpack()


class _Parts:
    """Parts of the pull by number, as they began."""

    __slots__ = ("_codes", "_phase", "_since", "until")

    def __init__(self, codes: Names) -> None:
        self._codes = codes
        self._phase: list[int] = []
        self._since: list[float] = []
        self.until: list[float] = []
        """Infinite where it is not known yet."""

    def begin(self, phase: str, now: float) -> int:
        """Begin one; its number."""
        self._phase.append(self._codes[phase])
        self._since.append(now)
        self.until.append(math.inf)
        return len(self.until) - 1

    def file(self, record: Recorder, task: int, outcome: int) -> None:
        """File them as far as they have come; what is under way ends with this outcome."""
        now, pull = record.env.now, record.phases["pull"]
        until = [end if end < now else now for end in self.until]
        if outcome == DONE:
            record.file_done(task, self._phase, pull, self._since, until)
            return
        for phase, since, cut, end in zip(self._phase, self._since, until, self.until, strict=True):
            if since <= now:
                record.file(task, phase, pull, since, cut, DONE if end <= now else outcome)
