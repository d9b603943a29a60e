"""One run of a call graph: copies, users, a warm-up, and what came of the requests."""

import math
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from sim.core.cited import Positive, plain
from sim.core.description import description
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.host import Machine
from sim.studies.calls import reading
from sim.studies.calls.copies import Copies, alone, in_one_program, on_platform, spread
from sim.workload import Application, Hops
from sim.workload.traffic.balancing import Balancing
from sim.workload.traffic.traffic import Traffic
from sim.workload.traffic.users import ClosedUsers, OpenUsers, RateStretch

WARM_UP = 0.2
"""Share of a run before its requests count: it begins with nobody in it."""

Form: TypeAlias = Literal["services", "one program"]


@description
class CallsRun:
    """An application under the requests of its users."""

    name: str = "calls"
    application: Application
    machine: Machine
    """What each copy has to itself, where there is no platform."""
    platform: Any = None
    """Where the copies run; None: each alone on a machine."""
    form: Form = "services"
    hops: Hops = Field(default_factory=Hops)
    balancing: Balancing = "round-robin"
    zones: Annotated[int, Field(ge=1)] = 1
    """Availability zones over which hosts are spread, in turns."""
    rate: Positive | None = None
    """Requests a second; None: users who wait and think."""
    users: Annotated[int, Field(ge=1)] = 1
    think: Positive = 1.0
    seconds: Positive
    """Length of the run, with its warm-up."""

    def run(self, seed: int, replication: int) -> Recorder:
        """Metrics of entries and parts, and the steps of the request around p95."""
        world = World(seed, replication)
        copies = self._copies(world)
        spread(copies, self.zones)
        began = world.env.now
        traffic = Traffic(
            world,
            self.application.operations,
            self.application.entries,
            copies,
            balancing=self.balancing,
            hops=Hops() if self.form == "one program" else self.hops,
        )
        end = began + plain(self.seconds)
        if self.rate is None:
            ClosedUsers(world.env, self.users, traffic.send, traffic.think(plain(self.think)), end)
        else:
            flow = RateStretch(seconds=self.seconds, begin=self.rate, end=self.rate)
            OpenUsers(world.env, [flow], traffic.send, traffic.gaps())
        world.env.run(until=end)
        metrics = world.record.metrics
        for name in traffic.parts:
            mine = [handler for place, handler in traffic.handlers.items() if place.part == name]
            seen = sum(handler.visits for handler in mine)
            held = math.fsum(copy.held_until(end) for copy in copies[name])
            metrics[f"cpu_s {name}"] = math.fsum(handler.work for handler in mine)
            metrics[f"held_s {name}"] = held / seen if seen else 0.0
        world.env.run()  # whoever has asked is answered, so that visits are whole
        for place, handler in traffic.handlers.items():
            key = f"visits {place.part}"
            metrics[key] = int(metrics.get(key, 0)) + handler.visits
        self._read(world.record, traffic, began, end)
        return world.record

    def _copies(self, world: World) -> Copies:
        if self.form == "one program":
            return in_one_program(world, self.application, self.machine)
        if self.platform is None:
            return alone(world, self.application, self.machine)
        return on_platform(world, self.application, self.platform.deploy(world))[0]

    def _read(self, record: Recorder, traffic: Traffic, began: float, end: float) -> None:
        journal = traffic.journal
        warm = began + WARM_UP * (end - began)
        seen = reading.tally(journal, len(traffic.parts), warm, end)
        metrics = record.metrics
        metrics["requests"] = len(journal.times)
        metrics["answered"] = sum(1 for time in journal.answered if time < end)
        in_time = sum(1 for time in journal.answered if warm <= time < end)
        metrics["throughput_per_s"] = in_time / (end - warm)
        metrics["failed"] = float(seen.failed.mean()) if seen.failed.size else 0.0
        for number, entry in enumerate(self.application.entries):
            for key, value in reading.of_entry(seen.took[seen.entry == number]).items():
                metrics[f"{key} {entry.to}"] = value
        for key, value in reading.of_entry(seen.took).items():
            metrics[key] = value
        if not reading.enough(seen.took, 0.95):
            return
        for key in ("p50_s", "p95_s"):
            rows = reading.around(seen.took, reading.QUANTILES[key])
            for name, part in zip(traffic.parts, seen.parts[rows].mean(axis=0), strict=True):
                metrics[f"{key} of {name}"] = float(part)
        middle = reading.around(seen.took, 0.95)
        one = int(seen.number[middle[len(middle) // 2]])
        reading.file_waterfall(record, journal, one, traffic.parts)
