"""A machine that builds images and pushes them, as Docker with BuildKit does."""

from collections.abc import Generator
from math import fsum
from typing import Any, Protocol

from simpy import AllOf, Event

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.recorder import Span
from sim.core.world import World
from sim.host.kernel import Kernel
from sim.host.machine import Machine
from sim.image.dockerfile.build import BuildStep, Built
from sim.image.image import Image
from sim.image.transfer.image_store import ImageStore
from sim.image.transfer.push import FinishedWork, Packing, Push
from sim.image.transfer.registry import LiveRepository, Registry
from sim.image.transfer.unpacking import Unpacking


@description
class Builder:
    """A machine with a container daemon, up already, with nothing in its cache."""

    machine: Machine
    registry: Registry
    """The registry of base images."""
    unpacking: Unpacking
    packing: Packing
    os_and_daemons: Number = 0.0
    """Bytes that OS and container daemon use."""

    def deploy(self, world: World) -> "LiveBuilder":
        """The machine, up and running."""
        return LiveBuilder(self, world)


class BuildRecord(Protocol):
    """The record of a build or a push."""

    def phase(self, name: str, parent: str = "") -> Span: ...

    def done(self, work: FinishedWork, what: BuildStep | Image | None) -> None: ...


class LiveBuilder:
    """A builder in a running world; it keeps what it has built and pulled."""

    __slots__ = ("_blobs", "_cpu", "_packing", "_public", "kernel", "store")

    def __init__(self, builder: Builder, world: World) -> None:
        name = f"{builder.machine.name}-builder"
        self.kernel: Kernel = builder.machine.boot(world, name, plain(builder.os_and_daemons))
        self._cpu = self.kernel.cpu.group(weight=1024.0)
        registry = builder.registry.deploy(world)
        self.store = ImageStore(self.kernel, self._cpu, registry, builder.unpacking)
        self._packing = builder.packing
        self._public: set[str] = set()
        self._blobs: set[str] = set()

    def build(self, record: BuildRecord, built: Built) -> Generator[Event, Any, None]:
        """Do each step once what it needs is there; stages run side by side."""
        env = self.kernel.world.env
        done: dict[str, Event] = {
            digest: env.process(self._base(record, image)) for digest, image in built.bases
        }
        for step in built.steps:
            if step.layer.digest not in done:
                below = [done[digest] for digest in step.needs]
                done[step.layer.digest] = env.process(self._step(record, step, below))
        yield AllOf(env, list(done.values()))

    def push(
        self, record: BuildRecord, image: Image, repository: LiveRepository
    ) -> Generator[Event, Any, None]:
        """Upload what the repository lacks."""
        if repository.mounts_public:
            repository.holds |= self._public
        yield from Push(
            self.kernel,
            self._cpu,
            self._packing,
            repository,
            blobs=self._blobs,
            done=lambda work: record.done(work, None),
        ).run(image)

    def _base(self, record: BuildRecord, image: Image) -> Generator[Event, Any, None]:
        """Pull a base image; its registry is asked even where it is there."""
        if not image.layers:
            return
        begin, env = self.kernel.world.env.now, self.kernel.world.env
        missing = {x.digest: x.wire for x in image.layers if x.digest not in self._public}
        self._public |= set(missing)
        self._blobs |= set(missing)
        yield from self.store.pull(record, image, "always")
        record.done(FinishedWork("base", begin, env.now, fsum(missing.values())), image)

    def _step(
        self, record: BuildRecord, step: BuildStep, below: list[Event]
    ) -> Generator[Event, Any, None]:
        """Do the CPU work of one instruction and write its files, side by side; cached: at once."""
        kernel, env = self.kernel, self.kernel.world.env
        yield AllOf(env, below)
        begin, size = env.now, 0.0 if step.cached else step.layer.unpacked
        if not step.cached:
            work = self._cpu.run(step.cpu / kernel.core_speed, cap=1.0)
            yield AllOf(env, [work, kernel.transfer(kernel.disk, size)])
            kernel.memory.cache(step.layer.digest, size)
        record.done(FinishedWork(step.word, begin, env.now, size), step)
