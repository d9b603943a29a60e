"""The answer to *how soon are the machines gone again*: a row a platform, and its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment import Results
from sim.experiment.statistics.estimate import Estimate
from sim.studies.cost.bill import Bill
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

SHARES = {"t50_s": 0.5, "t90_s": 0.9, "t100_s": 1.0}

NONE_GOES = "no host becomes surplus: each still has a task"


@dataclass(frozen=True, slots=True)
class ScaleInRow:
    """One platform; all numbers are means over the runs."""

    platform: str
    hosts_before: Estimate
    hosts: Estimate
    times: dict[str, Estimate]
    """Seconds until a share of the hosts that go has gone, `t50_s`, `t90_s` and `t100_s`; none
    where a run let no host go."""
    moved: Estimate
    """Tasks that were ended on one host and made anew on another."""
    ready: Estimate
    """Tasks that run at the end."""
    lacking: str
    """How many tasks never came up, and why; empty where all did."""
    bill: Bill
    """What the hosts that stay cost altogether."""
    first_hour: Bill
    """What the hour after the tasks have ended costs."""

    @property
    def usd_per_hour(self) -> float | None:
        """What stays costs altogether; None where a part is not known."""
        return self.bill.usd_per_hour

    @property
    def usd_first_hour(self) -> float | None:
        """The hour after the tasks have ended, altogether."""
        return self.first_hour.usd_per_hour

    def estimates(self) -> dict[str, Estimate]:
        """What was measured, by name."""
        hosts = {"hosts_before": self.hosts_before, "hosts": self.hosts}
        return {**hosts, **self.times, "moved": self.moved, "ready": self.ready}

    def flat(self) -> dict[str, Any]:
        """One line of a table, without its prices: runs are the same at every price."""
        data: dict[str, Any] = {"platform": self.platform}
        return data | {name: estimate.value for name, estimate in self.estimates().items()}

    def json(self) -> dict[str, Any]:
        """Plain data; a time that there is not is absent, with the reason beside it."""
        prices = {"usd_per_hour": self.usd_per_hour, "usd_first_hour": self.usd_first_hour}
        data = self.flat() | {name: usd for name, usd in prices.items() if usd is not None}
        reason = self.lacking or NONE_GOES
        data |= {f"{name}_refused": reason for name in SHARES if name not in self.times}
        known = {name: e for name, e in self.estimates().items() if e.low is not None}
        data["bill"] = self.bill.json()
        data["intervals"] = {name: [e.low, e.high] for name, e in known.items()}
        return data


@dataclass(frozen=True, slots=True)
class ScaleInAnswer:
    """Rows, and what was asked."""

    service: Service
    instance: str
    begin: int
    to: int
    rows: list[ScaleInRow]
    kept: Results

    def results(self) -> Results:
        """Runs, hosts over time (0 s is the end of the tasks) and the table."""
        return self.kept

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        return [row.json() for row in self.rows]

    def hosts_over_time(self) -> pd.DataFrame:
        """One row a change: `variant` (the platform), `run`, `time_s` (the end is 0), `hosts`."""
        samples = self.kept.samples.astype({"used": int}).rename(columns={"used": "hosts"})
        return samples[["variant", "run", "time_s", "hosts"]]

    def table(self) -> pd.DataFrame:
        """One row a platform, without the intervals."""
        return table(self.rows)

    def sentence(self) -> str:
        """When the last host that goes has gone, and what stays."""
        rows = [row for row in self.rows if row.times]
        rows.sort(key=lambda row: row.times["t100_s"].value)
        parts = [
            f"{row.platform} {row.times['t100_s'].value:.0f} s "
            f"({row.hosts_before.value:.0f} to {row.hosts.value:.0f} hosts)"
            for row in rows
        ]
        gone = f"the last surplus host is gone after: {', '.join(parts)}" if parts else ""
        stay = [row.platform for row in self.rows if not (row.times or row.lacking)]
        none = f"no host becomes surplus on {', '.join(stay)}" if stay else ""
        lacking = [f"{row.platform}: {row.lacking}" for row in self.rows if row.lacking]
        said = "; ".join(part for part in (gone, none, *lacking) if part)
        return f"From {self.begin:,} tasks to {self.to:,}, {said}."


def table(rows: Sequence[ScaleInRow]) -> pd.DataFrame:
    """One row a platform, without the intervals."""
    import pandas as pd

    return pd.DataFrame([row.flat() for row in rows])
