"""A whole application begins: all of its parts at once, each held by what it waits for.

Who orders (docker compose) pulls all images first, and starts a container when its waits are over.
Elsewhere all containers start at once, and a program that does not find what it waits for tries
again until it does: it runs, and is not ready.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simpy import Event

from sim.core.description import description
from sim.core.quantity import Seconds
from sim.core.world import World
from sim.start import Deployment, Ready, Start
from sim.workload import Application, Part, Service, Wait
from sim.workload.waiting import waits_for

IMAGES = "images of the others"
"""The part of a pull in which a container of compose waits for the last image."""


@description
class Rollout:
    """All parts of an application, at once; daemons one a host that is up.

    They begin in the order of their names, each after those that it waits for.
    """

    application: Application
    at: Seconds = 0.0
    """Seconds from the beginning of the run."""
    ordered: bool = False
    """Whether containers start in order, as the platform has it (`orders`)."""

    @property
    def service(self) -> Service:
        """The service of its first part."""
        return self.application.parts[0].service

    @property
    def name(self) -> str:
        """The application's name."""
        return self.application.name

    def names(self) -> list[str]:
        """The part of each task, by its number; daemons, whose number hosts decide, come last."""
        return [part.name for part in self._first() for _ in range(part.copies)]

    def comes(self) -> float:
        """Seconds until all of it is asked for."""
        return self.at

    def arrive(
        self, world: World, deployment: Deployment, begun: Callable[[Start], None]
    ) -> Generator[Event, Any, None]:
        """Launch all of it at `at`; `begun` is called with each start."""
        yield world.env.timeout(self.at)
        hosts = len(deployment.hosts())
        wanted = [(part, part.copies) for part in self._first()]
        wanted += [(part, hosts) for part in self.application.parts if part.daemon]
        order = _Order(world, [(part, copies) for part, copies in wanted if copies], self.ordered)
        for part, copies in wanted:
            for start in order.launch(deployment, part, copies):
                begun(start)

    def _first(self) -> list[Part]:
        return [part for part in self.application.in_order() if not part.daemon]


@dataclass(slots=True)
class _Live:
    """A part while its copies start."""

    part: Part
    copies: int
    reached: dict[str, Event]
    """Events of what is waited for of it."""
    counts: dict[str, int] = field(default_factory=dict)
    running: dict[Start, float] = field(default_factory=dict)
    """Since when each copy runs."""


class _Order:
    """Holds the starts of an application by each other: their `StartGate`.

    Args:
        ordered: whether before their containers start, or only before they are ready.
    """

    __slots__ = ("_all_pulled", "_ordered", "_parts", "_pulling", "_world")

    def __init__(self, world: World, parts: list[tuple[Part, int]], ordered: bool) -> None:
        self._world = world
        self._ordered = ordered
        self._parts = {part.name: _Live(part, copies, {}) for part, copies in parts}
        for part, _ in parts:
            for wait in self._waits(part):
                self._parts[wait.part].reached.setdefault(wait.until, world.env.event())
        self._pulling = sum(copies for _, copies in parts)
        """Starts whose images are not all here."""
        self._all_pulled = world.env.event()

    @property
    def orders(self) -> bool:
        """Whether a start is held before its containers start."""
        return self._ordered

    def launch(self, deployment: Deployment, part: Part, copies: int) -> list[Start]:
        """Begin all copies of a part."""
        starts = list(deployment.launch(part.service, copies, self)) if copies else []
        for start in starts:
            start.callbacks.append(partial(self._ended, part, start))
        return starts

    def before(self, start: Start) -> Generator[Event, Any, None]:
        """Compose pulls all images, then starts each container when its waits are over."""
        since = self._world.env.now
        self._pulled()
        if not self._all_pulled.triggered:
            yield self._all_pulled
            self._world.record.spent(start.task, IMAGES, "pull", since, self._world.env.now)
        for wait in self._waits(self._part(start)):
            reached = self._parts[wait.part].reached[wait.until]
            if not reached.triggered:
                start.phase(waits_for(wait.part))
                yield reached

    def running(self, start: Start) -> None:
        """A copy runs; when all do, whoever waits for that goes on."""
        live = self._parts[start.service.name]
        live.running[start] = self._world.env.now
        self._count(live, "started")

    def after(self, start: Start) -> Generator[Event, Any, None]:
        """Where nobody orders, a program is not ready before what it needs is there."""
        if self._ordered:
            return
        env, record = self._world.env, self._world.record
        for wait in self._waits(self._part(start)):
            reached, since = self._parts[wait.part].reached[wait.until], env.now
            if not reached.triggered:
                yield reached
            if env.now > since:
                record.spent(start.task, waits_for(wait.part), "app", since, env.now)

    def _ended(self, part: Part, start: Start, _: Event) -> None:
        """A start has come to its outcome."""
        live = self._parts[part.name]
        if not isinstance(start.value, Ready):
            if start not in live.running:
                self._pulled()
            return
        if part.once:
            start.end()
            self._count(live, "completed")
        check, now = part.service.check, self._world.env.now
        if check is None or not self._ordered or "healthy" not in live.reached:
            self._count(live, "healthy")
            return
        running = live.running[start]
        look = self._world.env.timeout(running + check.healthy_at(now - running) - now)
        look.callbacks.append(lambda _: self._count(live, "healthy"))

    def _count(self, live: _Live, until: str) -> None:
        """One more copy has got there; the last one lets those go that wait for it."""
        live.counts[until] = live.counts.get(until, 0) + 1
        if live.counts[until] == live.copies and until in live.reached:
            live.reached[until].succeed()

    def _pulled(self) -> None:
        self._pulling -= 1
        if self._pulling <= 0 and not self._all_pulled.triggered:
            self._all_pulled.succeed()

    def _part(self, start: Start) -> Part:
        return self._parts[start.service.name].part

    def _waits(self, part: Part) -> list[Wait]:
        """What it waits for that is there at all: of a part without copies there is nothing."""
        return [wait for wait in part.after if wait.part in self._parts]
