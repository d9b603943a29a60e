"""The answer to *how many times does one host hold it*: rows, the sentence, what stops each."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.description import as_json
from sim.core.quantity import shown_size, shown_vcpu
from sim.experiment import Results
from sim.experiment.frames import empty_summary
from sim.experiment.storage.manifest import new_manifest
from sim.experiment.storage.tables import empty_samples, empty_spans
from sim.studies.density.row import several
from sim.studies.holds.question import HoldsQuestion
from sim.studies.platforms import label
from sim.workload import Application, task_size

if TYPE_CHECKING:
    import pandas as pd

TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One way to set up a platform: how many whole applications a host of it holds."""

    platform: str
    host: str
    holds: int | None
    """Whole copies; None where each task has a host of its own."""
    hosts: int = 1
    """Hosts of one copy where each task has its own."""
    limits: tuple[tuple[str, int], ...] = ()
    """What each limit alone would allow, smallest first; the first is what stops it."""
    usd_per_hour: float | None = None
    """Of one copy: its share of a full host, or all its own hosts; machines and fees only."""
    refused: str = ""
    """Why there is none."""

    def json(self) -> dict[str, Any]:
        """Plain data; what is not known is absent."""
        data: dict[str, Any] = {"platform": self.platform, "host": self.host, "hosts": self.hosts}
        if self.holds is not None:
            data["copies_per_host"] = self.holds
        if self.limits:
            data["limits"] = dict(self.limits)
        if self.usd_per_hour is not None:
            data["usd_per_copy_hour"] = self.usd_per_hour
        if self.refused:
            data["refused"] = self.refused
        return data

    @property
    def stops(self) -> tuple[str, ...]:
        """What refuses one more copy; several limits where lifting one alone gains nothing."""
        return tuple(
            limit
            for number, (limit, allows) in enumerate(self.limits)
            if number == 0 or allows == self.holds
        )

    @property
    def then(self) -> str:
        """What would stop it next, and where."""
        beyond = [each for each in self.limits[1:] if each[1] > (self.holds or 0)]
        return f"{beyond[0][0]} at {beyond[0][1]}" if beyond else ""


@dataclass(slots=True)
class HoldsAnswer:
    """Rows, and what was asked."""

    question: HoldsQuestion
    rows: list[HeldRow]

    @property
    def app(self) -> Application:
        """The application."""
        return self.question.app

    @property
    def fits(self) -> bool:
        """Whether any host holds it."""
        return any(row.holds or (row.holds is None and not row.refused) for row in self.rows)

    def sentence(self) -> str:
        """What it is, how often a host of EKS and of ECS holds it, and what stops it there."""
        staying = [part for part in self.app.parts if part.copies and not part.daemon]
        sizes = [(task_size(part.service), part.copies) for part in staying if not part.once]
        tasks = sum(copies for _, copies in sizes)
        cpu = sum(size.cpu * copies for size, copies in sizes)
        memory = sum(size.reserved * copies for size, copies in sizes)
        said = [
            f"{self.app.name} is {tasks} {'task' if tasks == 1 else 'tasks'}: "
            f"{shown_vcpu(cpu)} and {shown_size(memory, 4)} reserved."
        ]
        said += [self._of(row) for row in self.rows if row.platform in ("eks", "ecs-bridge")]
        return " ".join(said)

    @staticmethod
    def _of(row: HeldRow) -> str:
        host, stops = f"{label(row.platform)}: one {row.host}", " and ".join(row.stops)
        if row.refused or not row.holds:
            return f"{host} does not hold it ({row.refused or stops})."
        times = TIMES.get(row.holds, f"{row.holds} times")
        then = f", then {row.then}" if row.then else ""
        run_out = "run out" if len(row.stops) > 1 or several(row.stops[0]) else "runs out"
        return f"{host} holds it {times}; {stops} {run_out} first{then}."

    def json(self) -> dict[str, Any]:
        """Plain data."""
        return {"application": self.app.name, "rows": [row.json() for row in self.rows]}

    def table(self) -> pd.DataFrame:
        """The rows as a frame."""
        import pandas as pd

        return pd.DataFrame([{**row.json(), "limits": str(row.limits)} for row in self.rows])

    def results(self) -> Results:
        """The answer as results that can be saved."""
        import pandas as pd

        given = {f.name: getattr(self.question, f.name) for f in fields(self.question)}
        asked = {**given, "app": json.loads(as_json(self.app))}
        return Results(
            runs=pd.DataFrame(columns=["variant", "run"]),
            spans=empty_spans(),
            samples=empty_samples(),
            summary=self.table() if self.rows else empty_summary(),
            scenario=asked,
            manifest=new_manifest("holds", asked, seed=0, catalogue=catalog.digest()),
        )
