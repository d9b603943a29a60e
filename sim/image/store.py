"""The layers on one host, and how they get there: resolve, download, decompress, unpack."""

import math
from collections.abc import Callable, Generator
from typing import Annotated, Any

from pydantic import Field, PositiveInt
from simpy import AllOf, Event, Resource

from sim.core.cited import Cited, Number, plain
from sim.core.description import description
from sim.core.recorder import DONE
from sim.core.sharing import Group
from sim.host.kernel import Kernel
from sim.image.image import Image, Layer
from sim.image.registry import LiveRegistry, Puller


@description
class Unpacking:
    """What pulling costs on the host, besides the bytes on the wire (containerd's way)."""

    decompress_rate: Number
    """Bytes of output per core-second."""
    unpack_cpu: Number
    """Core-seconds per byte written."""
    layer_overhead: Number = 0.0
    """Seconds a layer costs whatever its size."""
    shared_thread: Annotated[float, Field(ge=0, le=1)] | Cited = 0.0
    """Share of the lesser of decompressing and writing files that does not overlap with the other:
    0, they run side by side on two cores; 1, one after the other on one."""
    overlap: bool = True
    """Whether wire, disk and CPU work of a layer go on together, or one after the other."""
    keep_blob: bool = True
    """Whether the compressed blob is written to disk, too."""
    page_cache: bool = True
    """Whether what is written and read stays in the page cache."""
    downloads: PositiveInt = 3
    """Layers of one pull that are downloaded at once; they are unpacked one after the other."""


class Store:
    """Layers on one kernel's disk, each digest once however many images and starts need it.

    Args:
        cpu: the daemon's group, in which decompression and unpacking compete.
    """

    __slots__ = ("_cpu", "_kernel", "_layers", "_registry", "_unpacking", "_whole")

    def __init__(
        self, kernel: Kernel, cpu: Group, registry: LiveRegistry, unpacking: Unpacking
    ) -> None:
        self._kernel = kernel
        self._cpu = cpu
        self._registry = registry
        self._unpacking = unpacking
        kernel.memory.caching = unpacking.page_cache
        self._layers: dict[str, Event] = {}
        self._whole: dict[str, Image] = {}
        """Images of which every layer has been seen here."""

    @property
    def digests(self) -> frozenset[str]:
        """Layers on disk."""
        return frozenset(digest for digest, here in self._layers.items() if here.processed)

    def has(self, image: Image) -> bool:
        """Whether every layer of it is on disk now."""
        if image.name in self._whole and self._whole[image.name] is image:
            return True
        return all(
            layer.digest in self._layers and self._layers[layer.digest].processed
            for layer in image.layers
        )

    def load(self, image: Image) -> None:
        """Put an image on the disk, pulled long ago (*warm image*): its files are cached."""
        for layer in image.layers:
            self._layers[layer.digest] = self._kernel.world.env.timeout(0.0)
            self._kernel.memory.cache(layer.digest, layer.unpacked)

    def pull(self, puller: Puller, image: Image, *, ask: bool) -> Generator[Event, Any, None]:
        """Bring an image here; a layer that is here or on its way is not fetched again.

        Args:
            ask: contact the registry even when every layer is on disk.

        Raises:
            Interrupt: the registry throttled it until its client gave up.
        """
        if not ask and image.name in self._whole and self._whole[image.name] is image:
            return
        if ask or self._missing(image):
            yield from self._registry.admit(puller)
            with puller.phase("resolve", "pull"):
                yield self._kernel.world.env.timeout(self._registry.latency())
        missing = self._missing(image)
        if missing:
            self._begin(puller, missing)
        coming = [self._layers[layer.digest] for layer in image.layers]
        for layer_here in coming:
            if not layer_here.processed:
                yield layer_here
        self._whole[image.name] = image

    def _missing(self, image: Image) -> list[Layer]:
        """Layers that are neither here nor on their way, each digest once."""
        layers = {layer.digest: layer for layer in image.layers}
        return [layer for digest, layer in layers.items() if digest not in self._layers]

    def _begin(self, puller: Puller, missing: list[Layer]) -> None:
        """Fetch layers on the daemon's account: whoever asked first may die meanwhile."""
        env = self._kernel.world.env
        connections = Resource(env, self._unpacking.downloads)
        downloads = [env.process(self._download(puller, layer, connections)) for layer in missing]
        for layer in missing:
            self._layers[layer.digest] = env.event()
        env.process(self._unpack_in_order(puller, missing, downloads))

    def _download(
        self, puller: Puller, layer: Layer, connections: Resource
    ) -> Generator[Event, Any, None]:
        """One layer over the wire and, as a blob, onto the disk, all at once (L4)."""
        kernel = self._kernel
        with connections.request() as connection:
            yield connection
            yield from self._registry.admit_layer(puller)
            with puller.phase("download", "pull"):
                rate = self._registry.connection_rate()
                yield from self._together(
                    lambda: kernel.transfer(kernel.nic, layer.wire, rate),
                    lambda: self._from_registry(layer.wire, rate),
                    lambda: self._to_disk(layer.wire if self._unpacking.keep_blob else 0.0),
                )

    def _unpack_in_order(
        self, puller: Puller, layers: list[Layer], downloads: list[Any]
    ) -> Generator[Event, Any, None]:
        for layer, download in zip(layers, downloads, strict=True):
            if not download.processed:
                yield download
            yield from self._unpack(puller, layer)
            self._layers[layer.digest].succeed()

    def _unpack(self, puller: Puller, layer: Layer) -> Generator[Event, Any, None]:
        """Decompress one layer and write its files."""
        kernel, unpacking, size = self._kernel, self._unpacking, layer.unpacked
        decompress = size / plain(unpacking.decompress_rate) / kernel.core_speed
        untar = size * plain(unpacking.unpack_cpu) / kernel.core_speed
        # What shares one thread with the longer of the two waits for it.
        alone = plain(unpacking.shared_thread) * min(decompress, untar)
        with puller.phase("unpack", "pull"):
            decompressing = puller.phase("decompress", "pull").__enter__()

            def decompressed() -> Event:
                job = self._cpu.run(decompress + (alone if decompress >= untar else 0.0), cap=1.0)
                job.callbacks.append(lambda _: decompressing.end(DONE))
                return job

            yield from self._together(
                decompressed,
                lambda: self._cpu.run(untar + (alone if untar > decompress else 0.0), cap=1.0),
                lambda: self._to_disk(size),
            )
            yield kernel.world.env.timeout(plain(unpacking.layer_overhead))
            kernel.memory.cache(layer.digest, size)

    def _together(self, *parts: Callable[[], Event]) -> Generator[Event, Any, None]:
        """Work that streams through several resources (L4): begun together, or in turn."""
        if self._unpacking.overlap:
            yield AllOf(self._kernel.world.env, [begin() for begin in parts])
            return
        for begin in parts:
            yield begin()

    def _to_disk(self, amount: float) -> Event:
        return self._kernel.transfer(self._kernel.disk, amount)

    def _from_registry(self, amount: float, rate: float) -> Event:
        total = self._registry.total
        return self._kernel.transfer(total, amount, rate if total is not None else math.inf)
