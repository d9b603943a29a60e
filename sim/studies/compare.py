"""Two runs against each other: how their inputs differ, and what that did to every metric."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.core.quantity import shown_change
from sim.experiment import Results, load
from sim.experiment.diff import Differs, differences
from sim.experiment.frames import outcomes
from sim.experiment.statistics.paired import Comparison, Difference, compare_results

if TYPE_CHECKING:
    import pandas as pd

ALSO = ("seed", "catalogue", "version")
"""Inputs that stand in the manifest beside the description."""
FROM = {"catalogue": 10}
"""Characters of a fingerprint that are shown."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, and the variants of it that are compared."""

    results: Results
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One variant of A and one of B, compared."""

    name: str
    differs: tuple[Differs, ...]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """The answer: a pair of variants each, and the runs they come from."""

    a: str
    b: str
    differs: tuple[Differs, ...]
    """Inputs of the whole runs that differ."""
    pairs: tuple[Pair, ...]
    none_ready: tuple[str, ...] = ()
    """What became of the starts of each run in which none became ready."""

    @property
    def names(self) -> tuple[str, str]:
        """A and B by what a person called them: the scenarios, else the variants, else the runs."""
        scenarios, variants = zip(*(_called(side) for side in (self.a, self.b)), strict=True)
        for first, second in (scenarios, variants):
            if first and second and first != second:
                return first, second
        return self.a, self.b

    def differences(self) -> list[Difference]:
        """The differences of all pairs; a variant is named where there are several."""
        several = len(self.pairs) > 1
        return [
            replace(each, variant=pair.name if several else "")
            for pair in self.pairs
            for each in pair.comparison.differences
        ]

    def sentence(self) -> str:
        """What changed most, in one sentence."""
        if self.a == self.b:
            return (
                f"A and B are the same run, {self.a}: compare it with another one, as sim compare "
                "RUN_A RUN_B, or two variants of it, as RUN:variant."
            )
        clear = [d for d in self.differences() if d.beyond_chance and d.metric == "time_to_ready_s"]
        if not clear and self.none_ready:
            return f"No time to ready can be compared. {'. '.join(dict.fromkeys(self.none_ready))}."
        if not clear:
            a, b = self.names
            return f"{b} against {a}: no clear difference in the mean time to ready."
        largest = max(clear, key=lambda d: abs(d.estimate.value))
        where = f"{largest.variant}: " if largest.variant else ""
        word = "sooner" if largest.estimate.value < 0.0 else "later"
        size = abs(largest.estimate.value)
        a, b = self.names
        ends = [abs(x) for x in (largest.estimate.low, largest.estimate.high) if x is not None]
        return (
            f"{where}{b} is ready {size:.2f} s {word} on average than {a} "
            f"({min(ends):.2f} to {max(ends):.2f} s, 95%)."
        )

    def table(self) -> pd.DataFrame:
        """What the forest plot takes: label, value, low and high in units of A, and in words."""
        import pandas as pd

        columns = ["label", "value", "low", "high", "text"]
        return pd.DataFrame([_row(each) for each in self.differences()], columns=columns)

    def json(self) -> dict[str, Any]:
        """Plain data; `none_ready` is there where a run has no start that became ready."""
        data: dict[str, Any] = {
            "a": self.a,
            "b": self.b,
            "inputs": [differs._asdict() for differs in self.differs],
            "pairs": [_pair_json(pair) for pair in self.pairs],
        }
        return {**data, "none_ready": list(self.none_ready)} if self.none_ready else data


def two_runs(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> TwoRuns:
    """B against A.

    Args:
        a: a run as `sim.load` takes it; `:variant` behind it picks one of a comparison.
        b: as `a`.

    Raises:
        FileNotFoundError: there is no such run.
        ValueError: no variant is in both, or a run holds no replications of starts (`density`,
            `lifecycle`), or there is nothing to compare.
    """
    first, second = _chosen("RUN_A", str(a)), _chosen("RUN_B", str(b))
    pairs = [
        _pair(first.results, second.results, one, other) for one, other in _variants(first, second)
    ]
    manifests = first.results.manifest, second.results.manifest
    also = [
        Differs(name, *(str(manifest[name])[: FROM.get(name)] for manifest in manifests))
        for name in ALSO
        if manifests[0][name] != manifests[1][name]
    ]
    none_ready = tuple(outcome for side in (first, second) if (outcome := _none_ready(side)))
    return TwoRuns(_name(first), _name(second), tuple(also), tuple(pairs), none_ready)


def _chosen(field: str, text: str) -> Chosen:
    if not text.strip():
        raise ValueError(f"{field}: nothing is there; a run's folder, a scenario's, or a run id")
    path, colon, variant = text.rpartition(":")
    results = load(path if colon else text)
    known = tuple(str(name) for name in results.runs["variant"].unique())
    if not known or any(variant not in results.scenario for variant in known):
        raise ValueError(
            f"{field}: {results.name} holds no replications of starts; runs of sim run, sweep, "
            f"startup and scale can be compared"
        )
    if colon and variant not in known:
        raise ValueError(f"{field}: {variant!r} is no variant of {path}; known: {', '.join(known)}")
    return Chosen(results, (variant,) if colon else known)


def _none_ready(chosen: Chosen) -> str:
    """What became of the starts of a run in which none became ready; empty where one did."""
    runs = chosen.results.runs
    mine = runs[runs["variant"].isin(chosen.variants)]
    if mine["ready"].any():
        return ""
    why = "; ".join(dict.fromkeys(filter(None, mine["reasons"])))
    reasons = f"; in a run: {why}" if why else ""
    return f"{_name(chosen)}: {outcomes(mine)}{reasons}"


def _variants(a: Chosen, b: Chosen) -> Iterator[tuple[str, str]]:
    """The same name on both sides; or the only one of either side."""
    if len(a.variants) == len(b.variants) == 1:
        yield a.variants[0], b.variants[0]
        return
    common = [name for name in a.variants if name in b.variants]
    if not common:
        raise ValueError(
            f"variants: A has {', '.join(a.variants)}; B has {', '.join(b.variants)}; "
            f"pick one of each with RUN:variant"
        )
    yield from ((name, name) for name in common)


def _pair(a: Results, b: Results, one: str, other: str) -> Pair:
    differs = tuple(differences(a.scenario[one], b.scenario[other]))
    name = one if one == other else f"{one} - {other}"
    return Pair(name, differs, compare_results(a, b, one, other))


def _name(chosen: Chosen) -> str:
    manifest = chosen.results.manifest
    name = f"{manifest['scenario']}/{manifest['run_id']}"
    alone = chosen.variants[0] if len(chosen.variants) == 1 else manifest["scenario"]
    return name if alone == manifest["scenario"] else f"{name}:{alone}"


def _called(side: str) -> tuple[str, str]:
    """The scenario of a run and, where one was picked, the variant: of `startup/1a2b:ecs-warm`."""
    scenario, _, rest = side.partition("/")
    return scenario, rest.partition(":")[2]


def _pair_json(pair: Pair) -> dict[str, Any]:
    comparison = pair.comparison
    data: dict[str, Any] = {
        "variant": pair.name,
        "inputs": [differs._asdict() for differs in pair.differs],
        "paired": not comparison.why_not_paired,
        "differences": [difference.json() for difference in comparison.differences],
        "same": list(comparison.same),
    }
    if comparison.why_not_paired:
        data["not_paired_because"] = comparison.why_not_paired
    if comparison.refused:
        data["refused"] = dict(comparison.refused)
    return data


def _row(difference: Difference) -> dict[str, Any]:
    words = difference.metric.replace("_s_p95", "_p95").removesuffix("_s").replace("_", " ")
    label = f"{difference.variant}: {words}" if difference.variant else words
    low, high = difference.estimate.low, difference.estimate.high
    row: dict[str, Any] = {"label": label, "text": interval(difference)}
    if difference.relative is None or low is None or high is None:
        return {**row, "value": float("nan"), "low": float("nan"), "high": float("nan")}
    scale = abs(difference.a)
    return {**row, "value": difference.relative, "low": low / scale, "high": high / scale}


def interval(difference: Difference) -> str:
    """A difference with its interval, such as `-15.2 s (-16.5 to -13.9)`."""
    unit = " s" if difference.metric.startswith("time_to_") else ""
    low, high = difference.estimate.low, difference.estimate.high
    reach = "" if low is None or high is None else f" ({shown_change(low)} to {shown_change(high)})"
    return f"{shown_change(difference.estimate.value)}{unit}{reach}"


def folder_name(answer: TwoRuns) -> Path:
    """Where the picture goes, below `--out`: the two run ids, whatever they are runs of."""
    sides = [side.partition("/")[2].replace(":", "-") for side in (answer.a, answer.b)]
    return Path("compare") / "-".join(sides)
