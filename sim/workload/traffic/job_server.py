"""Requests as jobs of one thread in a group of the sharing law: quick where a quota is fluid."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

from sim.sharing import Group, Job


class JobServer:
    """The serving side of an app, as `RequestServer` is where a quota has a period.

    Args:
        cpu: its cgroup, or a capacity of its own.
        core_speed: of its cores; work is divided by it.
        threads: requests in service at most; the others queue in order of arrival.
    """

    __slots__ = ("_active", "_cpu", "_queue", "_speed", "threads")

    def __init__(self, cpu: Group, *, core_speed: float = 1.0, threads: float = math.inf) -> None:
        self._cpu = cpu
        self._speed = core_speed
        self.threads = threads
        self._active = 0
        self._queue: deque[tuple[float, Callable[[Any], None]]] = deque()

    def serve(self, work: float, served: Callable[[Any], None]) -> None:
        """A request arrives now; `served` is called once it is through."""
        if self.threads < math.inf:
            if self._active >= self.threads:
                self._queue.append((work, served))
                return
            self._active += 1
            job = self._cpu.run(work / self._speed, cap=1.0)
            job.callbacks.append(self._next)
        else:
            job = self._cpu.run(work / self._speed, cap=1.0)
        job.callbacks.append(served)

    def _next(self, _: Job) -> None:
        self._active -= 1
        if self._queue:
            self.serve(*self._queue.popleft())
