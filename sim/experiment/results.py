"""Results: tidy tables in memory, and the same on disk."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.core.description import as_json
from sim.experiment import estimate as estimates
from sim.experiment import steady
from sim.experiment.scenario import Scenario
from sim.experiment.tables import run_row, samples_table, spans_table

if TYPE_CHECKING:
    import pandas as pd

    from sim.core.recorder import Recorder

TIMES = ("time_to_running_s", "time_to_ready_s")
TABLES = ("runs", "spans", "samples")


@dataclass(slots=True, repr=False)
class Results:
    """What a set of runs gave.

    Attributes:
        runs: one row a replication.
        spans: one row a phase of a start.
        samples: one row a reading of a host's meters.
        summary: the answer as a table.
        scenario: what was run, as plain JSON.
        manifest: run id, seed, version, and where and when it ran.
    """

    runs: pd.DataFrame
    spans: pd.DataFrame
    samples: pd.DataFrame
    summary: pd.DataFrame
    scenario: dict[str, Any]
    manifest: dict[str, Any]

    def __repr__(self) -> str:
        name = f"{self.manifest['scenario']}/{self.run_id}"
        return f"Results({name!r}, {len(self.runs)} runs, {len(self.spans)} spans)"

    @property
    def run_id(self) -> str:
        """Fingerprint of scenario, seed, catalogue and version; no clock in it."""
        return str(self.manifest["run_id"])

    def sentence(self) -> str:
        """What became of the starts, in one sentence."""
        counts = self.runs[["tasks", "ready", "refused", "killed", "censored"]].sum()
        lost = [f"{counts[c]} {c}" for c in ("refused", "killed", "censored") if counts[c]]
        ready = f"{counts['ready']} of {counts['tasks']} starts became ready"
        tail = f" ({', '.join(lost)})" if lost else ""
        if "p50_s" not in self.summary:
            return f"{ready}{tail}."
        totals = self.summary[self.summary["phase"] == "total"]
        shown = ", ".join(
            f"{seconds:.1f} s on {variant}"
            for variant, seconds in zip(totals["variant"], totals["p50_s"], strict=True)
        )
        return f"{ready}{tail}; in the median after {shown}."

    def json(self) -> list[dict[str, Any]]:
        """The summary as plain data; what was refused is absent."""
        return [
            {str(key): value for key, value in row.items() if value == value}  # noqa: PLR0124
            for row in self.summary.to_dict("records")
        ]

    def starts(self) -> pd.DataFrame:
        """One row a start that became ready: `time_to_running_s`, `time_to_ready_s`."""
        tiling = self.tiling()
        keys = ["variant", "run", "task"]
        ready = tiling[tiling["phase"] == "app"].set_index(keys)
        begin = tiling.groupby(keys, sort=False)["start_s"].min().loc[ready.index]
        table = ready[["host"]].copy()
        table["time_to_running_s"] = ready["start_s"] - begin
        table["time_to_ready_s"] = ready["end_s"] - begin
        return table.reset_index()

    def tiling(self) -> pd.DataFrame:
        """Spans that tile their start, of starts that became ready."""
        spans = self.spans[self.spans["parent"] == ""]
        keys = ["variant", "run", "task"]
        done = spans[(spans["phase"] == "app") & (spans["outcome"] == "done")][keys]
        return spans.merge(done, on=keys, how="inner")

    def estimate(
        self, metric: str, *, quantile: float | None = None, variant: str | None = None
    ) -> estimates.Estimate:
        """Mean of a metric over replications, or a quantile of it over starts.

        Args:
            metric: a column of `starts()` or a numeric one of `runs`.
            quantile: None: the mean.
            variant: None: the only one there is.

        Raises:
            ValueError: no such metric or variant, or too small a sample.
        """
        table = self.starts() if metric in TIMES else self.runs
        numeric = self.runs.iloc[:, 2:].select_dtypes("number").columns
        metrics = [*TIMES, *numeric]
        if metric not in metrics:
            raise ValueError(f"metric: {metric!r} is not known; known: {', '.join(metrics)}")
        name = self._variant(variant)
        table = table[table["variant"] == name]
        if metric in TIMES:
            self._refuse_censored(metric, name)
        if quantile is None:
            return estimates.mean(metric, table.groupby("run")[metric].mean())
        values = table.set_index("run")[metric]
        return estimates.quantile_over_runs(f"{metric} p{100 * quantile:g}", values, quantile)

    def steady(self, metric: str, *, variant: str | None = None) -> steady.Steady:
        """Mean of the steady state; the warm-up of every replication is deleted (MSER-5).

        Args:
            metric: a column of `starts()`, or a resource of `samples`, such as `cpu`.
            variant: None: the only one there is.

        Raises:
            ValueError: no such metric or variant, or the runs are too short.
        """
        name = self._variant(variant)
        if metric in TIMES:
            self._refuse_censored(metric, name)
        return steady.steady_mean(metric, steady.series(self, metric, name))

    def save(self, out: str | os.PathLike[str] = "results") -> Path:
        """Write everything to `out/<scenario>/<run id>/`, whole or not at all.

        Returns:
            The folder.
        """
        home = Path(out) / str(self.manifest["scenario"])
        home.mkdir(parents=True, exist_ok=True)
        folder = home / self.run_id
        draft = Path(tempfile.mkdtemp(prefix=".writing-", dir=home))
        try:
            self._write(draft)
            if folder.exists():
                shutil.rmtree(folder)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        (home / "latest").write_text(self.run_id + "\n", encoding="utf-8")
        return folder

    def _write(self, folder: Path) -> None:
        folder.chmod(0o755)
        for name in TABLES:
            (folder / name).mkdir()
            getattr(self, name).to_parquet(folder / name / "part-00000.parquet", index=False)
        self.summary.to_csv(folder / "summary.csv", index=False, lineterminator="\n")
        text = json.dumps({**self.manifest, "description": self.scenario}, indent=2)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")

    def _refuse_censored(self, metric: str, variant: str) -> None:
        """Starts cut off by the end of the run would be missing among the slow ones."""
        runs = self.runs[self.runs["variant"] == variant]
        open_ = int(runs["censored"].sum())
        if open_:
            raise ValueError(
                f"{metric}: {open_} of {int(runs['tasks'].sum())} starts were still open when the "
                f"run ended (censored); run longer (until)"
            )

    def _variant(self, variant: str | None) -> str:
        known = list(self.runs["variant"].unique())
        if variant is None and len(known) == 1:
            return str(known[0])
        if variant is None or variant not in known:
            raise ValueError(f"variant: {variant!r} is not known; one of {', '.join(known)}")
        return variant


def load(path: str | os.PathLike[str]) -> Results:
    """Results from disk.

    Args:
        path: a run's folder; a scenario's folder (its latest run); or a run id under `results/`.

    Raises:
        FileNotFoundError: there are none.
    """
    import pandas as pd

    folder = _find(Path(path))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = {name: pd.read_parquet(folder / name) for name in TABLES}
    summary = pd.read_csv(folder / "summary.csv", keep_default_na=False, na_values=[""])
    scenario = manifest.pop("description")
    return Results(summary=summary, scenario=scenario, manifest=manifest, **tables)


def gather(
    name: str,
    scenarios: Mapping[str, Scenario],
    records: Sequence[tuple[str, int, Recorder]],
    *,
    seed: int,
    catalogue: str,
) -> Results:
    """Results from the records of all runs."""
    import pandas as pd

    described = {variant: json.loads(as_json(s)) for variant, s in scenarios.items()}
    spans = pd.concat([spans_table(r, v, n) for v, n, r in records], ignore_index=True)
    samples = pd.concat([samples_table(r, v, n) for v, n, r in records], ignore_index=True)
    results = Results(
        runs=pd.DataFrame([run_row(r, v, n) for v, n, r in records]),
        spans=spans,
        samples=samples,
        summary=pd.DataFrame(),
        scenario=described,
        manifest=manifest(name, described, seed=seed, catalogue=catalogue),
    )
    results.summary = summarize(results)
    return results


def summarize(results: Results) -> pd.DataFrame:
    """Phases of the median and the p95 start of each variant, as far as the sample supports."""
    import pandas as pd

    rows: list[dict[str, object]] = []
    tiling = results.tiling()
    for variant, spans in tiling.groupby("variant", sort=False):
        n = len(spans[["run", "task"]].drop_duplicates())
        columns = {
            f"p{round(100 * q)}_s": estimates.phase_table(spans, q)
            for q in (0.5, 0.95)
            if n >= estimates.needed(q)
        }
        for phase in next(iter(columns.values()), {}):
            values = {column: phases[phase] for column, phases in columns.items()}
            rows.append({"variant": variant, "phase": phase, **values, "n": n})
    return pd.DataFrame(rows)


def manifest(
    name: str, described: Mapping[str, Any], *, seed: int, catalogue: str
) -> dict[str, Any]:
    """Who, what, where and when; the run id is of the first four only."""
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
    text = "\n".join([canonical, str(seed), catalogue, version("berthsim")])
    return {
        "scenario": name,
        "run_id": hashlib.sha256(text.encode()).hexdigest()[:10],
        "seed": seed,
        "catalogue": catalogue,
        "version": version("berthsim"),
        "python": platform.python_version(),
        "host": platform.node(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _find(path: Path) -> Path:
    candidates = [path, *Path("results").glob(f"*/{path.name}")]
    for candidate in candidates:
        if (candidate / "manifest.json").is_file():
            return candidate
        if (candidate / "latest").is_file():
            return candidate / (candidate / "latest").read_text(encoding="utf-8").strip()
    raise FileNotFoundError(
        f"results: {str(path)!r} is neither a run's folder, nor a scenario's, nor a run id"
    )
