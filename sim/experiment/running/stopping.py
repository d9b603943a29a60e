"""How many replications: a number, or as many as an interval needs to become narrow.

The decision is made in the order of replication numbers, so it does not depend on how many
workers there are nor on which of them is quick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol

from sim.core.names import shown

if TYPE_CHECKING:
    from sim.experiment.running.run import RunRow


class RunningMean:
    """Mean, and sum of squares about it; B. P. Welford, Technometrics 4 (1962) 419."""

    def __init__(self) -> None:
        self.n, self.value, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        step = value - self.value
        self.value += step / self.n
        self.squares += step * (value - self.value)

    def half_width(self, confidence: float) -> float:
        if self.n < 2:
            return math.inf
        from scipy.special import stdtrit

        error = math.sqrt(self.squares / (self.n - 1) / self.n)
        return float(stdtrit(self.n - 1, 0.5 + confidence / 2.0)) * error


class Target(Protocol):
    """Decides how many replications are needed."""

    needed: int
    """Replications that are needed as far as is known; grows until it is decided."""

    def saw(self, row: RunRow) -> None:
        """A replication has been made; in any order."""
        ...

    def report(self) -> dict[str, Any]:
        """Entries for the manifest."""
        ...


class Number:
    """A fixed number of replications."""

    def __init__(self, times: int) -> None:
        self.needed = times

    def saw(self, row: RunRow) -> None:
        """Do nothing: the number is fixed."""

    def report(self) -> dict[str, Any]:
        """Report nothing beside the number itself."""
        return {}


@dataclass(frozen=True)
class RelativeHalfWidth:
    """Replicate until the t interval of a mean is narrow, and stays so.

    Args:
        target: half-width of the interval over the absolute mean, such as 0.05.
        metric: a numeric column of `runs`.
        confidence: of the interval.
        least: replications before the first check.
        most: replications after which to stop in any case.
        ahead: further replications for which the target must still be met, so that an interval
            that is narrow by chance does not end the run; above 100 replications that many in
            every hundred. K. Hoad, S. Robinson, R. Davies, "Automated selection of the number of
            replications for a discrete-event simulation", J. Oper. Res. Soc. 61 (2010) 1632-1644,
            where it is kLimit and 5 is recommended.

    Raises:
        ValueError: a value is out of range.
    """

    target: float = 0.05
    _: KW_ONLY
    metric: str = "time_to_ready_s"
    confidence: float = 0.95
    least: int = 10
    most: int = 1000
    ahead: int = 5

    def __post_init__(self) -> None:
        for field in ("target", "confidence", "least", "most", "ahead"):
            if not isinstance(value := getattr(self, field), Real):
                raise ValueError(f"{field}: {shown(value)} is not allowed; a number")
        if not isinstance(self.metric, str):
            raise ValueError(f"metric: {shown(self.metric)} is not allowed; a column of runs")
        allowed = {
            "target": (0.0 < self.target < 1.0, "above 0 and below 1"),
            "confidence": (0.0 < self.confidence < 1.0, "above 0 and below 1"),
            "least": (self.least >= 2, "at least 2"),
            "most": (self.most >= self.least, f"at least {self.least} (least)"),
            "ahead": (self.ahead >= 0, "at least 0"),
        }
        for field, (good, words) in allowed.items():
            if not good:
                raise ValueError(f"{field}: {shown(getattr(self, field))} is not allowed; {words}")

    def checks_after(self, n: int) -> int:
        """For how many further replications it must hold, once it holds at n."""
        return self.ahead if n <= 100 else self.ahead * n // 100


class Sequential:
    """The rule at work on several variants: all of them must meet it at once."""

    def __init__(self, rule: RelativeHalfWidth, variants: Sequence[str]) -> None:
        self.rule = rule
        self.means = {variant: RunningMean() for variant in variants}
        self.waiting: dict[int, dict[str, float]] = {}
        self.n = 0
        self.since: int | None = None
        """The first of the latest unbroken row of replications at which the target was met."""
        self.decided = False
        self.needed = self._earliest_end(rule.least)

    @property
    def reached(self) -> bool:
        """Whether the target is met now, by every variant."""
        return all(self._width(mean) <= self.rule.target for mean in self.means.values())

    def saw(self, row: RunRow) -> None:
        """Take a replication's metric, and go on as far as the numbers are complete."""
        number, variant = row["run"], row["variant"]
        if self.decided or variant not in self.means:
            return
        self.waiting.setdefault(number, {})[variant] = self._metric(row)
        while not self.decided and len(self.waiting.get(self.n, ())) == len(self.means):
            for name, value in self.waiting.pop(self.n).items():
                self.means[name].add(value)
            self.n += 1
            self._decide()

    def report(self) -> dict[str, Any]:
        """Rule, replications, and how narrow the intervals are."""
        widths = {variant: self._width(mean) for variant, mean in self.means.items()}
        return {
            "metric": self.rule.metric,
            "target": self.rule.target,
            "confidence": self.rule.confidence,
            "reached": self.reached,
            "relative_half_width": {v: w for v, w in widths.items() if math.isfinite(w)},
        }

    def _decide(self) -> None:
        if self.n < self.rule.least:
            return
        if not self.reached:
            self.since = None
        elif self.since is None:
            self.since = self.n
        held = self.since is not None and self.n >= self._earliest_end(self.since)
        self.decided = held or self.n >= self.rule.most
        self.needed = self.n if self.decided else self._earliest_end(self.since or self.n + 1)

    def _earliest_end(self, since: int) -> int:
        return min(self.rule.most, since + self.rule.checks_after(since))

    def _width(self, mean: RunningMean) -> float:
        half = mean.half_width(self.rule.confidence)
        if not half:
            return 0.0
        return half / abs(mean.value) if mean.value else math.inf

    def _metric(self, row: RunRow) -> float:
        metric, run = self.rule.metric, f"run {row['run']} of {row['variant']}"
        value = row.get(metric)
        if metric.startswith("time_to_") and row["censored"]:
            raise ValueError(
                f"{metric}: {row['censored']} starts of {run} were still open when it ended "
                f"(censored); run longer (until)"
            )
        if value is None or not isinstance(value, int | float) or math.isnan(value):
            known = ", ".join(k for k, v in row.items() if isinstance(v, int | float) and v == v)  # noqa: PLR0124
            raise ValueError(f"metric: {run} has no {metric!r}; it has {known}")
        return float(value)
