"""Both sides of isolation at once: bad neighbours by resource, a dead host, and the ladder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args

from sim import catalog
from sim.core.description import description
from sim.core.names import listed
from sim.core.quantity import shown_duration, shown_mib
from sim.core.question import Question, asking
from sim.studies.fail import study as failing
from sim.studies.fail.answer import FailAnswer
from sim.studies.fail.question import FailQuestion
from sim.studies.isolation.ladder import Rung, ladder
from sim.studies.isolation.sharing import Passage, SharedVolume, paths, volume
from sim.studies.kinds import (
    APP,
    Cores,
    Count,
    Instance,
    Replications,
    Seed,
    Size,
    all_apps,
    app_or_service,
    called,
)
from sim.studies.neighbours import study as beside
from sim.studies.neighbours.answer import BARELY, NeighboursAnswer
from sim.studies.neighbours.question import NeighboursQuestion
from sim.workload import Service
from sim.workload.hog import Hogged

if TYPE_CHECKING:
    import pandas as pd

PLATFORMS = ("docker", "ec2", "ecs", "fargate", "eks")
"""On which a host dies."""

WINDOW = 4.0
"""Seconds in which requests arrive beside each neighbour; more where they are rare."""


@description
class IsolationQuestion(Question):
    """What do the walls between sandboxes cost, from a process to a host of one's own, and what
    still crosses them?"""

    app: Annotated[str | Service, app_or_service(all_apps), APP] = "node"
    """java, node, mysql or generic; or a file of your own, see sim app init."""
    tasks: Count = 40
    """Tasks of the service when a host dies."""
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type whose size the machine has."""
    cpu: Cores | None = None
    """vCPUs of one."""
    memory: Size | None = None
    """Memory of one."""
    seed: Seed = 1
    replications: Replications = 2


@dataclass(frozen=True, slots=True)
class IsolationAnswer:
    """The ladder, each bad neighbour, and a dead host."""

    question: IsolationQuestion
    rungs: list[Rung]
    neighbours: list[NeighboursAnswer]
    failed: FailAnswer
    paths: list[Passage]
    """Ways of bytes between two containers, by what both share."""
    volume: SharedVolume

    def json(self) -> dict[str, Any]:
        """Plain data: the ladder, the ways by resource, the platforms after a fault."""
        return {
            "ladder": [rung.flat() for rung in self.rungs],
            "paths": [each.flat() for each in self.paths],
            "volume": self.volume.json(),
            "ways": {each.question.bad: each.json()["ways"] for each in self.neighbours},
            **self.failed.json(),
        }

    def cells(self) -> pd.DataFrame:
        """One row a resource and a way."""
        import pandas as pd

        return pd.concat([each.cells() for each in self.neighbours], ignore_index=True)

    def sentence(self) -> str:
        """What a wall costs, and what crosses none."""
        first, last = self.rungs[0], self.rungs[-2]
        worst, slow = max(
            ((each.question.bad, each.rows[0].p95.value) for each in self.neighbours),
            key=lambda pair: pair[1],
        )
        moved = [e.question.bad for e in self.neighbours if e.rows[-1].p95.value >= BARELY]
        quiet = "none slows VMs with a volume each"
        if moved:
            quiet = f"{listed(moved)} {'slow' if len(moved) > 1 else 'slows'} VMs, too"
        return (
            f"A {first.name} adds {shown_mib(first.memory)} and {shown_duration(first.start)}, a "
            f"{last.name} {shown_mib(last.memory)} and {shown_duration(last.start)}: "
            f"{first.density} or {last.density} copies of {called(self.question.app)} fit on one "
            f"{self.question.instance}."
            f" Without limits the worst neighbour ({worst}) slows containers {slow:.1f} times at "
            f"p95; {quiet}."
        )


def answer(question: IsolationQuestion) -> IsolationAnswer:
    """The ladder by arithmetic, the neighbours and the dead host by simulation.

    Raises:
        ValueError: the machine does not take two of them in every way.
    """
    service = catalog.service(question.app, cpu=question.cpu, memory=question.memory)
    window = max(WINDOW, beside.shortest_window(service))
    bads: tuple[Hogged, ...] = get_args(Hogged)
    hogs = [
        beside.answer(
            NeighboursQuestion(
                app=question.app,
                bad=bad,
                instance=question.instance,
                cpu=question.cpu,
                memory=question.memory,
                window=window,
                seed=question.seed,
                replications=question.replications,
            )
        )
        for bad in bads
    ]
    failed = failing.answer(
        FailQuestion(
            app=question.app,
            tasks=question.tasks,
            platform=PLATFORMS,
            instance=question.instance,
            cpu=question.cpu,
            memory=question.memory,
            seed=question.seed,
            replications=question.replications,
        ),
        name="isolation",
    )
    disk = next(each for each in hogs if each.question.bad == "disk")
    return IsolationAnswer(
        question,
        ladder(service, question.instance),
        hogs,
        failed,
        paths(question.instance),
        volume(disk),
    )


isolation = asking(IsolationQuestion, answer, "isolation")
