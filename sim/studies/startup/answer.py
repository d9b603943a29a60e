"""The answer to *how soon is one ready*: rows, sentence, and whether that is soon enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.core.names import SPOKEN, shown
from sim.core.quantity import parse_seconds
from sim.experiment import Results, Scenario
from sim.experiment.statistics.estimate import needed
from sim.studies import platforms
from sim.studies.influence import Assumed, Explained, assumed_line, assumptions
from sim.studies.platform_row import Temperature
from sim.studies.startup.question import StartupQuestion
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = {"p50_s": 0.50, "p95_s": 0.95}


@dataclass(slots=True)
class StartupRow:
    """One phase of one platform's start."""

    platform: str
    app: str
    image: Temperature
    phase: str
    seconds: dict[str, float]
    """By column, `p50_s` and `p95_s`; a column the sample cannot support is absent."""
    n: int
    refused: int
    killed: int

    def json(self) -> dict[str, Any]:
        """Plain data; a quantile that was refused is absent, with the reason beside it."""
        data: dict[str, Any] = {
            "platform": self.platform,
            "app": self.app,
            "image": self.image,
            "phase": self.phase,
            **self.seconds,
            "n": self.n,
            "refused": self.refused,
            "killed": self.killed,
        }
        for column, q in QUANTILES.items():
            if column not in self.seconds:
                data[f"{column}_refused"] = (
                    f"p{100 * q:g} of {self.n} starts: at least {needed(q)} are needed"
                )
        return data


@dataclass
class StartupAnswer:
    """Rows, the results they come from, and what was asked."""

    question: StartupQuestion
    service: Service
    rows: list[StartupRow]
    results: Results
    hosts: dict[str, str]
    """What each variant runs on."""
    scenarios: Mapping[str, Scenario]
    """What was run, by variant."""
    explained: list[Explained] | None = None
    """The numbers that moved each variant; None where that was not asked for."""
    account: str = ""
    """Which quotas a new account would need raised; none of them is enforced."""
    remarks: tuple[str, ...] = ()
    """What else is to be known of the rows."""

    @property
    def started(self) -> int:
        """Starts that became ready, of all platforms."""
        return int(self.results.runs["ready"].sum())

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data; `total` with the numbers that moved it where that was asked."""
        return [{**row.json(), **self._explain(row)} for row in self.rows]

    def _explain(self, row: StartupRow) -> dict[str, Any]:
        if self.explained is None or row.phase != "total":
            return {}
        variant = f"{row.platform}-{row.image}"
        mine = [e for e in self.explained if e.variant == variant]
        return {"explain": [number for explained in mine for number in explained.json()]}

    def totals(self) -> list[StartupRow]:
        """The row `total` of each platform and image."""
        return [row for row in self.rows if row.phase == "total"]

    def asked(self, row: StartupRow) -> int:
        """Starts that were asked for of a row's platform and image, over all runs."""
        runs = self.results.runs
        return int(runs[runs["variant"] == f"{row.platform}-{row.image}"]["tasks"].sum())

    def shares(self, row: StartupRow) -> list[tuple[StartupRow, float]]:
        """The phases of the start around the median that a row `total` is of, and their shares."""
        total = row.seconds.get("p50_s", 0.0)
        if total == 0.0:
            return []
        mine = [r for r in self.rows if (r.platform, r.image) == (row.platform, row.image)]
        phases = [r for r in mine if r.phase not in ("running", "total")]
        return [(phase, phase.seconds["p50_s"] / total) for phase in phases]

    def running(self, row: StartupRow) -> StartupRow | None:
        """The row `running` beside a row `total`; None where none became ready."""
        beside = (row.platform, row.image, "running")
        return next((r for r in self.rows if (r.platform, r.image, r.phase) == beside), None)

    def sentence(self) -> str:
        """How soon one is ready, fastest first, what takes most of the slowest, and who lacks some.

        Only platforms of which every start became ready are ranked: few that found room are quick.
        """
        totals = self.totals()
        if not any(row.n for row in totals):
            why = sorted(set(self.reasons().values()))
            return f"No start became ready: {'; '.join(why)} (per run)."
        ranked = [row for row in totals if row.n == self.asked(row) and "p50_s" in row.seconds]
        short = [row for row in totals if row.n < self.asked(row)]
        lacking = f" {self._not_all(short)}" if short else ""
        app = totals[0].app
        tasks = (
            f"One {app} task" if self.question.tasks == 1 else f"{self.question.tasks} {app} tasks"
        )
        if not ranked:
            none = len(short) == len(totals)
            few = "no platform started all of them" if none else "too few starts for a median"
            return f"{tasks}: {few}.{lacking}"
        ranked.sort(key=lambda row: row.seconds["p50_s"])
        is_ = "is ready" if self.question.tasks == 1 else "started at once are ready"
        if len(ranked) == 1:
            (only,) = ranked
            took = f"{only.seconds['p50_s']:.1f} s after the request {_where(only)} (median)"
            return f"{tasks} {is_} {took}; {self._mostly(only)}.{lacking}"
        end = self._slowest(ranked[-1])
        if len({row.platform for row in ranked}) == 1:
            end = f"{self._mostly(ranked[-1])}.".replace("that", f"the {ranked[-1].image} start")
        return f"{tasks} {is_} soonest {_soonest(ranked)}. {end}{lacking}"

    def _slowest(self, row: StartupRow) -> str:
        where = _where(row).removeprefix("on ").removeprefix("in ")
        return f"Slowest: {where}, {row.seconds['p50_s']:.1f} s; {self._mostly(row)}."

    def largest(self, row: StartupRow) -> tuple[str, float]:
        """The phase that takes most of a platform's time, and its share of it."""
        phase, share = max(self.shares(row), key=lambda each: each[1])
        return phase.phase, share

    def _mostly(self, row: StartupRow) -> str:
        phase, share = self.largest(row)
        return f"{share:.0%} of that is {SPOKEN.get(phase, phase)}"

    def _not_all(self, rows: Sequence[StartupRow]) -> str:
        """Starts of all runs that became ready, of how many, and what became of the others."""
        parts = []
        for row in rows:
            fates = (("no room for", row.refused), ("killed", row.killed))
            why = ", ".join(f"{fate} {count}" for fate, count in fates if count)
            parts.append(f"{row.n} of {self.asked(row)} {_where(row)}{f', {why}' if why else ''}")
        return f"Not all became ready (starts of all runs): {'; '.join(parts)}."

    @cached_property
    def assumed(self) -> list[Assumed]:
        """Assumed numbers that matter, strongest first; tried when they are first asked for."""
        return assumptions(
            self.scenarios,
            seed=self.question.seed,
            replications=self.question.replications,
            runs=self.results.runs,
            explained=self.explained,
        )

    def assumed_line(self) -> str:
        """The assumed numbers it rests on."""
        return assumed_line(self.assumed)

    def starts(self) -> pd.DataFrame:
        """One row a start that became ready, with its platform and image."""
        table = self.results.starts()
        table[["platform", "image"]] = table["variant"].str.rsplit("-", n=1, expand=True)
        return table

    def reasons(self) -> dict[str, str]:
        """Why starts were refused or killed, by variant."""
        runs = self.results.runs[self.results.runs["reasons"] != ""]
        return dict(zip(runs["variant"], runs["reasons"], strict=True))


