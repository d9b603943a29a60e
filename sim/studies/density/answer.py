"""The answer to *how many fit*: a row a platform, with its limits and its memory budget."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.cited import Cited
from sim.core.description import as_json, figures
from sim.experiment import Results
from sim.experiment.storage.manifest import manifest
from sim.experiment.storage.tables import empty_samples, empty_spans
from sim.platforms.limits import BudgetItem, Limit, file_pages, used
from sim.studies.density.by_use import ByUse
from sim.studies.density.density_words import (
    ONE_EACH,
    credits_sentence,
    density_sentence,
    pages_sentence,
    speed_sentence,
)
from sim.studies.influence import Explained
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class Row:
    """One platform's answer.

    Attributes:
        count: sandboxes on one such host, by reservation.
        memory_used: bytes resident on that host with `count` at work.
        priced_as: the EC2 type whose price it has; empty where it has none, or that of a task.
        by_use: answers of the replications, or None where it was not asked for.
    """

    platform: str
    host: str
    count: int
    limits: tuple[Limit, ...]
    budget: tuple[BudgetItem, ...] = ()
    usd_per_container_hour: float | None = None
    priced_as: str = ""
    refused: str = ""
    by_use: list[ByUse] | None = None
    note: str = ""

    @property
    def unknown(self) -> bool:
        """Whether the limit that decides is not known; then `count` says nothing."""
        return self.limits[0].how.startswith("trunking is not known")

    @property
    def stopped_by(self) -> str:
        """The binding limit."""
        return self.limits[0].limit

    @property
    def next_limit(self) -> str:
        """What stops you once the binding limit is lifted."""
        return self.limits[0].then

    @property
    def count_by_use(self) -> int | None:
        """The middle answer of all replications."""
        if self.by_use is None:
            return None
        return statistics.median_low(answer.count for answer in self.by_use)

    def fits(self, *, reserved: bool) -> bool:
        """Whether at least one fits by use, where that is known, and by reservation if `reserved`.

        Where the density by use was not found, reservations alone say it.
        """
        by_use = self.count_by_use
        return (self.count > 0 or not (reserved or by_use is None)) and by_use != 0

    @property
    def stopped_by_use(self) -> str:
        """What stopped the middle answer."""
        middle = self.count_by_use
        return next(a.stopped_by for a in self.by_use or [] if a.count == middle)

    def json(self) -> dict[str, Any]:
        """Plain data; a key whose value is not known is absent, and `refused` says why."""
        data: dict[str, Any] = {
            "platform": self.platform,
            "host": self.host,
            "count": self.count,
            "stopped_by": self.stopped_by,
            "next_limit": self.next_limit,
            "limits": [
                {name: getattr(limit, name) for name in Limit.__slots__} for limit in self.limits
            ],
            "memory_used_bytes": round(used(self.budget)),
            "file_pages_bytes": round(file_pages(self.budget)),
        }
        if self.usd_per_container_hour is not None:
            data["usd_per_container_hour"] = self.usd_per_container_hour
        if self.by_use is not None:
            data["count_by_use"] = self.count_by_use
            data["stopped_by_use"] = self.stopped_by_use
        if self.refused:
            data["refused"] = self.refused
        if self.note:
            data["note"] = self.note
        return data


@dataclass(slots=True)
class DensityAnswer:
    """The rows, and what they were asked about."""

    service: Service
    instance: str
    rows: list[Row]
    parameters: dict[str, Any] = field(default_factory=dict)
    explained: list[Explained] | None = None
    """The numbers that moved each row; None where that was not asked for."""
    speeds: list[Cited] = field(default_factory=list)
    """Core speeds of the hosts on which density by use was simulated, as far as they are cited."""

    def row(self, platform: str) -> Row:
        """One platform's row."""
        return next(row for row in self.rows if row.platform == platform)

    @property
    def fits(self) -> bool:
        """Whether at least one sandbox fits on the machine that was named, as was asked."""
        reserved = self.parameters.get("by") != "use"
        named = [row for row in self.rows if row.platform not in ONE_EACH]
        return any(row.fits(reserved=reserved) for row in named)

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data, each with the numbers that moved it where that was asked for."""
        rows = [row.json() for row in self.rows]
        for row in rows if self.explained is not None else ():
            mine = [e for e in self.explained or [] if e.variant == row["platform"]]
            row["explain"] = [number for explained in mine for number in explained.json()]
        return rows

    def sentence(self) -> str:
        """The answer in one sentence."""
        return density_sentence(self)

    def pages_line(self) -> str:
        """How often the image's hot file pages are in memory; empty where it keeps none."""
        return pages_sentence(self)

    def credits_line(self) -> str:
        """What is billed of T types besides their price; empty where no row has such a price."""
        return credits_sentence(self)

    def speed_line(self) -> str:
        """What a vCPU of its hosts does, where that is not what one of an m5 does."""
        return speed_sentence(self)

    def assumed_line(self) -> str:
        """The assumed numbers that its density by use rests on."""
        load = self.service.load
        cited = [c for _, c in figures(load) if c.grade == "assumed"] if load is not None else []
        return (
            f"By use rests on assumed numbers: {'; '.join(f'{c.key} {c.shown()}' for c in cited)}."
        )

    def results(self) -> Results:
        """The answer as results that can be saved; its runs are the probes of density by use."""
        import pandas as pd

        probes = [
            {"variant": row.platform, "run": run, **asdict(probe)}
            for row in self.rows
            for run, answer in enumerate(row.by_use or [])
            for probe in answer.probes
        ]
        columns = ["variant", "run", "sandboxes", "passed", "reason"]
        described = {"service": json.loads(as_json(self.service)), **self.parameters}
        return Results(
            runs=pd.DataFrame(probes, columns=columns),
            spans=empty_spans(),
            samples=empty_samples(),
            summary=self.table(),
            scenario=described,
            manifest=manifest(
                "density", described, seed=self.parameters["seed"], catalogue=catalog.digest()
            ),
        )

    def table(self) -> pd.DataFrame:
        """One row a platform."""
        import pandas as pd

        known = [row.json() for row in self.rows if not row.unknown]
        return pd.DataFrame(known).drop(columns="limits")

    def limits(self) -> pd.DataFrame:
        """One row a limit of a platform."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"platform": row["platform"], **limit}
                for row in self.json()
                for limit in row["limits"]
            ]
        )

    def budgets(self) -> pd.DataFrame:
        """Where each host's nominal memory goes: one row an item, in bytes."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"platform": row.platform, "host": row.host, "item": part.item, "bytes": part.bytes}
                for row in self.rows
                for part in row.budget
            ]
        )
