"""What is asked of platforms: how soon is one ready."""

from collections.abc import Iterator, Set
from typing import Annotated, get_args

from sim import catalog
from sim.core.description import description
from sim.core.question import Mistake, Typed
from sim.platforms import Network
from sim.studies import platforms
from sim.studies.kinds import (
    APP,
    NAME,
    Arch,
    Cores,
    Count,
    Explain,
    Gpus,
    Host,
    Instance,
    Replications,
    Seed,
    Size,
    among,
    app_or_service,
    apps_that_start,
    chosen,
    idle,
    node_takers,
    several,
)
from sim.workload import Service


@description
class StartupQuestion(catalog.NodeSettings):
    """How soon is my app ready, on every platform, from request to first healthy answer?"""

    app: Annotated[str | Service, app_or_service(apps_that_start), APP] = "java"
    """java, node or mysql; or a file of your own, see sim app init."""
    platform: Annotated[
        str | tuple[str, ...],
        several("platform", lambda: platforms.names("startup"), everything="all"),
        Typed(
            shape="<name>",
            repeats=True,
            help=lambda: f"{platforms.listed('startup', 'all')}; may be repeated.",
        ),
    ] = "all"
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of ECS and EKS; its size is the server's."""
    host: Host | None = None
    """Bare machine of the vm and docker rows."""
    cpu: Cores | None = None
    """vCPUs of one task."""
    memory: Size | None = None
    """Memory of one task."""
    gpus: Gpus = 0
    tasks: Count = 1
    """Started at once."""
    network: Annotated[Network, among("network", get_args(Network)), NAME] = "bridge"
    """Network mode of ECS: bridge, host or awsvpc."""
    architecture: Arch | None = None
    """The only architecture of the image: amd64 or arm64."""
    lazy: bool = False
    """Show lazy loading (SOCI) too: docker and fargate."""
    reserved_memory: Size | None = None
    """ECS_RESERVED_MEMORY of container instances (0)."""
    seed: Seed = 1
    replications: Replications = 30
    explain: Explain = False

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """What no platform that was named heeds."""
        takers = {
            option: platforms.takers("startup", option)
            for option in ("instance", "host", "network", "reserved_memory")
        }
        takers |= node_takers("startup")
        takers["lazy"] = platforms.lazy_loaders("startup")
        yield from idle(given, takers, self.platforms)
        if "instance" in given and self.host and set(self.platforms) <= set(takers["host"]):
            yield Mistake(("instance", "host"), "not allowed beside --host, which has its size")

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, platforms.names("startup"))
