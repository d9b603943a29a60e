"""Image garbage collection on a host, as the ECS agent and kubelet do it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from sim.core.cited import Cited, Number, Positive, plain
from sim.core.description import description
from sim.host.disk_space import DiskSpace
from sim.image.transfer.layer_store import StoredImage


@description
class ImageCleanup:
    """When images that no container uses are deleted, the least recently used first."""

    every: Positive
    """Seconds between two cycles; the first is that long after the host came up."""
    min_age: Number = 0.0
    """Seconds since an image was pulled before it may go."""
    idle: Number = 0.0
    """Seconds since its last container ended before it may go."""
    per_cycle: PositiveInt | None = None
    """Images a cycle deletes at most; None: as many as there are."""
    unused: bool = False
    """Whether images that no start here ever used may go, too."""
    high: Annotated[float, Field(ge=0, le=1)] | Cited = 0.0
    """Use of the disk above which a cycle does anything."""
    low: Annotated[float, Field(ge=0, le=1)] | Cited = 0.0
    """Use of the disk at which it stops."""

    @model_validator(mode="after")
    def _low_is_below_high(self) -> ImageCleanup:
        if plain(self.low) > plain(self.high):
            raise ValueError(
                f"low: {plain(self.low):g} is not allowed; at most high = {plain(self.high):g}"
            )
        return self


class ImageCollector:
    """The garbage collection of one host, done when somebody looks: an idle host costs no event.

    What a cycle would do changes only with a pull, the end of a container and what a container
    writes, and each of them calls `catch_up` first. So what the cycles since then have deleted
    follows in closed form.
    """

    __slots__ = ("_cleanup", "_every", "_over", "_space")

    def __init__(self, cleanup: ImageCleanup, space: DiskSpace, now: float) -> None:
        self._cleanup = cleanup
        self._space = space
        self._every = plain(cleanup.every)
        self._over = self._number(now)
        """Number of the last cycle that is done."""

    def catch_up(
        self, now: float, held: Iterable[StoredImage], delete: Callable[[StoredImage], None]
    ) -> None:
        """Delete what the cycles since the last call have deleted."""
        present = self._number(now)
        if present <= self._over:
            return
        waiting = sorted(filter(self._may_go, held), key=lambda image: image.used_until)
        while waiting and self._full(plain(self._cleanup.high)):
            number = self._next(min(map(self._free_at, waiting)))
            if number > present:
                break
            for image in self._victims(number, waiting):
                waiting.remove(image)
                delete(image)
            self._over = number
        self._over = max(self._over, present)

    def _may_go(self, image: StoredImage) -> bool:
        idle = image.users == 0 and not image.coming
        return idle and (self._cleanup.unused or image.pulled is not None)

    def _victims(self, number: int, waiting: list[StoredImage]) -> Iterator[StoredImage]:
        """Images that one cycle deletes, one by one: it looks at the disk before each."""
        left = math.inf if self._cleanup.per_cycle is None else self._cleanup.per_cycle
        for image in list(waiting):
            if left == 0 or not self._full(plain(self._cleanup.low)):
                return
            if self._next(self._free_at(image)) <= number:
                left -= 1
                yield image

    def _free_at(self, image: StoredImage) -> float:
        old = (image.pulled or 0.0) + plain(self._cleanup.min_age)
        return max(old, image.used_until + plain(self._cleanup.idle))

    def _next(self, free_at: float) -> int:
        """Number of the first cycle to come at or after `free_at`."""
        return max(self._over + 1, math.ceil(free_at / self._every - 1e-12))

    def _number(self, now: float) -> int:
        """Number of the last cycle at or before `now`."""
        return math.floor(now / self._every + 1e-12)

    def _full(self, share: float) -> bool:
        """Whether the disk is used beyond a share of it; a share of 0 is always exceeded."""
        return share == 0.0 or self._space.used > share * self._space.capacity
