"""The answer to a scale-out: one row a platform, and the curves they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.experiment import Estimate, Results
from sim.studies.cost.bill import Bill
from sim.studies.influence import Explained
from sim.studies.scale_out.limiting_waits import Stretch
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class ScaleOutRow:
    """One platform."""

    platform: str
    times: dict[str, Estimate]
    """Seconds until a share of the tasks was ready, `t10_s` to `t90_s`; a share that was not
    reached in every run is absent."""
    ready: float
    """Tasks that became ready, mean over the runs."""
    hosts: int
    """Instances or microVMs that run them."""
    bill: Bill
    """What those hosts cost altogether."""
    limits: list[Stretch]
    lacking: str = ""
    """Kubernetes' words where no node that may come holds a task; all of them wait for ever."""

    @property
    def usd_per_hour(self) -> float | None:
        """What it costs altogether; None where a part is not known."""
        return self.bill.usd_per_hour

    def flat(self) -> dict[str, Any]:
        """One line of a table, without its price: runs are the same at every price."""
        data: dict[str, Any] = {"platform": self.platform}
        data |= {column: estimate.value for column, estimate in self.times.items()}
        return data | {"ready": self.ready, "hosts": self.hosts}

    def json(self) -> dict[str, Any]:
        """Plain data; what was not reached is absent, with the reason beside it."""
        data = self.flat()
        if self.usd_per_hour is not None:
            data["usd_per_hour"] = self.usd_per_hour
        why = f" ({self.lacking})" if self.lacking else ""
        for column in ("t10_s", "t25_s", "t50_s", "t75_s", "t90_s"):
            if column not in self.times:
                data[f"{column}_refused"] = f"only {self.ready:g} tasks became ready{why}"
        data["intervals"] = {
            column: [estimate.low, estimate.high]
            for column, estimate in self.times.items()
            if estimate.low is not None
        }
        data["bill"] = self.bill.json()
        data["limited_by"] = [stretch.json() for stretch in self.limits]
        return data

    @property
    def slowness(self) -> float:
        """Seconds until 90% are ready; without end where they never are."""
        last = self.times.get("t90_s")
        return float("inf") if last is None else last.value

    def sentence(self) -> str:
        """What limited each stretch of the curve."""
        if not self.limits:
            return f"{self.platform}: no task became ready"
        long = [stretch for stretch in self.limits if stretch.seconds >= 0.5] or self.limits[:1]
        return f"{self.platform}: {'; '.join(map(str, long))}."


@dataclass(slots=True)
class ScaleOutAnswer:
    """Rows, the results they come from, and what was asked."""

    service: Service
    instance: str
    begin: int
    to: int
    rows: list[ScaleOutRow]
    results: Results
    starts: pd.DataFrame
    """One row a start that was asked for and became ready."""
    account: str = ""
    """Which quotas a new account would need raised; none of them is enforced."""
    explained: list[Explained] | None = None
    """What moves the tasks that a host is planned for; None where that was not asked for."""

    @property
    def on_arm(self) -> bool:
        """Whether Fargate's tasks are arm64, and cost less, because the instances are."""
        fargate = any(row.platform.startswith("fargate") for row in self.rows)
        known = self.instance in catalog.instances()
        return fargate and known and catalog.instance(self.instance).architecture == "arm64"

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        rows = [row.json() for row in self.rows]
        for row in rows if self.explained is not None else ():
            mine = [e for e in self.explained or [] if e.variant == row["platform"]]
            row["explain"] = [number for explained in mine for number in explained.json()]
        return rows

    def sentence(self) -> str:
        """Who is at 90% first, who last, and who never is."""
        tasks = self.to - self.begin
        done = [row for row in self.rows if "t90_s" in row.times]
        never = ", ".join(
            f"{row.platform} ({row.ready:g} of {tasks:,})" for row in self.rows if row not in done
        )
        if not done:
            return f"No platform had 90% of {tasks:,} tasks ready in every run: {never}."
        done.sort(key=lambda row: row.times["t90_s"].value)
        parts = ", ".join(f"{row.platform} {row.times['t90_s'].value:.0f} s" for row in done)
        never = f"; not in every run: {never}" if never else ""
        return f"From {self.begin:,} to {self.to:,} tasks, 90% are ready after: {parts}{never}."

    def reasons(self) -> dict[str, str]:
        """Why starts were refused or killed or wait for ever, by platform."""
        runs = self.results.runs[self.results.runs["reasons"] != ""]
        waiting = {
            row.platform: f"{row.lacking} x{self.to - self.begin}"
            for row in self.rows
            if row.lacking
        }
        return waiting | dict(zip(runs["variant"], runs["reasons"], strict=True))
