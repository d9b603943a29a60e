"""After a power cut: how long until all is up, when every machine and container starts at once.

The machines boot first, those that EC2's quotas let through; then all containers of all machines
start at once, from images on their disks, or, on new machines, from a registry. There are as many
machines as with those to spare: on fewer it hangs on the order whether all find room. Nothing is
known of the start-up work of the programs themselves: what is here is the least that it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sim import catalog
from sim.catalog.ecs import container_instance_launch
from sim.catalog.eks import eks_node_launch
from sim.core.world import World
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.statistics.estimate import needed, quantile
from sim.platforms.scaling.instance_launch import InstanceLaunch, InstanceLauncher, LaunchedInstance
from sim.studies.migrate.question import MigrateQuestion
from sim.studies.migrate.ways import Way
from sim.studies.plan.ready import PlanReady, plan_scenarios, readiness
from sim.studies.platform_row import PlatformOptions, PlatformRow, Temperature
from sim.studies.platforms import row as platform_row
from sim.units import GiB

MOST_GUESTS = 2_000
"""Guests above which no start is simulated."""
OWN = "own-machines"


@dataclass(slots=True)
class Restart:
    """When all of one way is up, run by run.

    Args:
        machines: seconds until the last machine takes containers.
        containers: by image, seconds from then until the last container is ready.
        stay: seconds until the last machine of those that have their own is up.
        failed: by image, why not all came up.
    """

    way: str
    machines: list[float] = field(default_factory=list)
    containers: dict[str, list[float]] = field(default_factory=dict)
    stay: list[float] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def up(self, image: str) -> float | None:
        """The median until all of it is up; None where it is not known."""
        if image in self.failed:
            return None
        runs = self.containers.get(image, [])
        if not runs:
            return _median(self.stay) if not self.containers else None
        first = self.machines or [0.0] * len(runs)
        whole = [a + b for a, b in zip(first, runs, strict=False)]
        beside = self.stay or [0.0] * len(whole)
        return _median([max(a, b) for a, b in zip(whole, beside, strict=False)])

    def part(self, image: str) -> float | None:
        """The median of the containers alone."""
        return _median(self.containers.get(image, []))

    def booted(self) -> float | None:
        """The median until the last machine takes containers."""
        return _median(self.machines)


def _median(runs: Sequence[float]) -> float | None:
    return quantile(list(runs), 0.5) if len(runs) >= needed(0.5) else None


def restarts(
    question: MigrateQuestion, ways: Sequence[Way]
) -> tuple[list[Restart], Results | None]:
    """Simulate all starts of all ways; none where there are too many guests."""
    scenarios: dict[str, Scenario] = {}
    cases: dict[str, tuple[int, Temperature]] = {}
    found = [Restart(way.name) for way in ways]
    if len(question.inventory.guests) > MOST_GUESTS:
        return [], None
    for number, way in enumerate(ways):
        for image in ("warm", "cold"):
            made = _starts(way, image, found[number])
            scenarios |= {f"w{number}{name}": each for name, each in made.items()}
            cases |= {f"w{number}{name}".partition("/")[0]: (number, image) for name in made}
    counts = {count for way in ways if (count := _own(way))}
    scenarios |= {f"{OWN}-{count}/0": _instances(count) for count in counts}
    if not scenarios:
        return [], None
    results = compare(
        scenarios,
        times=question.replications,
        seed=question.seed,
        name="migrate",
        catalogue=catalog.digest(),
    )
    ready = readiness(results, scenarios)
    for case, (number, image) in cases.items():
        _tell(found[number], image, ready[case])
    for each, way in zip(found, ways, strict=True):
        each.stay = ready[f"{OWN}-{_own(way)}"].seconds if _own(way) else []
        each.machines = _machines(way, question) if each.containers else []
    return [each for each in found if each.containers or each.stay], results


def _own(way: Way) -> int:
    """Machines of their own that boot there."""
    return len(way.stay) if way.planned is not None else (way.hosts or 0)


def _tell(restart: Restart, image: str, ready: PlanReady) -> None:
    if ready.short:
        restart.failed[image] = "; ".join(ready.shortfalls())
    restart.containers[image] = ready.seconds


def _starts(way: Way, image: Temperature, restart: Restart) -> Mapping[str, Scenario]:
    """All containers of a way at once, on machines that are up."""
    if way.planned is None or way.app is None or way.platform is None:
        return {}
    if way.platform.own_host and image == "warm":
        return {}  # nothing is left of a microVM that had run it
    if way.platform.mixes:
        return {}
    try:
        return plan_scenarios(way.platform, way.app, way.spared or way.planned, image)
    except ValueError as error:
        restart.failed[image] = str(error)
        return {}


def _instances(count: int) -> Scenario:
    """So many machines of their own: EC2's quotas, its control plane, a boot of Linux."""
    service = catalog.service("generic", cpu=2.0, memory=4 * GiB)
    platform = platform_row("ec2").any(
        PlatformOptions(service=replace(service, load=None), instance="m5.xlarge")
    )
    return Scenario(
        name=OWN,
        platform=platform,
        arrivals=(Burst(service=replace(service, load=None), tasks=count),),
    )


def _machines(way: Way, question: MigrateQuestion) -> list[float]:
    """Run by run, when the last machine has booted and joined its cluster."""
    hosts = way.spared or way.planned
    if hosts is None or way.platform is None or hosts.packing is None:
        return []
    launch = replace(_launch(way.platform), decided=0.0)
    found = []
    for replication in range(question.replications):
        world, joined = World(question.seed, replication), list[LaunchedInstance]()
        InstanceLauncher(launch, world).launch(hosts.machines, "power cut", joined.append)
        world.env.run()
        found.append(max(each.joined_at for each in joined))
    return found


def _launch(row: PlatformRow) -> InstanceLaunch:
    return eks_node_launch(group=True) if row.charges.cluster else container_instance_launch()
