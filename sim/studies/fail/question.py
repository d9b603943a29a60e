"""What is asked of platforms on which something dies."""

from collections.abc import Iterator, Set
from typing import Annotated, Literal, TypeAlias, get_args

from sim.core.description import description
from sim.core.question import Mistake, Question, Typed, without_effect
from sim.studies import platforms
from sim.studies.kinds import (
    APP,
    NAME,
    Cores,
    Count,
    CountOrNone,
    Instance,
    Replications,
    Seed,
    Size,
    Time,
    all_apps,
    among,
    app_or_service,
    chosen,
    number,
    several,
)
from sim.workload import Service, Victim
from sim.workload.fault import PLANNED

LoadBalancer: TypeAlias = Literal["alb", "none"]

Share: TypeAlias = Annotated[
    float, number("a share from 0 to 1", lambda share: 0.0 <= share <= 1.0), Typed(shape="<share>")
]

HOSTS = 4
"""Hosts that share the tasks, unless they need more."""


def of_kubernetes() -> tuple[str, ...]:
    """Names of the platforms whose pods tolerate a dead node for a while."""
    return tuple(name for name in platforms.names("fail") if name.startswith("eks"))


@description
class FailQuestion(Question):
    """When a process, a host or a zone dies: what is lost, who notices when, when is it served
    again? And when a host is drained, or a service updated as planned?"""

    app: Annotated[str | Service, app_or_service(all_apps), APP] = "node"
    """java, node, mysql or generic; or a file of your own, see sim app init."""
    tasks: Count = 40
    """Tasks of the service that are wanted."""
    kill: Annotated[Victim, among("kill", get_args(Victim)), Typed(shape="<what>")] = "host"
    """process, host or zone (the host or zone that has most tasks); or what is planned: drain (a
    host is emptied) or update (all tasks are replaced)."""
    platform: Annotated[
        str | tuple[str, ...],
        several("platform", lambda: platforms.names("fail"), everything="all"),
        Typed(
            shape="<name>",
            repeats=True,
            help=lambda: f"{platforms.listed('fail', 'all')}; may be repeated.",
        ),
    ] = "all"
    instance: Instance = "m5.2xlarge"
    """EC2 type of ECS and EKS; servers of one's own have a multiple of its size."""
    cpu: Cores | None = None
    """vCPUs of one task."""
    memory: Size | None = None
    """Memory of one task."""
    hosts: Count | None = None
    """Instances of ECS, nodes of EKS; default: 4, or as many as hold the tasks."""
    spare: CountOrNone = 0
    """Hosts more than that."""
    spread: bool = True
    """Spread the tasks evenly over the hosts; else each host is filled first."""
    zones: Count = 3
    """Availability zones over which the hosts are spread."""
    toleration: Time | None = None
    """EKS: tolerationSeconds of the pods for a node that is unreachable; default: 300 s."""
    min_healthy: Share | None = None
    """drain and update: share of the tasks that serve at any time (minimumHealthyPercent,
    1 - maxUnavailable, a PodDisruptionBudget); default: the platform's own."""
    surge: Share | None = None
    """drain and update: share of the tasks that may run on top (maximumPercent - 100,
    maxSurge); default: the platform's own."""
    balancer: Annotated[LoadBalancer, among("balancer", get_args(LoadBalancer)), NAME] = "alb"
    """What sends requests to the tasks: alb (an Application Load Balancer) or none."""
    seed: Seed = 1
    replications: Replications = 10

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A zone where there is one only, and options that no platform heeds."""
        if self.kill == "zone" and self.zones == 1:
            words = "'zone' is not allowed with --zones 1: nothing would be left"
            yield Mistake(("kill", "zones"), words)
        fixed = {"ecs", "eks"} & set(self.platforms)
        for name in ("hosts", "spare", "spread"):
            if name in given and not fixed:
                words = "not allowed here; it is for ecs and eks, whose hosts are there already"
                yield Mistake((name, "platform"), words)
        if "toleration" in given and not set(of_kubernetes()) & set(self.platforms):
            words = f"not allowed here; it is for {', '.join(of_kubernetes())}"
            yield Mistake(("toleration", "platform"), words)
        if "toleration" in given and self.kill not in ("host", "zone"):
            words = f"not allowed with --kill {self.kill}: it is of pods of a node that is gone"
            yield Mistake(("toleration", "kill"), words)
        if self.kill not in PLANNED:
            reason = f"with --kill {self.kill}, which is not planned"
            yield from without_effect(given, ("min_healthy", "surge"), "kill", reason)
        elif self.min_healthy == 1.0 and self.surge == 0.0:
            words = "1 is not allowed with --surge 0: no task could ever be replaced"
            yield Mistake(("min_healthy", "surge"), words)

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, platforms.names("fail"))
