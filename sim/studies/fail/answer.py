"""The answer to *what happens when something dies*: a row a platform, and its runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.core.cited import Cited
from sim.core.names import listed
from sim.core.quantity import shown_duration
from sim.experiment import Results
from sim.experiment.statistics.estimate import Estimate
from sim.studies import platforms
from sim.studies.fail.question import FailQuestion
from sim.workload.fault import PLANNED

if TYPE_CHECKING:
    import pandas as pd

GROUPS = 3
"""Losses of different sizes that a sentence names one by one."""
WHAT = {
    "process": "a process ends",
    "host": "a host dies",
    "zone": "a zone goes down",
    "drain": "a host is drained",
    "update": "all tasks are replaced by new ones",
}


@dataclass(frozen=True, slots=True)
class FailRow:
    """One platform; times are seconds since the fault, means over the runs."""

    platform: str
    host: str
    """What one host is."""
    tasks: int
    """Tasks that ran before."""
    lost: int
    noticed: Estimate | None = None
    """When the platform knew; None: it never did."""
    replaced: Estimate | None = None
    """When the last lost task was begun again."""
    serving: Estimate | None = None
    """When the last of them served again, in the balancer's rotation."""
    errors: Estimate | None = None
    """Until when requests went to what was dead; None: nobody took it out."""
    parts: dict[str, float] = field(default_factory=dict)
    """Mean parts of the time to serving of the last task; they sum to it."""
    by: str = ""
    """What replaces a lost task, in words."""
    refused: dict[str, str] = field(default_factory=dict)
    """By key of the JSON, why a time is not given."""

    @property
    def share(self) -> float:
        """Share of the capacity that is gone at first."""
        return self.lost / self.tasks if self.tasks else 0.0

    def times(self) -> dict[str, Estimate]:
        """The times that there are, by their keys."""
        every = {
            "noticed_s": self.noticed,
            "replaced_s": self.replaced,
            "serving_s": self.serving,
            "errors_s": self.errors,
        }
        return {key: time for key, time in every.items() if time is not None}

    def flat(self) -> dict[str, Any]:
        """One line of a table; a time that there is not is absent."""
        times = {key: time.value for key, time in self.times().items()}
        return {"platform": self.platform, "lost": self.lost, **times}

    def json(self) -> dict[str, Any]:
        """Plain data; a time that there is not is absent, with the reason under `refused`."""
        data = self.flat() | {"tasks": self.tasks, "parts_s": self.parts}
        return data | ({"refused": self.refused} if self.refused else {})


