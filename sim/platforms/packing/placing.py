"""How a platform places copies on its hosts: what it counts, and which host it prefers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple, Protocol, TypeAlias

from sim.core.cited import Number, plain
from sim.host import Machine
from sim.image import Layer
from sim.platforms.packing.bin_packing import FreeResources
from sim.start import Ceiling
from sim.workload import Service, TaskSize

Rank: TypeAlias = Callable[[Any, Any], float]
"""Of what a host has left, and a request: the host with the lowest is taken, of equals the first.
"""

ROUNDING = 1e-9
"""By how much, at most, rounding shifts a rank that is made of shares."""


class Room(FreeResources, Protocol):
    """What a host has left, limit by limit."""

    def amounts(self) -> Mapping[str, float]:
        """What is left of each resource, by the name of its limit."""
        ...


def first_fit(left: object, request: object) -> float:  # noqa: ARG001 (one signature)
    """All hosts are alike: the first that fits is taken."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Placing:
    """A platform's own rules of placement on one kind of host."""

    empty: Room
    """A host that runs nothing but what the platform itself has on each."""
    request: Callable[[Service], Any]
    """What a copy of a service is counted as."""
    rank: Rank = first_fit
    disk: float = inf
    """Bytes of an empty host's disk for images and what containers write."""
    on_disk: Callable[[Layer], float] = lambda layer: layer.unpacked
    """Bytes that a layer takes there."""
    wobble: float = inf
    """By how much the ranks of two hosts may differ for one request where they are equal for
    another: 0 where what is left alone counts; infinite: nobody knows, so all are looked at."""
    in_any_order: bool = False
    """Whether chance decides which service's copies come first."""


class ServerRequest(NamedTuple):
    """What the containers of one task, or a guest, take of a server."""

    cpu: int
    """Thousandths of a vCPU."""
    memory: int
    """Bytes."""
    ports: frozenset[int] = frozenset()
    gpus: int = 0
    bridge: int = 1
    """Ports of its Linux bridge."""


class FreeOnServer(NamedTuple):
    """What a server without a scheduler has left; its operator overcommits nothing."""

    cpu: int
    memory: int
    bridge: int
    """Ports of its Linux bridge."""
    gpus: int = 0
    ports: frozenset[int] = frozenset()

    def fits(self, request: ServerRequest) -> bool:
        """Whether it has room for one more."""
        return (
            request.cpu <= self.cpu
            and request.memory <= self.memory
            and request.bridge <= self.bridge
            and request.gpus <= self.gpus
            and request.ports.isdisjoint(self.ports)
        )

    def less(self, request: ServerRequest) -> "FreeOnServer":
        """What is left after one more."""
        cpu, memory, bridge, gpus, ports = self
        if request.ports:
            ports |= request.ports
        cpu, memory, gpus = cpu - request.cpu, memory - request.memory, gpus - request.gpus
        return FreeOnServer(cpu, memory, bridge - request.bridge, gpus, ports)

    def amounts(self) -> dict[str, float]:
        """What is left, by limit."""
        return {
            "vCPU": self.cpu / 1000.0,
            "memory": float(self.memory),
            "bridge ports": float(self.bridge),
            "GPU": float(self.gpus),
        }


class FreeByCeilings(NamedTuple):
    """What a host has left of which only its ceilings are known: copies of one service each."""

    left: float
    """Of a whole host."""

    def fits(self, share: float) -> bool:
        """Whether it has room for one more."""
        return share <= self.left * (1.0 + 1e-9)

    def less(self, share: float) -> "FreeByCeilings":
        """What is left after one more."""
        return FreeByCeilings(self.left - share)

    def amounts(self) -> dict[str, float]:
        """What is left, by limit."""
        return {"room": self.left}


def by_ceilings(ceilings: Callable[[Service], Sequence[Ceiling]]) -> Placing:
    """First fit on hosts that say no more than how many copies of one service they take."""

    def share(service: Service) -> float:
        allows = ceilings(service)[0].allows
        return 1.0 / allows if allows else 2.0

    return Placing(FreeByCeilings(1.0), share)


def server(machine: Machine, vcpus: float, memory: float, bridge: Number) -> FreeOnServer:
    """An empty server.

    Args:
        vcpus: that it hands out.
        memory: bytes left beside its own OS and daemons.
        bridge: ports of its Linux bridge.
    """
    return FreeOnServer(round(1000.0 * vcpus), int(memory), int(plain(bridge)), machine.gpus or 0)


def server_request(
    size: TaskSize, *, cpu: float, memory: float, guest: bool = False
) -> ServerRequest:
    """What a task takes of a server.

    Args:
        cpu: vCPUs of the server.
        memory: bytes on the server.
        guest: whether it has an address, and so ports, of its own.
    """
    return ServerRequest(
        round(1000.0 * cpu),
        round(memory),
        frozenset() if guest else frozenset(size.published),
        size.gpus,
        1 if guest else size.containers,
    )
