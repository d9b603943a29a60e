"""Missing layers come onto a disk: downloaded side by side, unpacked from the base up."""

from collections.abc import Callable, Generator, Sequence
from math import fsum
from typing import Any, NamedTuple

from simpy import AllOf, Event, Interrupt, Process, Resource

from sim.core.cited import plain
from sim.core.recorder import DONE
from sim.host.kernel import Kernel
from sim.image.image import Layer
from sim.image.transfer.client import Puller
from sim.image.transfer.layer_store import StoredLayer
from sim.image.transfer.registry import LiveRegistry
from sim.image.transfer.unpacking import LayerCosts, LayerWork
from sim.sharing import Group, Job


class LayerPart(NamedTuple):
    """A layer, or the part of it that a lazily loaded start needs first, or the rest."""

    work: LayerWork
    parent: str
    """Phase it belongs to: `pull`, or `background`."""


class Downloader:
    """The daemon's part of all pulls of a host; it goes on when the start that began one ends.

    Args:
        cpu: the daemon's group, in which decompression and unpacking compete.
    """

    __slots__ = ("_costs", "_cpu", "_kernel", "_registry", "_unpacking")

    def __init__(
        self, kernel: Kernel, cpu: Group, registry: LiveRegistry, costs: LayerCosts
    ) -> None:
        self._kernel = kernel
        self._cpu = cpu
        self._registry = registry
        self._costs = costs
        self._unpacking = costs.unpacking

    def whole(self, puller: Puller, copies: Sequence[StoredLayer]) -> Generator[Event, Any, None]:
        """Download and unpack layers from the base up; each is usable once it is unpacked."""
        parts = [LayerPart(self._costs.of(copy.layer), "pull") for copy in copies]
        yield from self._bring(puller, parts, [copy.end for copy in copies])

    def lazily(
        self, puller: Puller, copies: Sequence[StoredLayer], share: float
    ) -> Generator[Event, Any, None]:
        """Download what a start needs of each layer, then the rest in the background.

        Args:
            share: the fraction of an indexed layer that a start needs.
        """
        rest = [copy for copy in copies if share < 1.0 and self._indexed(copy.layer)]
        yield from self._fetch_index(puller, [copy.layer for copy in rest])
        cost = self._costs.of
        heads = [
            LayerPart(cost(copy.layer, share if copy in rest else 1.0), "pull") for copy in copies
        ]
        arrive = [copy.begin if copy in rest else copy.end for copy in copies]
        yield from self._bring(puller, heads, arrive)
        tails = [LayerPart(cost(copy.layer, 1.0 - share), "background") for copy in rest]
        yield from self._bring(puller, tails, [copy.end for copy in rest])

    def _indexed(self, layer: Layer) -> bool:
        lazy = self._unpacking.lazy
        return lazy is not None and lazy.indexed(layer)

    def _fetch_index(self, puller: Puller, layers: Sequence[Layer]) -> Generator[Event, Any, None]:
        lazy = self._unpacking.lazy
        amount = 0.0 if lazy is None else plain(lazy.index) * fsum(la.wire for la in layers)
        if amount > 0.0:
            with puller.phase("download", "pull"):
                kernel, rate = self._kernel, self._registry.connection_rate()
                yield kernel.transfer(kernel.nic, amount, rate)

    def _bring(
        self, puller: Puller, parts: Sequence[LayerPart], arrive: Sequence[Callable[[], None]]
    ) -> Generator[Event, Any, None]:
        """Download the parts side by side and unpack them from the base up, so many at once as
        the daemon does, calling `arrive` after each."""
        env, unpacking = self._kernel.world.env, self._unpacking
        connections = Resource(env, unpacking.downloads)
        downloads = [env.process(self._download(puller, part, connections)) for part in parts]
        every = list(zip(parts, downloads, arrive, strict=True))
        try:
            if unpacking.unpacks == 1:
                for part, download, arrived in every:
                    yield from self._unpack_when_here(puller, part, download, arrived)
            else:
                yield from self._unpack_side_by_side(puller, every)
        except Interrupt:
            _interrupt(downloads)
            raise

    def _unpack_side_by_side(
        self, puller: Puller, every: Sequence[tuple[LayerPart, Process, Callable[[], None]]]
    ) -> Generator[Event, Any, None]:
        env = self._kernel.world.env
        threads = Resource(env, self._unpacking.unpacks)

        def unpack(
            part: LayerPart, download: Process, arrived: Callable[[], None]
        ) -> Generator[Event, Any, None]:
            try:
                with threads.request() as thread:
                    yield thread
                    yield from self._unpack_when_here(puller, part, download, arrived)
            except Interrupt:
                return

        unpacking = [env.process(unpack(*each)) for each in every]
        try:
            yield AllOf(env, unpacking)
        except Interrupt:
            _interrupt(unpacking)
            raise

    def _unpack_when_here(
        self, puller: Puller, part: LayerPart, download: Process, arrived: Callable[[], None]
    ) -> Generator[Event, Any, None]:
        if not download.processed:
            yield download
        yield from self._unpack(puller, part)
        arrived()

    def _download(
        self, puller: Puller, part: LayerPart, connections: Resource
    ) -> Generator[Event, Any, None]:
        """Download one part as soon as a connection is free; an interrupt ends it quietly."""
        pieces = part.work.pieces
        try:
            with connections.request() as connection:
                yield connection
                if part.parent == "pull":
                    yield from self._registry.admit_layer(puller)
                if pieces == 1:
                    with puller.phase("download", part.parent):
                        yield from self._transfer(part.work.layer, part.work.wire)
            if pieces > 1:
                with puller.phase("download", part.parent):
                    yield from self._in_pieces(part, pieces, connections)
        except Interrupt:
            return

    def _in_pieces(
        self, part: LayerPart, pieces: int, connections: Resource
    ) -> Generator[Event, Any, None]:
        """Fetch a part over as many connections as there are, a piece each."""
        env = self._kernel.world.env

        def fetch() -> Generator[Event, Any, None]:
            try:
                with connections.request() as connection:
                    yield connection
                    yield from self._transfer(part.work.layer, part.work.wire / pieces)
            except Interrupt:
                return

        fetching = [env.process(fetch()) for _ in range(pieces)]
        try:
            yield AllOf(env, fetching)
        except Interrupt:
            _interrupt(fetching)
            raise

    def _transfer(self, layer: Layer, wire: float) -> Generator[Event, Any, None]:
        """Move bytes of a layer over the wire and, where the blob is kept, onto the disk."""
        kernel, rate = self._kernel, self._registry.connection_rate()
        yield from self._together(
            lambda: [kernel.transfer(kernel.nic, wire, rate)],
            lambda: self._registry.send(layer, wire, rate),
            lambda: [self._to_disk(wire if self._unpacking.keep_blob else 0.0)],
        )

    def _unpack(self, puller: Puller, part: LayerPart) -> Generator[Event, Any, None]:
        """Decompress one part and write its files."""
        kernel, work = self._kernel, part.work
        with puller.phase("unpack", part.parent):
            decompressing = puller.phase("decompress", part.parent).__enter__()

            def decompressed() -> list[Event]:
                job = self._cpu.run(work.decompress, cap=1.0)
                job.callbacks.append(lambda _: decompressing.end(DONE))
                return [job]

            try:
                yield from self._together(
                    decompressed,
                    lambda: [self._cpu.run(work.write_files, cap=1.0)],
                    lambda: [self._to_disk(work.files, work.writes)],
                )
            except Interrupt:
                decompressing.interrupt()
                raise
            yield kernel.world.env.timeout(plain(self._unpacking.layer_overhead) * work.share)
            digest, whole = work.layer.digest, self._costs.of(work.layer).files
            kernel.memory.cache(digest, min(whole, self._cached(digest) + work.files))

    def _cached(self, digest: str) -> float:
        return self._kernel.memory.cached_bytes(digest)

    def _together(self, *parts: Callable[[], list[Event]]) -> Generator[Event, Any, None]:
        """Use several resources for one stream of bytes: all at once, or one after the other."""
        turns = [parts] if self._unpacking.overlap else [(part,) for part in parts]
        for turn in turns:
            under_way = [event for begin in turn for event in begin()]
            try:
                yield AllOf(self._kernel.world.env, under_way)
            except Interrupt:
                _cancel(under_way)
                raise

    def _to_disk(self, amount: float, operations: float = 0.0) -> Event:
        """Write bytes, in so many operations at least: what takes longer decides."""
        kernel = self._kernel
        return kernel.transfer(kernel.disk, max(amount, operations * kernel.operation_bytes))


def _cancel(under_way: Sequence[Event]) -> None:
    """Cancel the jobs among some events."""
    for event in under_way:
        if isinstance(event, Job):
            event.cancel()


def _interrupt(processes: Sequence[Process]) -> None:
    """Interrupt the processes that still run."""
    for process in processes:
        if process.is_alive:
            process.interrupt()
