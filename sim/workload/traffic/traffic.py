"""An application at work: its live operations, its copies, and the way between them."""

import math
from collections.abc import Callable, Mapping, Sequence

from simpy import Environment

from sim.core.cited import plain
from sim.core.randomness import Exponential, Sampler, Uniform, draw_gamma, in_blocks
from sim.core.world import World
from sim.workload.calls import Call, EntryPoint, Hops, Operation, Operations, Place, find
from sim.workload.traffic.balancing import Balancing, chooser
from sim.workload.traffic.journal import WIDTH, Journal, UserRequest
from sim.workload.traffic.replica import Replica
from sim.workload.traffic.visit import Callee, CallStage, Handler, Route, Visit

BLOCK = 256


class Traffic:
    """Requests of users, and the calls that they set off.

    Args:
        operations: by part, what it does.
        entries: what users ask for.
        replicas: by part, its copies; the lists may change as it runs.
    """

    def __init__(
        self,
        world: World,
        operations: Operations,
        entries: Sequence[EntryPoint],
        replicas: Mapping[str, list[Replica]],
        *,
        balancing: Balancing = "round-robin",
        hops: Hops | None = None,
    ) -> None:
        self.env: Environment = world.env
        self.journal = Journal()
        self.coin: Sampler = world.random.sampler("calls/coin", Uniform(high=1.0))
        self.parts = list(operations)
        self.handlers: dict[Place, Handler] = {}
        self._world = world
        self._same, self._near, self._far = _delays(Hops() if hops is None else hops)
        for number, part in enumerate(self.parts):
            draw = world.random.sampler(f"calls/{part}/copy", Uniform(high=1.0))
            target = Callee(replicas[part], chooser(balancing, draw))
            for one in operations[part]:
                place = Place(part, one.name)
                self.handlers[place] = self._handler(place, one, target, number * WIDTH)
        for part in self.parts:
            for one in operations[part]:
                stages = tuple(self._stages(operations, one.calls))
                self.handlers[Place(part, one.name)].stages = stages
        self._entries = [self.handlers[find(operations, entry.to)] for entry in entries]
        self._until = _cumulative([plain(entry.weight) for entry in entries])
        self._entry: Sampler = world.random.sampler("calls/entry", Uniform(high=1.0))

    def delay(self, caller: Replica, callee: Replica) -> float:
        """Seconds there and back."""
        if caller.host is callee.host:
            return self._same
        return self._near if caller.zone == callee.zone else self._far

    def send(self, done: Callable[[float], None] | None = None) -> None:
        """A user asks now; `done` is called once the answer is there."""
        number = self._choose()
        request = UserRequest(self.journal, number, self.env.now, done)
        Visit(self, self._entries[number], request).go(None)

    def think(self, mean: float) -> Sampler:
        """Seconds between an answer and the next request of a user, exponential."""
        return self._world.random.sampler("calls/think", Exponential(mean=mean))

    def gaps(self) -> Sampler:
        """Exponential numbers of mean 1."""
        return self._world.random.sampler("calls/arrivals", Exponential(mean=1.0))

    def _choose(self) -> int:
        if len(self._entries) == 1:
            return 0
        at = self._entry()
        return next(number for number, until in enumerate(self._until) if at < until)

    def _handler(self, place: Place, one: Operation, target: Callee, code: int) -> Handler:
        variation = plain(one.variation)
        draw = self._sampler(f"calls/{place}/cpu", plain(one.cpu), variation)
        wait = plain(one.wait)
        waits = self._sampler(f"calls/{place}/wait", wait, variation) if wait > 0.0 else None
        return Handler(place, target, code, draw, waits)

    def _sampler(self, name: str, mean: float, variation: float) -> Sampler:
        return in_blocks(
            lambda: self._world.random.generator(name),
            lambda generator: draw_gamma(generator, mean, variation, BLOCK),
        )

    def _stages(self, operations: Operations, calls: Sequence[Call]) -> list[CallStage]:
        """Neighbouring parallel calls are one stage, a sync call as many as it is made times."""
        stages: list[CallStage] = []
        together: list[Route] = []
        for call in calls:
            routes = self._routes(self.handlers[find(operations, call.to)], call)
            if call.how == "parallel":
                together += routes
                continue
            if call.how == "async":
                stages.append(CallStage(tuple(routes), waited_for=False))
                continue
            if together:
                stages.append(CallStage(tuple(together), waited_for=True))
                together = []
            stages += [CallStage((route,), waited_for=True) for route in routes]
        if together:
            stages.append(CallStage(tuple(together), waited_for=True))
        return stages

    def _routes(self, handler: Handler, call: Call) -> list[Route]:
        times = plain(call.times)
        whole = math.floor(times)
        shares = [1.0] * whole + ([times - whole] if times > whole else [])
        timeout = math.inf if call.timeout is None else plain(call.timeout)
        size = plain(call.bytes)
        return [
            Route(handler, share, timeout, call.retries, size, call.optional) for share in shares
        ]


def _delays(hops: Hops) -> tuple[float, float, float]:
    sidecar = plain(hops.sidecar)
    places = (hops.same_host, hops.same_zone, hops.other_zone)
    same, near, far = (plain(each) + sidecar for each in places)
    return same, near, far


def _cumulative(weights: Sequence[float]) -> list[float]:
    total, so_far, until = math.fsum(weights), 0.0, []
    for weight in weights:
        so_far += weight / total
        until.append(so_far)
    until[-1] = math.inf
    return until