def unmet(answer: StartupAnswer, required: str) -> str | None:
    """The sentence that says which phase must shrink, or None where `p95<=30s` and such holds.

    Raises:
        ValueError: the requirement cannot be read, or the sample cannot support it.
    """
    column, target = requirement(required)
    for total in answer.totals():
        if column not in total.seconds:
            raise ValueError(f"require: {total.json()[f'{column}_refused']}")
    late = [row for row in answer.totals() if row.seconds[column] > target]
    if not late:
        return None
    worst = max(late, key=lambda row: row.seconds[column])
    mine = [r for r in answer.rows if (r.platform, r.image) == (worst.platform, worst.image)]
    parts = [row for row in mine if row.phase not in ("running", "total")]
    largest = max(parts, key=lambda row: row.seconds[column])
    value, over = worst.seconds[column], worst.seconds[column] - target
    now = largest.seconds[column]
    left = "" if now >= over else f", which it cannot alone: it takes {now:.1f} s"
    return (
        f"{worst.platform} ({worst.image} image) is ready after {value:.1f} s at {column[:-2]}, "
        f"{over:.1f} s over {required}: {largest.phase} ({now:.1f} s) must shrink by "
        f"{over:.1f} s{left}."
    )


def requirement(text: str) -> tuple[str, float]:
    """Column and target of `p95<=30s`.

    Raises:
        ValueError: it cannot be read.
    """
    column, _, duration = text.replace(" ", "").partition("<=")
    if f"{column}_s" not in QUANTILES or not duration:
        raise ValueError(f"require: {shown(text)} is not allowed; such as p95<=30s or p50<=10s")
    return f"{column}_s", parse_seconds(duration)


def _soonest(ranked: Sequence[StartupRow]) -> str:
    """The quickest with the image there already, and the quickest that pulls it, as medians."""
    here = [row for row in ranked if platforms.row(row.platform).has_image(row.image)]
    coming = [row for row in ranked if row not in here]
    first = (here or coming)[0]
    after = f"{_phrase(first)}: {first.seconds['p50_s']:.1f} s after the request"
    if not (here and coming):
        return f"{after} (median)"
    pulls = coming[0]
    seconds = f"{pulls.seconds['p50_s']:.1f} s"
    same = pulls.platform == first.platform
    return (
        f"{after} with the image already there, "
        f"{seconds if same else f'and {_phrase(pulls)} ({seconds})'} when it is pulled first "
        f"(medians)"
    )


def _phrase(row: StartupRow) -> str:
    return platforms.row(row.platform).phrase


def _where(row: StartupRow) -> str:
    platform = platforms.row(row.platform)
    two_cases = "warm" in platform.startup or row.image == "lazy"
    return f"{platform.phrase} ({row.image} image)" if two_cases else platform.phrase
