"""What a task takes of its host: the sum over its containers, or what its start-up needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, TypeAlias

from sim.core.cited import plain
from sim.image import Image
from sim.workload.service import Service

Init: TypeAlias = Literal["before", "beside"]
"""Whether init containers give back what they were given before the others start (Kubernetes,
Docker, a guest), or keep their reservation (ECS adds up all containers of a task)."""


@dataclass(frozen=True, slots=True)
class TaskSize:
    """All containers of one task together."""

    cpu: float
    """vCPUs reserved."""
    cap: float
    """vCPUs they can use at most."""
    reserved: float
    """Bytes that placement reserves."""
    memory: float
    """Bytes of their limits."""
    gpus: int
    ports: tuple[int, ...]
    """Fixed ports of whatever host, each once."""
    published: tuple[int, ...]
    """Fixed ports of a server that runs Docker alone, each once: those, and what is published."""
    disk: float
    """Bytes written beside the images."""
    private: float
    """Bytes of private pages once all of them are at work."""
    hot: float
    """Bytes of hot file pages; containers of one image share them."""
    containers: int
    """Those that run side by side."""
    images: tuple[Image, ...]

    @property
    def working_set(self) -> float:
        """Bytes in use once it runs."""
        return self.private + self.hot


def task_size(service: Service, init: Init = "before") -> TaskSize:
    """What a task of that service takes of its host."""
    together, every = service.containers, (*service.containers, *service.init)
    alone = len(every) == 1
    ports = tuple(dict.fromkeys(port for each in every for port in each.host_ports))
    published = tuple(port for each in every for port in each.published_ports)

    def most(of: Callable[[Service], float]) -> float:
        if alone:
            return of(service)
        if init == "beside":
            return fsum(map(of, (*together, *(each for each in service.init if each.asks))))
        return max(fsum(map(of, together)), *map(of, service.init), 0.0)

    return TaskSize(
        cpu=most(lambda each: each.cpu),
        cap=most(lambda each: each.cap),
        reserved=most(lambda each: each.reserved),
        memory=most(lambda each: each.memory),
        gpus=round(most(lambda each: float(each.gpus))),
        ports=ports,
        published=tuple(dict.fromkeys((*ports, *published))) if published else ports,
        disk=fsum(plain(each.disk) for each in every),
        private=fsum(each.private for each in together),
        hot=_hot(together),
        containers=len(together),
        images=tuple(each.image for each in every if each.image is not None),
    )


def _hot(containers: Sequence[Service]) -> float:
    """Bytes of hot files; of an image that several run, the most that one keeps hot."""
    if len(containers) == 1:
        return containers[0].hot
    files: dict[object, float] = {}
    for each in containers:
        of = each.app.name if each.image is None else each.image
        files[of] = max(files.get(of, 0.0), each.hot)
    return fsum(files.values())
