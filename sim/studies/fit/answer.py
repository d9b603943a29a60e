"""What the records of one's own starts tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.statistics.estimate import needed
from sim.studies.fit.estimates.held_out import Judged
from sim.studies.fit.estimates.phases import FEW, FittedPhase
from sim.studies.fit.estimates.pull_line import PullLine
from sim.studies.fit.estimates.triangle import Corner
from sim.studies.fit.figures import key_of, was
from sim.studies.fit.groups import PlatformStarts
from sim.studies.fit.question import FitQuestion
from sim.studies.fit.sizes import RuledSize

if TYPE_CHECKING:
    import pandas as pd


class WholeStart(NamedTuple):
    """All phases of a start together, as they were measured."""

    n: int
    p50_s: float
    p90_s: float | None
    """None: fewer than ten."""
    longest_s: float


@dataclass(frozen=True, slots=True)
class FittedGroup:
    """One platform."""

    group: PlatformStarts
    phases: tuple[FittedPhase, ...]
    judged: Judged
    notes: tuple[str, ...]
    corners: tuple[Corner, ...] = ()
    """Reality beside simulations of the last starts; none of too few."""
    line: PullLine | None = None
    """Pulls over the bytes of their images, where these are told."""

    @property
    def whole(self) -> WholeStart | None:
        """From created to ready, of the starts that tell both."""
        told = [start.ready.seconds for start in self.group.starts if start.ready is not None]
        if not told:
            return None
        p90 = np.quantile(told, 0.9, method="inverted_cdf") if len(told) >= needed(0.9) else None
        middle = float(np.median(told))
        return WholeStart(len(told), middle, None if p90 is None else float(p90), max(told))


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """Figures of one's own, what they were before, and how far off they are."""

    question: FitQuestion
    groups: tuple[FittedGroup, ...]
    """That with most starts first."""
    sizes: tuple[RuledSize, ...]
    left_out: Mapping[str, int]
    """Records that are not used, by reason."""
    notes: tuple[str, ...]

    @property
    def starts(self) -> int:
        """That were used."""
        return sum(len(each.group.starts) for each in self.groups)

    def named(self) -> Iterator[tuple[FittedGroup, FittedPhase, str]]:
        """Every phase with its name, in which the platform stands where there are several."""
        for each in self.groups:
            for phase in each.phases:
                yield each, phase, f"{self.before(each)}{phase.phase}"

    def before(self, each: FittedGroup) -> str:
        """What stands before a name: the platform, where there are several."""
        return f"{each.group.where} " if len(self.groups) > 1 else ""

    def table(self) -> pd.DataFrame:
        """One row a phase: n, median with its 95% interval, spread, and what it was before."""
        import pandas as pd

        rows = []
        for each, phase, name in self.named():
            key = key_of(each.group.where, phase.phase)
            before = was(key)
            rows.append(
                {
                    "phase": name,
                    "n": phase.n,
                    "median_s": phase.median_s,
                    "low_s": phase.low_s,
                    "high_s": phase.high_s,
                    "spread": phase.spread,
                    "was": "" if before is None else before.shown(),
                    "figure": key,
                }
            )
        numbers = ("median_s", "low_s", "high_s", "spread")
        return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float))

    def measured(self) -> pd.DataFrame:
        """One row a start and phase: seconds, and between which two lengths it lies."""
        import pandas as pd

        rows = [
            {"phase": name, "seconds": spell.seconds, "low_s": spell.low, "high_s": spell.high}
            for _, phase, name in self.named()
            for spell in phase.spells
        ]
        return pd.DataFrame(rows)

    def fitted(self, points: int = 200) -> pd.DataFrame:
        """Points of the distribution of each phase."""
        import pandas as pd

        shares = (np.arange(points) + 0.5) / points
        frames = [
            pd.DataFrame({"phase": name, "seconds": phase.points(points), "share": shares})
            for _, phase, name in self.named()
            if phase.fit is not None
        ]
        return pd.concat(frames) if frames else pd.DataFrame(columns=["phase", "seconds", "share"])

    def held_out(self) -> pd.DataFrame:
        """One row a quantile of the starts that nothing was fitted to."""
        import pandas as pd

        return pd.DataFrame(list(self._held_out()))

    def json(self) -> dict[str, object]:
        """Plain data; what was refused is absent, and `refused` says why."""
        data: dict[str, object] = {
            "phases": [_phase(name, phase) for _, phase, name in self.named()],
            "held_out": list(self._held_out()),
            "left_out": dict(self.left_out),
        }
        wholes = {each.group.where: each.whole for each in self.groups}
        data["whole_start"] = {
            where: _known(whole._asdict()) for where, whole in wholes.items() if whole is not None
        }
        data["triangle"] = [corner._asdict() for each in self.groups[:1] for corner in each.corners]
        data["pull_line"] = {
            each.group.where: _known(each.line._asdict()) for each in self.groups if each.line
        }
        data["sizes"] = [_size(size) for size in self.sizes]
        return data | ({"refused": refused} if (refused := self.refused()) else {})

    def _held_out(self) -> Iterator[dict[str, object]]:
        for each in self.groups:
            for row in each.judged.rows:
                yield {
                    "phase": f"{self.before(each)}{row.phase}",
                    "n": row.n,
                    "quantile": row.quantile,
                    "measured_s": row.measured_s,
                    "predicted_s": row.predicted_s,
                    "verdict": row.verdict,
                }

    def refused(self) -> dict[str, str]:
        """What the records do not support, and why."""
        found = {}
        for each in self.groups:
            if each.judged.of < FEW and each.judged.rows:
                found["verdict"] = f"{each.judged.of} starts: a verdict needs {FEW}"
            elif not each.judged.rows:
                found["held_out"] = each.judged.reason or "no phase is told in both parts"
        for _, phase, name in self.named():
            if phase.low_s is None:
                found[f"{name}.interval"] = f"{phase.n} starts are too few for an interval"
        return found


def _phase(name: str, phase: FittedPhase) -> dict[str, object]:
    return _known(
        {
            "phase": name,
            "n": phase.n,
            "median_s": phase.median_s,
            "low_s": phase.low_s,
            "high_s": phase.high_s,
            "spread": phase.spread,
        }
    )


def _size(size: RuledSize) -> dict[str, object]:
    return _known(
        {
            "name": size.name,
            "n": size.n,
            "memory_bytes": size.memory_bytes,
            "cpu_vcpu": size.cpu_vcpu,
            "memory_p50_bytes": size.memory.p50,
            "memory_p95_bytes": size.memory.p95,
            "memory_peak_bytes": size.memory.peak or size.memory.instant,
            "cpu_p50_vcpu": size.cpu.p50,
            "cpu_p95_vcpu": size.cpu.p95,
            "cpu_peak_vcpu": size.cpu.peak or size.cpu.instant,
            "rests_on": size.rests_on,
        }
    )


def _known(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if value is not None}
