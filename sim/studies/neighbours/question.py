"""What is asked of a machine on which one neighbour misbehaves."""

from typing import Annotated, get_args

from sim import catalog
from sim.core.description import description
from sim.core.question import Question, Typed
from sim.studies.kinds import (
    APP,
    Cores,
    Count,
    Instance,
    Replications,
    Seed,
    Size,
    Time,
    all_apps,
    among,
    app_or_service,
    number,
)
from sim.workload import Service
from sim.workload.hog import Hogged


@description
class NeighboursQuestion(Question):
    """One neighbour asks for all it can get: how much slower are the others, as containers,
    microVMs and VMs?"""

    app: Annotated[str | Service, app_or_service(all_apps), APP] = "node"
    """java, node, mysql or generic; or a file of your own, see sim app init."""
    bad: Annotated[Hogged, among("bad", get_args(Hogged)), Typed(shape="<resource>")] = "cpu"
    """cpu, memory, cache, bandwidth (of memory), disk, network or fork."""
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type that gives the size of the machine."""
    cpu: Cores | None = None
    """vCPUs of each."""
    memory: Size | None = None
    """Memory of each."""
    load: (
        Annotated[
            float,
            number("above 0 and below 1", lambda share: 0.0 < share < 1.0),
            Typed(shape="<number>"),
        ]
        | None
    ) = None
    """Mean CPU use of each victim, as a fraction of its vCPUs (0.2)."""
    threads: Count | None = None
    """Threads, queued requests or flows of the noisy one; by default one per vCPU."""
    window: Annotated[Time, Typed(shown="{:g}s".format)] = 10.0
    """Simulated time during which requests arrive."""
    seed: Seed = 1
    replications: Replications = 5
