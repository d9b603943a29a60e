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
from collections.abc import Callable
from typing import Any, Final

from sim.core.cited import plain
from sim.core.recorder import DONE, INTERRUPTED
from sim.core.token_bucket import Promise
from sim.host.kernel import Kernel
from sim.image.transfer.lone_host import Disk, Wire
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import LonePlan, Unpacking
from sim.sharing import Group

FILES: Final = -1
"""Number of the write that puts the files of the layer on disk which is being unpacked."""

Part = list[Any]
"""A part of the pull: the code of its phase, since when, and until when: infinite where that is
not known yet."""


class LonePull:
    """The layers of one image on their way to a disk that nobody else uses.

    Args:
        cpu: the daemon's group.
        plan: its layers, from the base up.
        task: the start whose spans they are.
        done: called when all layers are unpacked.
    """

    __slots__ = (
        "_at_once",
        "_cached",
        "_computed",
        "_connections",
        "_cpu",
        "_disk",
        "_done",
        "_files",
        "_half",
        "_here",
        "_kernel",
        "_layers",
        "_next",
        "_now",
        "_overhead",
        "_parts",
        "_phases",
        "_promises",
        "_registry",
        "_task",
        "_under_way",
        "_unpacked",
        "_unpacked_at",
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
        plan: LonePlan,
        task: int,
        done: Callable[[], None],
    ) -> None:
        record = kernel.world.record
        self._kernel, self._cpu, self._registry = kernel, cpu, registry
        self._layers, self._files = plan.layers, plan.files
        self._task, self._done, self._phases = task, done, record.phases
        self._overhead, self._connections = plain(unpacking.layer_overhead), unpacking.downloads
        """Seconds a layer; connections that are free."""
        self._wire, self._disk = Wire(kernel.nic_rate), Disk(kernel.disk_rate)
        self._parts: list[Part] = []
        """As they began."""
        self._now = kernel.world.env.now
        """How far it is known, which may be ahead of the clock."""
        self._next = 0
        """Number of the next layer to be downloaded."""
        self._under_way: dict[int, Part] = {}
        """Downloads, by the number of the layer."""
        self._half: set[int] = set()
        """Those with one transfer left, on the wire or to disk."""
        self._at_once: list[int] = []
        """Downloads that take no time, and are not through yet."""
        self._here: set[int] = set()
        """Layers that are downloaded."""
        self._promises: dict[int, Promise] = {}
        """Layers with a connection that wait for their turn at the registry."""
        self._unpacked = 0
        """Layers that are unpacked: number of the one that is, or is to be."""
        self._writing: list[Part] = []
        """The parts in which they were, and the present one is."""
        self._untarred_at = math.inf
        """When the CPU is through with the present one."""
        self._unpacked_at = math.inf
        """When that is unpacked, as soon as it is known."""
        self._cached = 0
        """Layers whose files are in the page cache."""
        self._computed = 0.0
        """vCPU-seconds that are counted as used."""
        self._waking: Any = None
        record.unfiled[self] = None
        if record.metered:
            kernel.pulling = self
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
        if record.unfiled.pop(self, self) is self:
            return
        self._kernel.pulling = None
        record.file_parts(self._task, self._phases["pull"], self._parts, outcome)

    def catch_up(self) -> None:
        """Let the meters of the host tell what is so now."""
        now, computed = self._kernel.world.env.now, 0.0
        for layer, part in zip(self._layers, self._writing, strict=False):
            if part[1] <= now:
                computed += layer.computed(now - part[1])
        self._cpu.root.note_work(computed - self._computed)
        self._computed = computed
        while self._cached < len(self._writing) and self._writing[self._cached][2] <= now:
            self._kernel.memory.cache(*self._files[self._cached])
            self._cached += 1

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
        if self._at_once:
            for number in self._at_once:
                self._through(number)
            self._at_once.clear()
        turns = [promise.at for promise in self._promises.values()] if self._promises else ()
        self._run(min(turns, default=math.inf))
        self._waking = timeout = env.timeout(max(0.0, self._now - env.now))
        timeout.callbacks.append(self._woken)

    def _woken(self, event: object) -> None:
        if event is not self._waking:
            return
        if self._unpacked < len(self._layers):
            self._go_on()
            return
        if self._kernel.pulling is not None:
            self.catch_up()
        self._kernel.memory.cache_all(self._files[self._cached :])
        self.end(DONE)
        self._done()

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
                self._parts.append([self._phases["throttled"], self._now, promise.at])
                self._promises[number] = promise

    def _download(self, number: int) -> None:
        layer, now = self._layers[number], self._now
        many = self._wire.begin(number, layer.wire, self._registry.connection_rate(), now)
        many += self._disk.begin(number, layer.blob, now)
        self._under_way[number] = part = [self._phases["download"], now, math.inf]
        self._parts.append(part)
        if many == 1:
            self._half.add(number)
        elif not many:
            self._at_once.append(number)

    # --- ahead of the clock

    def _run(self, turn: float) -> None:
        """To the next moment at which a layer takes its turn at the registry, or to the end."""
        disk, wire, layers = self._disk, self._wire, len(self._layers)
        more = self._next < layers
        while self._unpacked < layers:
            now = disk.due if disk.due < wire.due else wire.due
            if self._unpacked_at < now:  # noqa: PLR1730 (min() would be a call on the hot path)
                now = self._unpacked_at
            if more and self._connections and now > self._now:
                return
            if now >= turn:
                self._now = turn
                return
            self._now = now
            if now == self._unpacked_at:
                self._end_of_unpacking()
            else:
                self._transferred(disk.end(now) if now == disk.due else wire.end(now))

    def _transferred(self, number: int) -> None:
        """The blob of a layer is off the wire, or on disk; or the files of the present one are."""
        if number == FILES:
            untarred = self._untarred_at
            self._unpacked_at = (untarred if untarred > self._now else self._now) + self._overhead
            return
        if number in self._half:
            self._through(number)
        else:
            self._half.add(number)

    def _through(self, number: int) -> None:
        """A layer is downloaded."""
        self._under_way.pop(number)[2] = self._now
        self._connections += 1
        self._here.add(number)
        if number == self._unpacked:
            self._begin_to_unpack()

    def _begin_to_unpack(self) -> None:
        """Decompress the next layer and write its files: nobody else wants the CPU meanwhile."""
        layer, now = self._layers[self._unpacked], self._now
        part: Part = [self._phases["unpack"], now, math.inf]
        self._writing.append(part)
        self._parts += part, [self._phases["decompress"], now, now + layer.decompressed]
        self._untarred_at = untarred = now + layer.untarred
        if not self._disk.begin(FILES, layer.files, now):
            self._unpacked_at = untarred + self._overhead

    def _end_of_unpacking(self) -> None:
        self._writing[self._unpacked][2] = self._now
        self._unpacked_at = math.inf
        self._unpacked += 1
        if len(self._here) == len(self._layers):
            self._unpack_rest()
        elif self._unpacked in self._here:
            self._begin_to_unpack()

    def _unpack_rest(self) -> None:
        """Unpack the other layers, one after the other: all are here, so nothing else is written.

        What `_run` would come to from one end to the next: a tenth of a task on Fargate.
        """
        now, rate, overhead = self._now, self._kernel.disk_rate, self._overhead
        unpack, decompress = self._phases["unpack"], self._phases["decompress"]
        for layer in self._layers[self._unpacked :]:
            untarred, written = now + layer.untarred, now + layer.files / rate
            end = (untarred if untarred > written else written) + overhead
            part: Part = [unpack, now, end]
            self._writing.append(part)
            self._parts += part, [decompress, now, now + layer.decompressed]
            now = end
        self._now, self._unpacked = now, len(self._layers)
