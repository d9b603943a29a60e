"""What is asked of platforms: how soon is one ready."""

from collections.abc import Iterator, Mapping, Set
from typing import Annotated, get_args

from sim.core.description import description
from sim.core.question import Mistake, Question, Typed
from sim.platforms import Network
from sim.studies.kinds import (
    NAME,
    Arch,
    Cores,
    Count,
    Explain,
    Host,
    Instance,
    Replications,
    Seed,
    Size,
    among,
    apps_that_start,
    chosen,
    idle,
    several,
)

PLATFORMS = ("vm", "docker", "ec2", "ecs", "fargate", "eks", "eks-fargate")
LAZY = ("docker", "fargate")
"""Platforms that load images lazily; the ECS agent on EC2 pulls through dockerd, which does not."""

HEEDS: Mapping[str, tuple[str, ...]] = {
    "instance": PLATFORMS[:-1],  # fargate: its architecture
    "host": ("vm", "docker"),
    "network": ("ecs",),
    "lazy": LAZY,
}
"""Fields that not every platform heeds."""


@description
class StartupQuestion(Question):
    """How soon is my app ready, on every platform, from request to first healthy answer?"""

    app: Annotated[str, among("app", apps_that_start), NAME] = "java"
    """java, node or mysql."""
    platform: Annotated[
        str | tuple[str, ...],
        several("platform", lambda: PLATFORMS, everything="all"),
        Typed(shape="<name>", repeats=True),
    ] = "all"
    """vm, docker, ec2, ecs, fargate, eks, eks-fargate or all; may be repeated."""
    instance: Instance = "m5.xlarge"
    """EC2 type of ECS and EKS; its size is the server's."""
    host: Host | None = None
    """Bare machine of the vm and docker rows."""
    cpu: Cores | None = None
    """vCPUs of one task."""
    memory: Size | None = None
    """Memory of one task."""
    tasks: Count = 1
    """Started at once."""
    network: Annotated[Network, among("network", get_args(Network)), NAME] = "bridge"
    """Of ECS: bridge, host or awsvpc."""
    architecture: Arch | None = None
    """The only architecture of the image: amd64 or arm64."""
    lazy: bool = False
    """Show lazy loading (SOCI) too: docker and fargate."""
    seed: Seed = 1
    replications: Replications = 30
    explain: Explain = False

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """What no platform that was named heeds."""
        yield from idle(given, HEEDS, self.platforms)
        if "instance" in given and self.host and set(self.platforms) <= set(HEEDS["host"]):
            yield Mistake(("instance", "host"), "not allowed beside --host, which has its size")

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, PLATFORMS)
