"""The layers on one disk, each digest once, with the images that use them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from simpy import Environment, Event

from sim.host.disk_space import DiskSpace
from sim.host.memory import Memory
from sim.image.image import Image, Layer
from sim.image.transfer.unpacking import LayerCosts


class Arrival:
    """What a start needs of some layers is on its way, or here.

    Args:
        env: None where it is here.
    """

    __slots__ = ("_env", "_moment")

    def __init__(self, env: Environment | None) -> None:
        self._env = env
        """None where a container can start from them."""
        self._moment: Event | None = None
        """That from which one can, if somebody waits for it."""

    def awaited(self) -> Event | None:
        """The moment from which a container can start from them; None: it can already."""
        if self._env is not None and self._moment is None:
            self._moment = self._env.event()
        return self._moment

    @property
    def usable(self) -> bool:
        """Whether a container can start from them."""
        return self._env is None

    def begin(self) -> None:
        """Let containers start from them: what a start needs is here."""
        moment, self._moment, self._env = self._moment, None, None
        if moment is not None and moment.callbacks:  # what nobody waits for needs no event
            moment.succeed()


class StoredLayer(Arrival):
    """One layer on this disk, or on its way to it."""

    __slots__ = ("layer", "users", "whole")

    def __init__(self, layer: Layer, env: Environment | None) -> None:
        super().__init__(env)
        self.layer = layer
        self.users = 0
        """Images on this disk that have it."""
        self.whole = env is None
        """Whether all its files are here."""

    def end(self) -> None:
        """Have all of it here."""
        self.begin()
        self.whole = True


class Keeper(Protocol):
    """The store of a host, as an image in it sees it."""

    def release(self, stored: "StoredImage") -> None:
        """Take one user less of an image."""
        ...


class StoredImage:
    """An image on a host's disk, or on its way there."""

    __slots__ = (
        "_awaited",
        "_store",
        "coming",
        "given_back",
        "image",
        "pulled",
        "used_until",
        "users",
    )

    def __init__(
        self,
        image: Image,
        arrivals: Sequence[Arrival],
        store: "Keeper",
    ) -> None:
        self.image = image
        self._store = store
        self._awaited = [*arrivals]
        """Those that may be on their way, the base first. The last one is waited for: it mostly
        comes last, so a start that waits is woken once and not with each layer."""
        self.coming = False
        """Whether some of it is still on its way."""
        self.users = 0
        """Starts and containers that use it."""
        self.pulled: float | None = None
        """Time at which a start here first used it; None: never."""
        self.used_until = 0.0
        """Time at which its last user ended."""
        self.given_back = self._give_back
        """Called when a start has ended that had pulled it, or wanted to; bound here, once for all
        of them."""

    def _give_back(self) -> None:
        self._store.release(self)

    @property
    def usable(self) -> bool:
        """Whether a container can start from every layer."""
        return not self._awaited or self.awaited() is None

    def awaited(self) -> Event | None:
        """The arrival of the last layer that is still awaited; then others may be."""
        awaited = self._awaited
        while awaited and awaited[-1].usable:
            awaited.pop()
        return awaited[-1].awaited() if awaited else None


class LayerStore:
    """All layers on one disk.

    Conservation: the bytes taken are those of the distinct layers of the images that use them.

    Args:
        costs: say what a layer takes of the disk.
        memory: in which the files of layers are cached.
    """

    __slots__ = ("_copies", "_costs", "_memory", "_space")

    def __init__(self, space: DiskSpace, costs: LayerCosts, memory: Memory) -> None:
        self._space = space
        self._costs = costs
        self._memory = memory
        self._copies: dict[str, StoredLayer] = {}

    def __iter__(self) -> Iterator[StoredLayer]:
        return iter(self._copies.values())

    @property
    def bytes(self) -> float:
        """Bytes of disk that they take, or will take once they are here; of an image that a host
        has to itself, once it is here."""
        return sum(self._costs.on_disk(copy.layer) for copy in self)

    def missing(self, image: Image) -> Sequence[Layer]:
        """Layers of an image that are neither here nor on their way, each digest once."""
        layers = self._costs.distinct(image)
        if not self._copies:
            return layers
        return [layer for layer in layers if layer.digest not in self._copies]

    def of(self, image: Image) -> list[StoredLayer]:
        """The stored layers of an image, from the base up."""
        return [self._copies[layer.digest] for layer in image.layers]

    def whole(self, image: Image) -> bool:
        """Whether every layer of an image is here."""
        copies = self._copies
        return all(layer.digest in copies and copies[layer.digest].whole for layer in image.layers)

    def need(self, layers: Iterable[Layer]) -> float:
        """Bytes of disk that layers take."""
        return sum(map(self._costs.on_disk, layers))

    def add(self, layers: Iterable[Layer], env: Environment | None) -> list[StoredLayer]:
        """Layers on their way (or, without `env`, here at once), for which room was made."""
        added = [StoredLayer(layer, env) for layer in layers]
        self._copies.update((copy.layer.digest, copy) for copy in added)
        return added

    def use(self, image: Image) -> None:
        """An image is here, or will be."""
        for layer in self._costs.distinct(image):
            self._copies[layer.digest].users += 1

    def settle(self, image: Image, alike: dict[tuple[str, ...], dict[str, StoredLayer]]) -> None:
        """All of an image has come, and no other will: stores that hold the same have one list.

        Args:
            alike: the lists of all such stores, by the digests in them.
        """
        key = (*self._copies, *self._costs.key(image))
        known = alike.get(key)
        if known is None:
            missing = self.missing(image)
            if missing:  # nobody has asked for one of them while they were on their way
                self.add(missing, None)
                self.use(image)
            known = alike[key] = self._copies
        self._copies = known

    def drop(self, image: Image) -> None:
        """An image is deleted, and with it the layers that no other one uses."""
        for layer in self._costs.distinct(image):
            copy = self._copies[layer.digest]
            copy.users -= 1
            if copy.users == 0:
                del self._copies[layer.digest]
                self._space.give(self._costs.on_disk(copy.layer))
                self._memory.forget(layer.digest)
