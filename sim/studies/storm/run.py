"""One storm: sandboxes that start together on a host, each start a task of its record."""

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
    """Seconds from request to ready of each storm, in the order of becoming ready."""
    apps = results.tiling().query("phase == 'app'")[["run", "task", "end_s"]]
    ready = results.starts().merge(apps, on=["run", "task"]).sort_values(["run", "end_s"])
    return [own["time_to_ready_s"].tolist() for _, own in ready.groupby("run")]
