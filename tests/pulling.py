"""One host with a store, and pulls whose ends are noted; all numbers round."""

import math
from typing import Any

from worlds import kernel, machine, registry, rows, unpacking

from sim.core.recorder import Span
from sim.core.world import World
from sim.host import Kernel, Machine
from sim.image import Image, ImageCleanup, ImageStore, PullFailed, PullPolicy
from sim.image.transfer.registry import LiveRegistry
from sim.units import MiB

LATENCY = 1.0
RATE = 10 * MiB


class Puller:
    """Asks for an image, as a start does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.task = world.record.task("puller")

    def phase(self, name: str, parent: str = "") -> Span:
        return self.world.record.span(self.task, name, parent)


class Bench:
    """One host with a store, and pulls that note when they ended."""

    def __init__(
        self,
        box: Machine | None = None,
        hub: dict[str, Any] | None = None,
        *,
        world: World | None = None,
        live: LiveRegistry | None = None,
        cleanup: ImageCleanup | None = None,
        **costs: Any,
    ) -> None:
        self.world = world or World()
        self.kernel: Kernel = kernel(self.world, box or machine(nic=RATE))
        self.registry = live or registry(**(hub or {})).deploy(self.world)
        daemon = self.kernel.cpu.group(weight=1024.0)
        self.store = ImageStore(self.kernel, daemon, self.registry, unpacking(**costs), cleanup)
        self.ended: list[float] = []
        self.failed: list[tuple[float, str]] = []

    def pull(
        self,
        picture: Image,
        *,
        how: PullPolicy = "prefer-cached",
        at: float = 0.0,
        uses: float = math.inf,
        reads: float = 0.0,
    ) -> "Bench":
        """Pull at `at`, then use the image for `uses` seconds."""

        def story() -> Any:
            yield self.world.env.timeout(at)
            try:
                held = yield from self.store.pull(Puller(self.world), picture, how, reads=reads)
            except PullFailed as failed:
                self.failed.append((self.world.env.now, str(failed)))
                return
            self.ended.append(self.world.env.now)
            if uses < math.inf:
                yield self.world.env.timeout(uses)
                self.store.release(held)

        self.world.env.process(story())
        return self

    def run(self, until: float | None = None) -> "Bench":
        self.world.env.run(until=until)
        return self

    def lengths(self, phase: str, parent: str = "pull") -> list[float]:
        found = rows(self.world.record)
        return [row.length for row in found if (row.phase, row.parent) == (phase, parent)]

    @property
    def moved(self) -> float:
        """Bytes that came through the network card."""
        assert self.kernel.nic is not None
        return self.kernel.nic.busy_integral
