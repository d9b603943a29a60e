"""What containers gain and risk that share a network namespace, a host or a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim import catalog
from sim.core.cited import Number, plain
from sim.core.quantity import shown_bytes
from sim.studies.neighbours.answer import NeighboursAnswer
from sim.units import ms

SMALL, LARGE = 64 * 1024, 100e6
"""Bytes of an answer and of a file that one sends the other."""


@dataclass(frozen=True, slots=True)
class Passage:
    """How bytes go from one container to another: a round trip, and a rate."""

    name: str
    shares: str
    """What both have in common."""
    hop: Number
    """Seconds there and back."""
    rate: Number
    """Bytes a second of one flow that is alone."""

    def seconds(self, size: float) -> float:
        """How long a call with an answer of so many bytes spends on the way."""
        return plain(self.hop) + size / plain(self.rate)

    def flat(self) -> dict[str, Any]:
        """One line of a table."""
        return {
            "path": self.name,
            "shares": self.shares,
            "answer_s": self.seconds(SMALL),
            "file_s": self.seconds(LARGE),
        }

    def cells(self) -> list[str]:
        """The same as it is read."""
        small, large = self.seconds(SMALL) / ms, self.seconds(LARGE)
        return [self.name, self.shares, f"{small:.2f} ms", f"{large:.2f} s"]


HEADS = ("path", "both share", shown_bytes(SMALL), shown_bytes(LARGE))


def paths(instance: str) -> list[Passage]:
    """From one network namespace to another availability zone, between hosts of that type."""
    figure, nic = catalog.figure, catalog.machine(instance).nic
    return [
        Passage(
            "loopback",
            "a network namespace: one task or pod",
            figure("network.hop.loopback"),
            figure("network.loopback.rate"),
        ),
        Passage(
            "bridge",
            "a host and its kernel",
            figure("network.hop.same_host"),
            figure("network.bridge.rate"),
        ),
        Passage("ENI, same zone", "an availability zone", figure("network.hop.same_zone"), nic),
        Passage("ENI, other zone", "a region", figure("network.hop.other_zone"), nic),
    ]


@dataclass(frozen=True, slots=True)
class SharedVolume:
    """A volume that several read while one writes, against a volume each."""

    readers: int
    shared_p95: float
    """Times as long as without the writer."""
    own_p95: float

    def sentence(self) -> str:
        """What sharing it costs, and what goes with it."""
        many = self.readers + 1
        return (
            f"One that writes without end slows the {self.readers} readers of a volume they share "
            f"{self.shared_p95:.1f} times at p95, those with a volume each {self.own_p95:.1f}. "
            f"When the volume dies, {many} of {many} lose their data; with one each, 1 of {many}."
        )

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "readers": self.readers,
            "shared_p95_slowdown": self.shared_p95,
            "own_p95_slowdown": self.own_p95,
            "lost_with_a_shared_one": self.readers + 1,
            "lost_with_one_each": 1,
        }


def volume(disk: NeighboursAnswer) -> SharedVolume:
    """As a bad neighbour on the disk shows it: containers share one, VMs have their own."""
    shared, own = disk.rows[0], disk.rows[-1]
    return SharedVolume(shared.places - 1, shared.p95.value, own.p95.value)
