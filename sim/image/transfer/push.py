"""Pushing: a layer that the repository lacks is compressed and uploaded, any other is not."""

import math
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from pydantic import PositiveInt
from simpy import AllOf, Event, Resource

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.host.kernel import Kernel
from sim.image.image import Image, Layer, distinct
from sim.image.transfer.registry import LiveRepository
from sim.sharing import Group


@description
class Packing:
    """What pushing costs on the host, besides the bytes on the wire (Docker's way)."""

    compress_rate: Number = math.inf
    """Bytes of input per core-second; a layer is compressed by one thread."""
    core: Positive = 1.0
    """Speed of the core on which that was measured, against the reference core."""
    uploads: PositiveInt = 5
    """Layers of one push that are on their way at once."""
    overlap: bool = True
    """Whether a layer is compressed while it is uploaded, or before."""


class FinishedWork(NamedTuple):
    """A piece of work of a build or a push that is done."""

    phase: str
    begin: float
    """Seconds."""
    end: float
    """Seconds."""
    size: float = 0.0
    """Bytes it moved or wrote."""


class Push:
    """One push of an image from one host.

    Args:
        cpu: the daemon's group, in which compression competes.
        blobs: digests of layers that lie on the disk compressed; what is compressed is added.
        done: called with each piece of work that is done.
    """

    __slots__ = ("_blobs", "_cpu", "_done", "_kernel", "_packing", "_repository", "_slots")

    def __init__(
        self,
        kernel: Kernel,
        cpu: Group,
        packing: Packing,
        repository: LiveRepository,
        *,
        blobs: set[str],
        done: Callable[[FinishedWork], None],
    ) -> None:
        self._kernel = kernel
        self._cpu = cpu
        self._packing = packing
        self._repository = repository
        self._blobs = blobs
        self._done = done
        self._slots = Resource(kernel.world.env, packing.uploads)

    def run(self, image: Image) -> Generator[Event, Any, None]:
        """Upload the layers that are not there, then the manifest that names them."""
        env = self._kernel.world.env
        yield AllOf(env, [env.process(self._layer(layer)) for layer in distinct([image])])
        yield from self._ask("manifest")

    def _layer(self, layer: Layer) -> Generator[Event, Any, None]:
        with self._slots.request() as slot:
            yield slot
            yield from self._ask("check")
            if layer.digest not in self._repository.holds:
                yield from self._bring(layer)
                self._repository.holds.add(layer.digest)

    def _ask(self, phase: str) -> Generator[Event, Any, None]:
        env = self._kernel.world.env
        begin = env.now
        yield env.timeout(self._repository.latency())
        self._done(FinishedWork(phase, begin, env.now))

    def _bring(self, layer: Layer) -> Generator[Event, Any, None]:
        """Compress a layer, unless its compressed blob is on the disk, and upload it."""
        env = self._kernel.world.env
        packed = layer.digest in self._blobs or layer.media_type == "none"
        parts = []
        if not packed:
            compressing = self._compress(layer)
            self._blobs.add(layer.digest)
            if self._packing.overlap:
                parts.append(compressing)
            else:
                yield compressing
        begin, rate = env.now, self._repository.upload_rate()
        parts.append(self._kernel.transfer(self._kernel.nic, layer.wire, rate))
        if self._repository.total is not None:
            parts.append(self._kernel.transfer(self._repository.total, layer.wire, rate))
        yield AllOf(env, parts)
        self._done(FinishedWork("upload", begin, env.now, layer.wire))

    def _compress(self, layer: Layer) -> Event:
        """Compress a layer by one thread."""
        begin, env = self._kernel.world.env.now, self._kernel.world.env
        packing = self._packing
        work = layer.unpacked / plain(packing.compress_rate) * plain(packing.core)
        job = self._cpu.run(work / self._kernel.core_speed, cap=1.0)
        job.callbacks.append(
            lambda _: self._done(FinishedWork("compress", begin, env.now, layer.unpacked))
        )
        return job
