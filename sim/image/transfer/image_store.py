"""The images on one host: what is here, what a pull has to bring, and what goes again."""

from collections.abc import Generator
from typing import Any

from simpy import Environment, Event, Interrupt, Process

from sim.core.quantity import shown_gib
from sim.host.kernel import Kernel
from sim.image.image import Image
from sim.image.transfer.client import Client, NoSpace, Puller, PullFailed, PullPolicy, contacts
from sim.image.transfer.download import Downloader
from sim.image.transfer.garbage_collection import ImageCleanup, ImageCollector, StoredImage
from sim.image.transfer.layer_store import LayerStore, StoredLayer
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import Unpacking
from sim.sharing import Group
from sim.units import GiB

NEVER_PULLED = "ErrImageNeverPull: image is not present with pull policy of Never"


class ImageStore:
    """Images on one kernel's disk, each layer once however many images and starts need it.

    Args:
        cpu: the daemon's group, in which decompression and unpacking compete.
        cleanup: how unused images are deleted; None: they stay.
    """

    __slots__ = (
        "_client",
        "_collector",
        "_deliveries",
        "_delivery",
        "_images",
        "_kernel",
        "_last",
        "_registry",
        "_unpacking",
        "layers",
    )

    def __init__(
        self,
        kernel: Kernel,
        cpu: Group,
        registry: LiveRegistry,
        unpacking: Unpacking,
        cleanup: ImageCleanup | None = None,
    ) -> None:
        env = kernel.world.env
        self._kernel = kernel
        self._registry = registry
        self._unpacking = unpacking
        self._client = Client(env, registry, registry.retry_policy)
        self._delivery = Downloader(kernel, cpu, registry, unpacking)
        self._deliveries: dict[Process, None] = {}
        """Those under way."""
        self._collector = (
            None if cleanup is None else ImageCollector(cleanup, kernel.space, env.now)
        )
        kernel.memory.caching = unpacking.page_cache
        self.layers = LayerStore(kernel.space, unpacking.on_disk, kernel.memory.forget)
        self._images: dict[tuple[str, ...], StoredImage] = {}
        self._last: StoredImage | None = None
        """The one that was looked for last: most starts of a host want the same."""

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
        held = self._find(image)
        return held is not None and held.usable

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
        """Do what image garbage collection has done since the last look.

        Called before anything that a cycle goes by changes: who uses an image, what the disk holds.
        """
        if self._collector is not None:
            now = self._kernel.world.env.now
            self._collector.catch_up(now, self._images.values(), self._delete)

    def abandon(self) -> None:
        """The host is gone, and all that is on its way to it ends; its starts have ended before."""
        for delivery in tuple(self._deliveries):
            delivery.interrupt()

    def release(self, held: StoredImage) -> None:
        """A start that has pulled the image, or wanted to, has ended."""
        self.catch_up()
        held.users -= 1
        held.used_until = self._kernel.world.env.now

    def take(self, image: Image, policy: PullPolicy) -> StoredImage | None:
        """The short way to `pull`: the image, if it is here and no registry is contacted."""
        self.catch_up()
        held = self._find(image)
        if held is None or not held.usable:
            return None
        pulled = held.pulled is not None
        return None if contacts(policy, here=True, pulled=pulled) else self._use(held)

    def pull(
        self, puller: Puller, image: Image, policy: PullPolicy, *, reads: float = 0.0
    ) -> Generator[Event, Any, StoredImage]:
        """Bring an image here; a layer that is here or on its way is not fetched again.

        What it returns is to be released when the start ends; until then the image stays.

        Args:
            reads: bytes of files the app reads at its start; what lazy loading brings first.

        Raises:
            PullFailed: the client gave up, or the disk cannot take the image.
        """
        self.catch_up()
        held = self._find(image)
        here = held is not None and held.usable
        pulled = here and held is not None and held.pulled is not None
        if contacts(policy, here=here, pulled=pulled):
            try:
                yield from self._contact(puller, image, policy)
            except PullFailed:
                if policy != "default" or not self.has(image):
                    raise
        held = self._begin(puller, image, reads)
        try:
            while coming := held.awaited():
                yield coming[0]
        except Interrupt:
            self.release(held)
            raise
        return held

    def _contact(
        self, puller: Puller, image: Image, policy: PullPolicy
    ) -> Generator[Event, Any, None]:
        if policy == "never":
            raise PullFailed(NEVER_PULLED)
        yield from self._client.admit(image, puller)
        with puller.phase("resolve", "pull"):
            yield self._kernel.world.env.timeout(self._registry.resolve(image))

    def _begin(self, puller: Puller, image: Image, reads: float) -> StoredImage:
        """Have one more user of the image, and fetch what is missing on the daemon's account.

        Raises:
            NoSpace: the disk cannot take it. A real daemon notices when the disk is full, and
                deletes what it has fetched; here it is refused before it begins.
        """
        env = self._kernel.world.env
        self.catch_up()
        held = self._find(image)
        if held is None:
            copies = self._add(image, env)
            held = self._hold(image)
            if copies:
                held.coming = True
                delivery = env.process(self._deliver(puller, held, copies, reads))
                self._deliveries[delivery] = None
                delivery.callbacks.append(self._deliveries.pop)
        return self._use(held)

    def _use(self, held: StoredImage) -> StoredImage:
        """One more start has it."""
        held.users += 1
        if held.pulled is None:
            held.pulled = self._kernel.world.env.now
        return held

    def _deliver(
        self, puller: Puller, held: StoredImage, copies: list[StoredLayer], reads: float
    ) -> Generator[Event, Any, None]:
        lazy = self._unpacking.lazy
        try:
            if lazy is None:
                yield from self._delivery.whole(puller, copies)
            else:
                share = lazy.share(held.image, reads)
                yield from self._delivery.lazily(puller, copies, share)
        except Interrupt:
            return
        self.catch_up()
        held.coming = False

    def _add(self, image: Image, env: Environment | None) -> list[StoredLayer]:
        """Room for the layers that are missing.

        Raises:
            NoSpace: there is none.
        """
        missing, space = self.layers.missing(image), self._kernel.space
        need = self.layers.need(missing)
        if need > space.free:
            files = sum(layer.unpacked for layer in missing)
            blobs = f" and {shown_gib(need - files)} of blobs" if need > files else ""
            raise NoSpace(
                f"{self._registry.retry_policy.error}: {image.name}: no space left on device "
                f"(needed {shown_gib(files)} of files{blobs}, free {space.free / GiB:.2f} of "
                f"{space.capacity / GiB:g} GiB)"
            )
        return self.layers.add(missing, env)

    def _hold(self, image: Image) -> StoredImage:
        held = self._images[_key(image)] = StoredImage(image, self.layers.of(image))
        self.layers.use(image)
        return held

    def _find(self, image: Image) -> StoredImage | None:
        """The image here, or on its way here, that has the same layers."""
        last = self._last
        if last is not None and last.image is image:
            return last
        found = self._last = self._images.get(_key(image))
        return found

    def _delete(self, held: StoredImage) -> None:
        self._last = None
        del self._images[_key(held.image)]
        self.layers.drop(held.image)


def _key(image: Image) -> tuple[str, ...]:
    """What an image is: its layers, whatever its name."""
    return tuple(layer.digest for layer in image.layers)
