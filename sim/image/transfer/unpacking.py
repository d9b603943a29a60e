"""What pulling an image costs on the host, besides the bytes on the wire."""

import math
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from pydantic import Field, PositiveInt

from sim.core.cited import Cited, Number, Positive, plain
from sim.core.description import description
from sim.image.image import Image, Layer

Share = Annotated[float, Field(ge=0, le=1)] | Cited
"""A fraction from 0 to 1."""


@description
class Lazy:
    """Lazy loading (SOCI class): a container starts once the bytes it needs are here.

    An index is fetched first; the rest of the image comes in the background and competes for NIC,
    disk and CPU. What a file system in user space costs a read is left out.
    """

    needed: Share
    """Fraction of an image's bytes that a start needs at least."""
    index: Number = 0.0
    """Bytes of the index per byte on the wire."""
    least: Number = 0.0
    """Bytes on the wire below which a layer has no index and is fetched whole."""

    def share(self, image: Image, reads: float) -> float:
        """Fraction of the indexed layers that comes before the start of an app that `reads`
        so many bytes of files."""
        known = reads / image.unpacked if image.unpacked else 0.0
        return min(1.0, max(plain(self.needed), known))

    def indexed(self, layer: Layer) -> bool:
        """Whether the layer is loaded lazily."""
        return layer.wire > 0.0 and layer.wire >= plain(self.least)


@description
class Unpacking:
    """What pulling costs on the host, besides the bytes on the wire (containerd's way)."""

    decompress_rate: Number
    """Bytes of output per core-second of a gzip layer."""
    zstd_rate: Number | None = None
    """Bytes of output per core-second of a zstd layer; None: as gzip."""
    unpack_cpu: Number
    """Core-seconds per byte written, in files of the usual size."""
    file_size: Positive | None = None
    """The usual size of a file, bytes; None: files cost nothing of their own."""
    file_cpu: Number = 0.0
    """What of it is for each file, core-seconds."""
    file_writes: Number = 0.0
    """Operations of the disk for each file."""
    core: Positive = 1.0
    """Speed of the core on which these were measured, against the reference core."""
    layer_overhead: Number = 0.0
    """Seconds a layer costs whatever its size."""
    shared_thread: Share = 0.0
    """Share of the lesser of decompressing and writing files that does not overlap with the other:
    0, they run side by side on two cores; 1, one after the other on one."""
    overlap: bool = True
    """Whether wire, disk and CPU work of a layer go on together, or one after the other."""
    keep_blob: bool = True
    """Whether the compressed blob is written to disk, too."""
    page_cache: bool = True
    """Whether what is written and read stays in the page cache."""
    downloads: PositiveInt = 3
    """Connections of one pull to its registry at once."""
    chunk: Positive | None = None
    """Bytes of a layer that a connection fetches at a time; None: a layer has one connection."""
    unpacks: PositiveInt = 1
    """Layers of one pull that are unpacked at once."""
    lazy: Lazy | None = None
    """Start before the whole image is here; None: pull it first."""

    def pieces(self, wire: float) -> int:
        """Requests in which so many bytes of a layer are fetched."""
        return 1 if self.chunk is None else max(1, math.ceil(wire / plain(self.chunk)))

    def on_disk(self, layer: Layer) -> float:
        """Bytes of disk a layer takes: its files, and its blob where that is kept."""
        return layer.unpacked + (layer.wire if self.keep_blob else 0.0)

    def rate(self, layer: Layer) -> float:
        """Bytes of output per core-second of the reference core at which a layer is
        decompressed; what is not compressed takes no time."""
        if layer.media_type == "none":
            return math.inf
        if layer.media_type == "zstd" and self.zstd_rate is not None:
            return plain(self.zstd_rate) / plain(self.core)
        return plain(self.decompress_rate) / plain(self.core)

    def files(self, layer: Layer) -> float:
        """How many files a layer has: as many as are known, else those of the usual size."""
        if layer.count is not None:
            return plain(layer.count)
        return 0.0 if self.file_size is None else layer.unpacked / plain(self.file_size)

    def work(self, layer: Layer) -> float:
        """Core-seconds of the reference core that write its files."""
        size, each = layer.unpacked, plain(self.file_cpu)
        usual = 0.0 if self.file_size is None else size / plain(self.file_size)
        bytes_alone = max(0.0, plain(self.unpack_cpu) * size - each * usual)
        return (bytes_alone + each * self.files(layer)) * plain(self.core)

    def cpu_of(self, layer: Layer, core_speed: float, share: float = 1.0) -> tuple[float, float]:
        """vCPU-seconds that decompress a share of a layer, and that write its files.

        The share of the shorter that runs on the thread of the longer is added to the longer: it
        cannot overlap with it.
        """
        decompress = layer.unpacked * share / self.rate(layer) / core_speed
        untar = self.work(layer) * share / core_speed
        alone = plain(self.shared_thread) * min(decompress, untar)
        if decompress >= untar:
            return decompress + alone, untar
        return decompress, untar + alone

    def writes(self, layer: Layer) -> float:
        """Operations of the disk that its files take."""
        return plain(self.file_writes) * self.files(layer)