@dataclass(frozen=True, slots=True)
class FailAnswer:
    """Rows, and what was asked."""

    question: FailQuestion
    rows: list[FailRow]
    unfit: dict[str, str]
    """By platform, why it does not hold the tasks."""
    assumed: dict[str, Cited]
    """Assumed clocks that the answer rests on, by key."""
    capacity: pd.DataFrame
    """One row a change: `platform`, `run`, `time_s` (the fault is 0), `serving` (tasks), and
    `tasks`, which served before."""
    results: Results
    advice: str = ""

    def json(self) -> dict[str, Any]:
        """Plain data, a row a platform."""
        left_out = {"unfit": self.unfit} if self.unfit else {}
        return {"platforms": [row.json() for row in self.rows], **left_out}

    def assumed_line(self) -> str:
        """The clocks that nobody publishes, in one line."""
        if not self.assumed:
            return "None of its clocks is assumed."
        shown = "; ".join(f"{key} {cited.shown()}" for key, cited in self.assumed.items())
        return f"Assumed, because nobody publishes it: {shown}."

    def table(self) -> pd.DataFrame:
        """One row a platform."""
        return table(self.rows)

    def parts(self) -> pd.DataFrame:
        """One row a part of the time until all serve again: `platform`, `part`, `seconds`."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"platform": row.platform, "part": part, "seconds": seconds}
                for row in self.rows
                for part, seconds in row.parts.items()
            ],
            columns=["platform", "part", "seconds"],
        )

    def sentence(self) -> str:
        """What is gone, and when all of it serves again."""
        if not self.rows:
            return "No platform can hold these tasks."
        lost = self._lost()
        return (
            f"When {WHAT[self.question.kill]}, {lost}. {self._again()}" if lost else self._again()
        )

    def _lost(self) -> str:
        """What is gone, or missing at a time; who replaces nothing as planned misses nothing."""
        planned = self.question.kill in PLANNED
        by_loss: dict[tuple[int, int], list[FailRow]] = {}
        for row in self.rows:
            if row.serving is not None or not planned:
                by_loss.setdefault((row.lost, row.tasks), []).append(row)
        if len(by_loss) > GROUPS and not planned:
            return "; ".join(_by_sharing(self.rows))
        parts = []
        for (lost, of), rows in sorted(by_loss.items()):
            where = "everywhere" if len(by_loss) == 1 and len(rows) > 2 else phrases(rows)
            if planned:
                missing = f"at most {_counted(lost, of)}" if lost else "no task is"
                parts.append(f"{missing} missing at a time {where}")
            else:
                share = 100.0 * lost / max(1, of)
                parts.append(f"{_counted(lost, of)} gone {where} ({share:.3g}%)")
        return "; ".join(parts)

    def _again(self) -> str:
        timed = [(row.serving.value, row) for row in self.rows if row.serving is not None]
        timed.sort(key=lambda pair: pair[0])
        never = [row for row in self.rows if row.serving is None]
        parts = []
        if timed:
            (first, quick), (last, slow) = timed[0], timed[-1]
            again = "It is done" if self.question.kill in PLANNED else "All tasks serve again"
            parts.append(f"{again} after {_seconds(first)} {phrases([quick])}")
            if slow is not quick:
                between = "" if len(timed) == 2 else "; slowest"
                parts[0] += f"{between or ' and'} after {_seconds(last)} {phrases([slow])}"
        if never:
            them = "tasks as planned" if self.question.kill in PLANNED else "them"
            parts.append(f"Nobody replaces {them} {phrases(never, 'or')}")
        return ". ".join(parts) + "."


def _by_sharing(rows: Sequence[FailRow]) -> Iterator[str]:
    """What is gone by who shares a host with whom: the smallest and the largest loss of each."""
    some = [row for row in rows if row.lost < row.tasks]
    whole = [row for row in rows if row.lost == row.tasks]
    alone = [row for row in some if platforms.row(row.platform).own_host]
    beside = [row for row in some if row not in alone]
    for those, where in (
        (alone, "where each task has a host of its own"),
        (beside, "where tasks share hosts"),
        (whole, phrases(whole, "or") if whole else ""),
    ):
        if those:
            low, high = min(those, key=_lost), max(those, key=_lost)
            least = f"{low.lost} to " if low.lost < high.lost else ""
            yield f"{least}{_counted(high.lost, high.tasks)} gone {where}"


def _lost(row: FailRow) -> int:
    return row.lost


def _counted(lost: int, of: int) -> str:
    """`1 of 40 tasks is`, `all 40 tasks are`."""
    if lost == of:
        return "the only task is" if of == 1 else f"all {of} tasks are"
    return f"{lost} of {of} tasks {'is' if lost == 1 else 'are'}"


def _seconds(value: float) -> str:
    return shown_duration(value, decimals=0 if value >= 10.0 else 1)


def table(rows: Sequence[FailRow]) -> pd.DataFrame:
    """One row a platform."""
    import pandas as pd

    return pd.DataFrame([row.flat() for row in rows])


def phrases(rows: Sequence[FailRow], last: str = "and") -> str:
    """Where: `on ECS, on EKS and in Docker`."""
    return listed([platforms.row(row.platform).phrase for row in rows], last)
