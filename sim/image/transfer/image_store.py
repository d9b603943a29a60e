"""The images on one host: what is on its disk, what a pull adds, and what is deleted."""

from collections.abc import Generator, Sequence
from typing import Any, Final

from simpy import Environment, Event, Interrupt, Process

from sim.core.cited import plain
from sim.core.quantity import shown_gib, shown_seconds
from sim.host.kernel import Kernel
from sim.image.image import Image, Layer
from sim.image.transfer.client import NoSpace, Puller, PullFailed, PullPolicy
from sim.image.transfer.download import Downloader
from sim.image.transfer.garbage_collection import ImageCleanup, ImageCollector
from sim.image.transfer.layer_store import Arrival, LayerStore, StoredImage, StoredLayer
from sim.image.transfer.lone_pull import LonePull
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import Unpacking
from sim.sharing import Group

NO_DOWNLOADS: Final[dict[Any, None]] = {}
"""Those of all hosts on which none is under way, as of most; never changed."""

NEVER_PULLED = "ErrImageNeverPull: image is not present with pull policy of Never"


class ImageStore:
    """Images on one kernel's disk, each layer once however many images and starts need it.

    Args:
        cpu: the daemon's group, in which decompression and unpacking compete.
        cleanup: how unused images are deleted; None: they stay.
        lone: the task that has the host to itself and nothing to do while it pulls; None: others
            may use its wire, disk and CPU meanwhile.
    """

    __slots__ = (
        "_client",
        "_collector",
        "_costs",
        "_cpu",
        "_downloads",
        "_images",
        "_kernel",
        "_last",
        "_lone",
        "_registry",
        "layers",
    )

    def __init__(
        self,
        kernel: Kernel,
        cpu: Group,
        registry: LiveRegistry,
        unpacking: Unpacking,
        cleanup: ImageCleanup | None = None,
        *,
        lone: int | None = None,
    ) -> None:
        self._kernel = kernel
        self._registry = registry
        self._costs = registry.costs(unpacking, kernel.core_speed)
        self._lone = lone
        self._cpu = cpu
        self._client = registry.client()
        self._downloads: dict[Process | LonePull, None] = NO_DOWNLOADS
        """Downloads under way."""
        self._collector = (
            None if cleanup is None else ImageCollector(cleanup, kernel.space, kernel.world.env.now)
        )
        kernel.memory.caching = unpacking.page_cache
        self.layers = LayerStore(kernel.space, self._costs, kernel.memory)
        self._images: dict[tuple[str, ...], StoredImage] = {}
        self._last: StoredImage | None = None
        """The image that was looked for last, kept because most starts of a host want the same."""

    @property
    def digests(self) -> frozenset[str]:
        """Layers on disk."""
        self.catch_up()
        return frozenset(copy.layer.digest for copy in self.layers if copy.whole)

    @property
    def images(self) -> tuple[Image, ...]:
        """Images on disk."""
        self.catch_up()
        return tuple(h.image for h in self._images.values() if self.layers.whole(h.image))

    def has(self, image: Image) -> bool:
        """Whether a container can start from it now."""
        self.catch_up()
        stored = self._find(image)
        return stored is not None and stored.usable

    def load(self, image: Image) -> None:
        """Put an image on the disk, pulled long ago (*warm image*): its files are cached.

        Raises:
            NoSpace: the disk cannot take it.
        """
        if self._find(image) is not None:
            return
        self._add(image, None)
        self._hold(image)
        for layer in image.layers:
            self._kernel.memory.cache(layer.digest, layer.unpacked)

    def catch_up(self) -> None:
        """Do what image garbage collection has done since the last call.

        Called before anything changes that a cycle depends on: who uses an image, what is on disk.
        """
        if self._collector is not None:
            now = self._kernel.world.env.now
            self._collector.catch_up(now, self._images.values(), self._delete)

    def abandon(self) -> None:
        """End all downloads, for the host is gone; its starts have ended before."""
        for download in tuple(self._downloads):
            download.interrupt()

    def release(self, stored: StoredImage) -> None:
        """Give an image back: a start that had pulled it, or wanted to, has ended."""
        self.catch_up()
        stored.users -= 1
        stored.used_until = self._kernel.world.env.now

    def take(self, image: Image, policy: PullPolicy) -> StoredImage | None:
        """The image, if it is here and no registry is contacted: `pull` without a process."""
        self.catch_up()
        stored = self._find(image)
        if stored is None or not stored.usable:
            return None
        pulled = stored.pulled is not None
        return None if _contacts(policy, here=True, pulled=pulled) else self._use(stored)

    def pull(
        self, puller: Puller, image: Image, policy: PullPolicy, *, reads: float = 0.0
    ) -> Generator[Event, Any, StoredImage]:
        """Bring an image here; a layer that is here or on its way is not fetched again.

        The caller releases what it returns when the start ends; until then the image stays.

        Args:
            reads: bytes of files the app reads at its start; what lazy loading brings first.

        Raises:
            PullFailed: the client gave up, or the disk cannot take the image.
        """
        self.catch_up()
        stored = self._find(image)
        here = stored is not None and stored.usable
        pulled = here and stored is not None and stored.pulled is not None
        if _contacts(policy, here=here, pulled=pulled):
            try:
                yield from self._contact(puller, image, policy, here=here)
            except PullFailed:
                if policy != "default" or not self.has(image):
                    raise
        stored = self._begin(puller, image, reads)
        begun = self._kernel.world.env.now
        try:
            while (coming := stored.awaited()) is not None:
                yield coming
        except Interrupt:
            self.release(stored)
            raise
        self._in_time(stored, begun)
        return stored

    def _in_time(self, stored: StoredImage, begun: float) -> None:
        """Give the image back where it took longer than the client waits; seen when it is here.

        Raises:
            PullFailed: it did.
        """
        policy = self._registry.retry_policy
        if self._kernel.world.env.now - begun > plain(policy.timeout):
            self.release(stored)
            limit = shown_seconds(plain(policy.timeout))
            raise PullFailed(f"{policy.error}: {stored.image.name}: not here within {limit}")

    def _contact(
        self, puller: Puller, image: Image, policy: PullPolicy, *, here: bool
    ) -> Generator[Event, Any, None]:
        if policy == "never":
            raise PullFailed(NEVER_PULLED)
        yield from self._client.admit(image, puller, here=here)
        with puller.phase("resolve", "pull"):
            yield self._kernel.world.env.timeout(self._registry.resolve(image))

    def _begin(self, puller: Puller, image: Image, reads: float) -> StoredImage:
        """Count one more user of the image, and begin to download what is missing.

        Raises:
            NoSpace: the disk cannot take it. A real daemon notices when the disk is full, and
                deletes what it has fetched; here it is refused before it begins.
        """
        self.catch_up()
        stored = self._find(image) or self._pull_alone(image)
        if stored is None:
            env = self._kernel.world.env
            copies = self._add(image, env)
            stored = self._hold(image)
            if copies:
                stored.coming = True
                download = env.process(self._download(puller, stored, copies, reads))
                self._downloads = self._downloads or {}
                self._downloads[download] = None
                download.callbacks.append(self._downloads.pop)
        return self._use(stored)

    def _pull_alone(self, image: Image) -> StoredImage | None:
        """Begin a pull in closed form; None where something can come between.

        Its layers are here all at once, when it is over: until then one moment stands for them.
        """
        if self._lone is None or not self._registry.sends_apart:
            return None
        missing, kernel = self.layers.missing(image), self._kernel
        cpu = min(self._cpu.cap, self._cpu.root.capacity)
        plan = self._costs.alone(missing, cpu, kernel.operation_bytes)
        if not plan.layers:
            return None
        self._make_room(image, missing, plan.on_disk)
        arrival = Arrival(kernel.world.env)
        stored = self._images[self._costs.key(image)] = StoredImage(image, [arrival], self)
        stored.coming = True

        def done() -> None:
            self._downloads = NO_DOWNLOADS
            self._all_here(stored)
            arrival.begin()

        unpacking = self._costs.unpacking
        pull = LonePull(kernel, self._cpu, self._registry, unpacking, plan, self._lone, done)
        self._downloads = {pull: None}
        return stored

    def _use(self, stored: StoredImage) -> StoredImage:
        """Count one more user of an image."""
        stored.users += 1
        if stored.pulled is None:
            stored.pulled = self._kernel.world.env.now
        return stored

    def _download(
        self, puller: Puller, stored: StoredImage, copies: list[StoredLayer], reads: float
    ) -> Generator[Event, Any, None]:
        lazy = self._costs.unpacking.lazy
        downloader = Downloader(self._kernel, self._cpu, self._registry, self._costs)
        try:
            if lazy is None:
                yield from downloader.whole(puller, copies)
            else:
                share = lazy.share(stored.image, reads)
                yield from downloader.lazily(puller, copies, share)
        except Interrupt:
            return
        self.catch_up()
        self._all_here(stored)

    def _all_here(self, stored: StoredImage) -> None:
        """All of an image has come; a host of one task will get no other."""
        stored.coming = False
        if self._lone is not None:
            self.layers.settle(stored.image, self._registry.settled)

    def _add(self, image: Image, env: Environment | None) -> list[StoredLayer]:
        """Make room for the layers that are missing, which come (or, without `env`, are here).

        Raises:
            NoSpace: there is none.
        """
        missing = self.layers.missing(image)
        self._make_room(image, missing, self.layers.need(missing))
        return self.layers.add(missing, env)

    def _make_room(self, image: Image, missing: Sequence[Layer], need: float) -> None:
        """Take the bytes of disk that layers need.

        Raises:
            NoSpace: there is not so much.
        """
        space = self._kernel.space
        if not space.take(need):
            files = sum(layer.unpacked for layer in missing)
            blobs = f" and {shown_gib(need - files)} of blobs" if need > files else ""
            raise NoSpace(
                f"{self._registry.retry_policy.error}: {image.name}: no space left on device "
                f"(needed {shown_gib(files)} of files{blobs}, {space})"
            )

    def _hold(self, image: Image) -> StoredImage:
        stored = self._images[self._costs.key(image)] = StoredImage(
            image, self.layers.of(image), self
        )
        self.layers.use(image)
        return stored

    def _find(self, image: Image) -> StoredImage | None:
        """The image here, or on its way here, that has the same layers."""
        last = self._last
        if last is not None and last.image is image:
            return last
        stored = self._last = self._images.get(self._costs.key(image))
        return stored

    def _delete(self, stored: StoredImage) -> None:
        self._last = None
        del self._images[self._costs.key(stored.image)]
        self.layers.drop(stored.image)


def _contacts(policy: PullPolicy, *, here: bool, pulled: bool) -> bool:
    """Whether the registry is contacted.

    Args:
        here: a container can start from it.
        pulled: an earlier start on this host has pulled the image.
    """
    if policy == "once":
        return not (here and pulled)
    return policy in ("default", "always") or not here
