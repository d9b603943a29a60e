"""One storm: sandboxes that start together on a host, each start a task of its record."""

import numpy as np

from sim.core.description import description
from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment import Results
from sim.sandbox.storm.processor import Processor
from sim.sandbox.storm.profile import StartProfile
from sim.sandbox.storm.storm import Storm

METRICS = ("makespan_s", "cpu_s", "lock_s")
"""Seconds to the last ready, of all CPUs, and of the lock being held."""


@description
class StormRun:
    """`starts` sandboxes on a host where `running` are up, `launchers` of them at any time."""

    name: str = "storm"
    profile: StartProfile
    processor: Processor
    starts: int
    launchers: int
    running: int = 0

    def run(self, seed: int, replication: int) -> Recorder:
        """A phase `start` of each sandbox, and the metrics of the host."""
        world = World(seed, replication)
        live = Storm(
            world,
            self.profile,
            self.processor,
            starts=self.starts,
            launchers=self.launchers,
            running=self.running,
        )
        world.env.run(live.over)
        seconds = (world.env.now, live.cores.busy, live.lock.held)
        world.record.metrics = dict(zip(METRICS, seconds, strict=True))
        return world.record


def latencies(results: Results) -> list[list[float]]:
    """Seconds from request to ready of each storm, in the order of becoming ready.

    Each start of a storm becomes ready, so it has one phase of each name.
    """
    spans = results.spans
    phase, run = spans["phase"].to_numpy(), spans["run"].to_numpy()
    begin, end = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
    start, app = phase == "start", phase == "app"
    seconds, run, end = end[app] - begin[start], run[app], end[app]
    order = np.lexsort((end, run))
    first = np.flatnonzero(np.diff(run[order])) + 1
    return [storm.tolist() for storm in np.split(seconds[order], first)]