class LayerWork(NamedTuple):
    """What one layer costs a host that pulls it, or a share of it."""

    layer: Layer
    share: float
    wire: float
    """Compressed bytes."""
    files: float
    """Bytes on disk once unpacked."""
    on_disk: float
    """Bytes of disk the whole layer takes, its blob included."""
    decompress: float
    """vCPU-seconds."""
    write_files: float
    """vCPU-seconds."""
    writes: float
    """Operations of the disk."""
    pieces: int
    """Requests in which it is fetched."""


class LoneLayer(NamedTuple):
    """What one layer is to a host whose wire, disk and CPU one pull has to itself."""

    layer: Layer
    size: float
    """Bytes of its files."""
    wire: float
    """Compressed bytes."""
    blob: float
    """Those that are written to disk."""
    files: float
    """Bytes of disk that its files take as much time as."""
    decompressed: float
    """Seconds of unpacking until it is decompressed."""
    beside: float
    """Until one of decompressing and writing files, on a thread each, is through."""
    untarred: float
    """Until both are."""
    cpu: float
    """vCPUs that there are."""

    def computed(self, seconds: float) -> float:
        """vCPU-seconds used after so many seconds of unpacking."""
        beside = min(seconds, self.beside)
        alone = min(seconds, self.untarred) - beside
        return min(2.0, self.cpu) * beside + min(1.0, self.cpu) * alone


class LonePlan(NamedTuple):
    """What the layers of one image are to such hosts, known once for all of them."""

    layers: tuple[LoneLayer, ...]
    files: tuple[tuple[str, float], ...]
    """What they are in the page cache: their digests, and the bytes of each."""
    on_disk: float
    """Bytes of disk that they take, their blobs included."""


NO_PLAN = LonePlan((), (), 0.0)
"""Of layers that are no such sum."""


class LayerCosts:
    """What layers cost on hosts of one kind, worked out once for all that pull them.

    Args:
        core_speed: of these hosts.
    """

    __slots__ = ("_core_speed", "_keys", "_known", "_plans", "unpacking")

    def __init__(self, unpacking: Unpacking, core_speed: float) -> None:
        self.unpacking = unpacking
        self._core_speed = core_speed
        self._known: dict[tuple[int, float], LayerWork] = {}
        """By identity: to compare two layers takes as long as to work it out."""
        self._keys: dict[int, tuple[Image, tuple[str, ...], tuple[Layer, ...]]] = {}
        self._plans: dict[tuple[float, ...], LonePlan] = {}

    def of(self, layer: Layer, share: float = 1.0) -> LayerWork:
        """What it costs to pull one layer, or a share of it."""
        known = self._known.get((id(layer), share))
        if known is None:
            how, wire = self.unpacking, layer.wire * share
            known = self._known[id(layer), share] = LayerWork(
                layer,
                share,
                wire,
                layer.unpacked * share,
                how.on_disk(layer),
                *how.cpu_of(layer, self._core_speed, share),
                how.writes(layer) * share,
                how.pieces(wire),
            )
        return known

    def alone(self, layers: Iterable[Layer], cpu: float, operation_bytes: float) -> LonePlan:
        """What layers are to a host that one pull has to itself; empty where that is no such sum:
        they have to come whole, over a connection each, and be unpacked one after the other.

        Args:
            cpu: vCPUs that there are.
            operation_bytes: that its disk moves in the time of one operation.
        """
        key = (cpu, operation_bytes, *map(id, layers))
        known = self._plans.get(key)
        if known is None:
            how, works = self.unpacking, [self.of(layer) for layer in layers]
            plain = how.overlap and how.lazy is None and how.unpacks == 1
            if plain and all(work.pieces == 1 for work in works):
                lone = tuple(self._lone(work, cpu, operation_bytes) for work in works)
                files = tuple((each.layer.digest, each.size) for each in lone)
                known = LonePlan(lone, files, sum(work.on_disk for work in works))
            known = self._plans[key] = known or NO_PLAN
        return known

    def _lone(self, work: LayerWork, cpu: float, operation_bytes: float) -> LoneLayer:
        short, long = sorted((work.decompress, work.write_files))
        beside = short / min(1.0, 0.5 * cpu)
        untarred = beside + (long - short) / min(1.0, cpu)
        return LoneLayer(
            layer=work.layer,
            size=work.files,
            wire=work.wire,
            blob=work.wire if self.unpacking.keep_blob else 0.0,
            files=max(work.files, work.writes * operation_bytes),
            decompressed=beside if work.decompress < work.write_files else untarred,
            beside=beside,
            untarred=untarred,
            cpu=cpu,
        )

    def key(self, image: Image) -> tuple[str, ...]:
        """What makes an image the same image: its layers, whatever its name."""
        return self._of_image(image)[1]

    def distinct(self, image: Image) -> tuple[Layer, ...]:
        """Its layers, each digest once."""
        return self._of_image(image)[2]

    def _of_image(self, image: Image) -> tuple[Image, tuple[str, ...], tuple[Layer, ...]]:
        known = self._keys.get(id(image))
        if known is None:
            digests = tuple(layer.digest for layer in image.layers)
            layers = tuple({layer.digest: layer for layer in image.layers}.values())
            known = self._keys[id(image)] = image, digests, layers
        return known

    def on_disk(self, layer: Layer) -> float:
        """Bytes of disk a layer takes: its files, and its blob where that is kept."""
        return self.of(layer).on_disk
