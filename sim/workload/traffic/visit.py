"""One visit of an operation: a thread, its own work, its calls, its answer. No process, no ticks.

A call is a visit of another operation. The thread is held until the answer, so that who waits for
a slow callee keeps others out of the caller, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simpy import Environment

from sim.core.randomness import Sampler
from sim.workload.calls import Place
from sim.workload.traffic.balancing import Choice
from sim.workload.traffic.journal import LOST, NETWORK, QUEUE, WAIT, WORK, Path
from sim.workload.traffic.replica import Replica


class Caller(Protocol):
    """Who waits for an answer."""

    def answered(self, path: Path, ok: bool, now: float, /) -> None: ...


class Nobody:
    """Waits for no answer."""

    __slots__ = ()

    def answered(self, path: Path, ok: bool, now: float) -> None:
        """Do nothing."""


NOBODY = Nobody()


@dataclass(slots=True, eq=False)
class Callee:
    """A live part: its copies, and who chooses one."""

    replicas: list[Replica]
    choose: Choice


@dataclass(slots=True, eq=False)
class Handler:
    """A live operation."""

    place: Place
    target: Callee
    code: int
    """Of its part in a path."""
    draw: Sampler
    wait: Sampler | None
    stages: tuple[CallStage, ...] = ()
    visits: int = 0
    work: float = 0.0
    """Core-seconds of the reference core that its visits asked for."""


@dataclass(slots=True, eq=False)
class Route:
    """A call that may be made."""

    handler: Handler
    share: float
    """How often it is made, at most 1."""
    timeout: float
    retries: int
    size: float
    """Bytes there and back."""
    optional: bool

    @property
    def may_fail(self) -> bool:
        """Whether its failure is not simply its caller's."""
        return self.timeout < math.inf or self.retries > 0 or self.optional


@dataclass(slots=True, eq=False)
class CallStage:
    """Calls that are made together; the stage is over when the last is answered."""

    routes: tuple[Route, ...]
    waited_for: bool


class Network(Protocol):
    """The way between two copies."""

    env: Environment
    coin: Sampler

    def delay(self, caller: Replica, callee: Replica) -> float:
        """Seconds there and back."""
        ...


class Visit:
    """An operation at work for one caller."""

    __slots__ = (
        "_at",
        "_caller",
        "_failed",
        "_handler",
        "_network",
        "_path",
        "_pending",
        "_replica",
    )

    def __init__(self, network: Network, handler: Handler, caller: Caller) -> None:
        self._network = network
        self._handler = handler
        self._caller = caller
        self._path: Path = []
        self._at = self._pending = 0
        self._failed = False

    def go(self, origin: Replica | None, size: float = 0.0) -> None:
        """Set out to one of the copies; from users, who are outside, without a delay."""
        target, now = self._handler.target, self._network.env.now
        if not target.replicas:
            self._caller.answered([now, self._handler.code + LOST], False, now)
            return
        self._replica = replica = target.choose(target.replicas)
        if origin is None:
            self._arrive()
            return
        delay = self._network.delay(origin, replica)
        cards = [card for card in (origin.nic, replica.nic) if card is not None] if size else []
        if cards and origin.host is not replica.host:
            self._path += (now, self._handler.code + NETWORK)
            self._pending = len(cards)
            for card in cards:
                card.run(size, delay=delay).callbacks.append(self._carried)
        elif delay > 0.0:
            self._path += (now, self._handler.code + NETWORK)
            arrival: Any = self._network.env.timeout(delay)
            arrival.callbacks.append(self._arrive)
        else:
            self._arrive()

    def _carried(self, _: object) -> None:
        """One of the two network cards is through with it."""
        self._pending -= 1
        if not self._pending:
            self._arrive()

    def _arrive(self, _: object = None) -> None:
        replica = self._replica
        if replica.busy >= replica.threads:
            self._path += (self._network.env.now, self._handler.code + QUEUE)
            replica.queue.append(self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        """A thread is there."""
        now, handler = self._network.env.now, self._handler
        self._replica.count(1, now)
        handler.visits += 1
        self._path += (now, handler.code + WORK)
        work = handler.draw()
        handler.work += work
        self._replica.work += work
        self._replica.serve(work, self._go_on if handler.wait is None else self._wait)

    def _wait(self, _: object) -> None:
        env, handler = self._network.env, self._handler
        self._path += (env.now, handler.code + WAIT)
        timer: Any = env.timeout(0.0 if handler.wait is None else handler.wait())
        timer.callbacks.append(self._go_on)

    def _go_on(self, _: object = None) -> None:
        """Make the next calls, or answer."""
        network, stages = self._network, self._handler.stages
        while self._at < len(stages):
            stage = stages[self._at]
            self._at += 1
            made = [r for r in stage.routes if r.share >= 1.0 or network.coin() < r.share]
            if not stage.waited_for:
                for route in made:
                    Visit(network, route.handler, NOBODY).go(self._replica, route.size)
            elif made:
                self._call(made)
                return
        self._answer(True)

    def _call(self, routes: Sequence[Route]) -> None:
        self._pending = len(routes)
        for route in routes:
            if route.may_fail:
                Attempt(self._network, route, self, self._replica, route.retries, []).begin()
            else:
                Visit(self._network, route.handler, self).go(self._replica, route.size)

    def answered(self, path: Path, ok: bool, now: float) -> None:  # noqa: ARG002 (as all callers)
        """One of the calls was answered, or given up."""
        self._pending -= 1
        self._failed = self._failed or not ok
        if self._pending:
            return
        self._path += path  # of the last: the others were over sooner
        if self._failed:
            self._answer(False)
        else:
            self._go_on()

    def _answer(self, ok: bool) -> None:
        replica, now = self._replica, self._network.env.now
        replica.count(-1, now)
        if replica.queue:
            replica.queue.popleft()()
        self._caller.answered(self._path, ok, now)


class Attempt:
    """A call whose caller does not wait for ever, or tries again; `path` is of those before."""

    __slots__ = ("_began", "_caller", "_left", "_network", "_origin", "_over", "_path", "_route")

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self,
        network: Network,
        route: Route,
        caller: Visit,
        origin: Replica,
        left: int,
        path: Path,
    ) -> None:
        self._network, self._route, self._caller, self._origin = network, route, caller, origin
        self._left = left
        self._path = path
        self._over = False
        self._began = network.env.now

    def begin(self) -> None:
        """Call, and look at the clock."""
        if self._route.timeout < math.inf:
            timer: Any = self._network.env.timeout(self._route.timeout)
            timer.callbacks.append(self._give_up)
        Visit(self._network, self._route.handler, self).go(self._origin, self._route.size)

    def answered(self, path: Path, ok: bool, now: float) -> None:
        """The callee has answered; nobody listens any more if that took too long."""
        if not self._over:
            self._end(self._path + path, ok, now)

    def _give_up(self, _: object) -> None:
        if not self._over:
            lost = (self._began, self._route.handler.code + LOST)
            self._end([*self._path, *lost], False, self._network.env.now)

    def _end(self, path: Path, ok: bool, now: float) -> None:
        self._over = True
        if ok or not self._left:
            self._caller.answered(path, ok or self._route.optional, now)
            return
        args = (self._network, self._route, self._caller, self._origin, self._left - 1, path)
        Attempt(*args).begin()
