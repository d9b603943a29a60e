"""Who should run it: one service on ECS, on EKS, on Fargate with either, or an instance a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.mistakes import texts_in
from sim.experiment import Burst, Results, Scenario, compare
from sim.studies.cost.bill import HOURS_A_MONTH
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.row import DensityRow
from sim.studies.density.study import density
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row as platform
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

WAYS = ("ecs", "fargate", "eks", "eks-fargate", "ec2")

TASKS = 10
"""Of which the cost is told."""


@dataclass(slots=True)
class WhoRunsIt:
    """Density, time to ready and cost of each way."""

    service: Service
    many: DensityAnswer
    results: Results
    ways: tuple[str, ...] = WAYS
    tasks: int = TASKS

    def table(self) -> pd.DataFrame:
        """One row a way; NaN where there is no warm image, or no price.

        `usd_per_month` is of all tasks on whole `hosts`, with what comes with them;
        `usd_per_month_each` is the share of one in full hosts.
        """
        import pandas as pd

        starts = self.results.starts().groupby("variant")["time_to_ready_s"]
        # Of an even number the lower one in the middle, which is a start that can be drawn.
        ready = starts.quantile(0.5, interpolation="lower")
        return pd.DataFrame(
            [
                {
                    "platform": way,
                    "host": row.host,
                    "count": row.count,
                    "stopped_by": row.stopped_by,
                    "ready_p50_s": ready.get(f"{way}-cold"),
                    "ready_warm_p50_s": ready.get(f"{way}-warm"),
                    "hosts": row.hosts_for(self.tasks),
                    "usd_per_month": self._month(row),
                    "usd_per_month_each": _each(row),
                }
                for way, row in self._rows()
            ]
        )

    def _rows(self) -> Iterator[tuple[str, DensityRow]]:
        """The row of the density table that each way is, the first of its flavours."""
        return ((way, self.many.row(platform(way).density[0].name)) for way in self.ways)

    def sentence(self) -> str:
        """The extremes, and what EKS costs besides."""
        table = self.table().set_index("platform")
        known = table.dropna(subset=["ready_p50_s", "usd_per_month"])
        if known.empty:
            return f"{self.service.name}: no platform takes it."
        soonest, latest = known["ready_p50_s"].idxmin(), known["ready_p50_s"].idxmax()
        cheapest, dearest = known["usd_per_month"].idxmin(), known["usd_per_month"].idxmax()
        cluster = catalog.cluster_price() * HOURS_A_MONTH
        return (
            f"{self.service.name}: {soonest} is ready first ({_at(known, soonest)} s), "
            f"{latest} last ({_at(known, latest)} s), all from a cold image{self._installed()}"
            f"; {self.tasks} of them cost least on {cheapest} "
            f"({_usd(known, cheapest)} USD a month), most on {dearest} ({_usd(known, dearest)}): "
            f"whole hosts and what comes with them, an EKS cluster {cluster:.0f}, an ECS cluster "
            f"nothing."
        )

    def _month(self, row: DensityRow) -> float | None:
        """All tasks, on whole hosts."""
        bill = row.bill(self.tasks)
        return None if bill is None else bill.usd_per_month

    def _installed(self) -> str:
        """Ways whose image is always there."""
        names = [way for way in self.ways if platform(way).has_image("cold")]
        return f" but {' and '.join(names)}, whose app is in the machine image" if names else ""


def who_runs_it(
    *,
    app: str = "node",
    cpu: float | None = None,
    memory: float | None = None,
    platforms: Sequence[str] = WAYS,
    instance: str = catalog.DEFAULT_TYPE,
    tasks: int = TASKS,
    region: str = catalog.DEFAULT_REGION,
    purchase: catalog.Purchase = "on-demand",
    replications: int = 30,
    seed: int = 1,
    out: Path | None = None,
) -> WhoRunsIt:
    """One service, five ways: how many fit on a host, how soon one is ready, what it costs.

    No T types: their baseline is below the quota of a service that has work to do. An instance of
    its own pulls nothing, for its app is in the machine image.

    Args:
        app: `java`, `node` or `mysql`.
        cpu: vCPUs of one; None: the app's default.
        memory: bytes of one; None: the app's default.
        platforms: the ways, by name.
        instance: EC2 type of container instances and nodes.
        tasks: of which the cost is told.
        region: of the prices; EC2's are known of us-east-1 only.
        purchase: on-demand, spot, savings-plan or instance-savings-plan.
        out: folder of the results, in which runs are kept as they finish.

    Raises:
        ValueError: a name is not known, or a value is out of range.
    """
    ways = texts_in("platforms", platforms)
    many = density(
        app=app,
        cpu=cpu,
        memory=memory,
        instance=instance,
        burstable=False,
        by="reservation",
        tasks=tasks,
        region=region,
        purchase=purchase,
    )
    results = compare(
        _starts(many.service, ways, instance),
        times=replications,
        seed=seed,
        name="who-runs-it",
        catalogue=catalog.digest(),
        out=out,
    )
    return WhoRunsIt(many.service, many, results, ways, tasks)


def _starts(service: Service, ways: Sequence[str], instance: str) -> dict[str, Scenario]:
    """One start of it on each way, from a cold image and from a warm one where there is one."""
    options = PlatformOptions(service=service, instance=instance, cheapest=True, burstable=False)
    return {
        f"{way}-{image}": Scenario(
            name="who-runs-it",
            platform=platform(way).starting(replace(options, image=image)),
            arrivals=(Burst(service=service),),
        )
        for way in ways
        for image in platform(way).startup
        if image != "lazy"
    }


def _each(row: DensityRow) -> float | None:
    each = row.usd_per_container_hour
    return None if each is None else each * HOURS_A_MONTH


def _at(table: pd.DataFrame, way: Any) -> str:
    return f"{table.loc[way, 'ready_p50_s']:.1f}"


def _usd(table: pd.DataFrame, way: Any) -> str:
    return f"{table.loc[way, 'usd_per_month']:,.0f}"
