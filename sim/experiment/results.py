"""Results: tidy tables in memory, and the same on disk."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.core.mistakes import a_path, texts_in
from sim.core.names import shown
from sim.core.quantity import number_in
from sim.experiment import frames
from sim.experiment.statistics import estimate as estimates
from sim.experiment.statistics import steady_state as steady
from sim.experiment.storage.finished_runs import LATEST, note_latest, read_summary, save_whole
from sim.experiment.storage.manifest import FILE, Manifest, check_name, read_manifest
from sim.experiment.storage.part_files import Damaged, PartFiles
from sim.experiment.storage.run_tables import RunTables
from sim.experiment.storage.tables import arrow_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TRIES = 5
"""Times that a run is read anew where another process has replaced it meanwhile."""

TIMES = ("time_to_running_s", "time_to_ready_s")


class Unfinished(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A run folder whose runs are not all there."""


class Results:
    """What a set of runs gave.

    Attributes:
        runs: one row a replication.
        summary: the answer as a table.
        scenario: what was run, as plain JSON.
        manifest: run id, seed, version, and where and when it ran.
        folder: where it is on disk; None: only in memory.
    """

    __slots__ = ("_given", "folder", "manifest", "runs", "scenario", "summary")

    def __init__(  # noqa: PLR0917 (the tables, then what they are of)
        self,
        runs: pd.DataFrame,
        spans: pd.DataFrame | RunTables,
        samples: pd.DataFrame | RunTables,
        summary: pd.DataFrame,
        scenario: dict[str, Any],
        manifest: Manifest,
        folder: Path | None = None,
    ) -> None:
        self.runs, self.summary = runs, summary
        self.scenario, self.manifest, self.folder = scenario, manifest, folder
        self._given = {"spans": spans, "samples": samples}
        """Tables, or where they are read from once they are asked for."""

    def __repr__(self) -> str:
        return f"Results({self.name!r}, {len(self.runs)} runs)"

    def __reduce__(self) -> tuple[Any, ...]:
        tables = self.runs, self.spans, self.samples, self.summary
        return Results, (*tables, self.scenario, self.manifest, self.folder)

    @property
    def spans(self) -> pd.DataFrame:
        """One row a phase of a start; where they are many, they are read when asked for first."""
        return self._frame("spans")

    @property
    def samples(self) -> pd.DataFrame:
        """One row a reading of a host's meters; read when asked for first where they are many."""
        return self._frame("samples")

    def _frame(self, table: str) -> pd.DataFrame:
        given = self._given[table]
        if isinstance(given, RunTables):
            given = self._given[table] = given.frame(table)
        return given

    def within(
        self,
        parents: Collection[str],
        columns: Sequence[str] | None = None,
        *,
        coded: bool = False,
    ) -> pd.DataFrame:
        """The spans that are parts of these phases, which may be all that is in memory.

        Args:
            parents: the empty name for those that tile their start.
            columns: these, and `parent`; None: all.
            coded: words as categories, of which rows are picked and told apart as numbers.
        """
        spans = self._given["spans"]
        if isinstance(spans, RunTables):
            found = spans.within(parents, columns, coded=coded)
        else:
            asked = list(spans.columns) if columns is None else [*columns, "parent"]
            found = spans.loc[spans["parent"].isin(parents), asked]
        return frames.in_codes(found) if coded else found

    def _tiles(self, columns: Sequence[str]) -> pd.DataFrame:
        return self.within(("",), columns)

    def _chunks(self, table: str) -> Iterable[pa.Table]:
        """A table as it is written to disk."""
        given = self.runs if table == "runs" else self._given[table]
        return given.chunks(table) if isinstance(given, RunTables) else [arrow_of(given)]

    @property
    def run_id(self) -> str:
        """Fingerprint of scenario, seed, catalogue and version; no clock in it."""
        return str(self.manifest["run_id"])

    @property
    def name(self) -> str:
        """Scenario and run id, as in the folder of results."""
        return f"{self.manifest['scenario']}/{self.run_id}"

    @property
    def points(self) -> pd.DataFrame:
        """Parameters of each variant of a sweep, to be merged with any table."""
        import pandas as pd

        points = self.manifest.get("points", {})
        return pd.DataFrame([{"variant": variant, **point} for variant, point in points.items()])

    def sentence(self) -> str:
        """What became of the starts, in one sentence."""
        return f"{frames.outcomes(self.runs)}{frames.when_ready(self.summary)}."

    def json(self) -> list[dict[str, Any]]:
        """The summary as plain data; what was refused is absent."""
        return [
            {str(key): value for key, value in row.items() if value == value}  # noqa: PLR0124
            for row in self.summary.to_dict("records")
        ]

    def starts(self) -> pd.DataFrame:
        """One row a start that became ready: `time_to_running_s`, `time_to_ready_s`."""
        return frames.starts(self._tiles(frames.COLUMNS_OF_STARTS))

    def tiling(self) -> pd.DataFrame:
        """Spans that tile their start, of starts that became ready."""
        return frames.tiling(self.spans)

    def phases(self) -> pd.DataFrame:
        """Phases of the median and the p95 start of each variant, as far as there are enough."""
        return frames.summarize(frames.tiling(self._tiles(frames.COLUMNS_OF_PHASES)))

    def estimate(
        self, metric: str, *, quantile: float | None = None, variant: str | None = None
    ) -> estimates.Estimate:
        """Mean of a metric over replications, or a quantile of it over starts.

        Args:
            metric: a column of `starts()` or a numeric one of `runs`.
            quantile: above 0 and below 1; None: the mean.
            variant: None: the only one there is.

        Raises:
            ValueError: no such metric or variant, no quantile, or too small a sample.
        """
        if quantile is not None and not 0.0 < (number_in(quantile) or 0.0) < 1.0:
            raise ValueError(f"quantile: {shown(quantile)} is not allowed; above 0 and below 1")
        (metric,) = texts_in("metric", [metric])
        table = self.starts() if metric in TIMES else self.runs
        numeric = self.runs.iloc[:, 2:].select_dtypes("number").columns
        metrics = list(dict.fromkeys([*TIMES, *numeric]))
        if metric not in metrics:
            raise ValueError(f"metric: {shown(metric)} is not known; known: {', '.join(metrics)}")
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
        (metric,) = texts_in("metric", [metric])
        if metric in TIMES:
            self._refuse_censored(metric, name)
        return steady.steady_mean(metric, steady.series(self.starts(), self.samples, metric, name))

    def save(self, out: str | os.PathLike[str] = "results") -> Path:
        """Write everything to `out/<scenario>/<run id>/`, whole or not at all.

        A finished run of more replications that is there already is kept instead.

        Returns:
            The folder.

        Raises:
            BlockingIOError: another process works in that folder.
        """
        home = a_path("out", out) / check_name("scenario", self.manifest["scenario"])
        folder = home / check_name("run_id", self.run_id)
        if self.folder == folder:
            note_latest(folder)
            return folder
        return save_whole(
            home,
            self.manifest,
            self.scenario,
            self._chunks if len(self.runs) else None,
            as_csv(self.summary),
        )

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
        if not isinstance(variant, str) or variant not in known:
            raise ValueError(f"variant: {shown(variant)} is not known; one of {', '.join(known)}")
        return variant


def load(path: str | os.PathLike[str]) -> Results:
    """Results from disk.

    Args:
        path: a run's folder; a scenario's folder (its latest run); or either's name in `results/`.

    Raises:
        FileNotFoundError: there are none.
        Unfinished: not all runs are there.
        ValueError: a file is damaged; it is named.
    """
    if path == "":  # for pathlib it is this folder
        raise FileNotFoundError("results: '' is not allowed; a run's folder, or a run id")
    folder = _find(a_path("results", path))
    manifest, described = read_manifest(folder)
    for _ in range(TRIES):
        try:
            return _loaded(folder, manifest, described)
        except (Damaged, FileNotFoundError):  # or replaced meanwhile by another process
            before = manifest
            manifest, described = read_manifest(folder)
            if manifest == before:
                raise
    return _loaded(folder, manifest, described)


def _loaded(folder: Path, manifest: Manifest, described: dict[str, Any]) -> Results:
    """The finished run of a manifest."""
    parts = PartFiles(folder)
    if not manifest.get("complete", False):
        parts.find()
        kept = sum(part.runs for part in parts.there)
        raise Unfinished(
            f"{folder}: this run is not finished; {kept} runs are kept, and the same command "
            f"goes on from there"
        )
    if "stored" not in manifest:
        raise Unfinished(
            f"{folder}: it was written by an earlier version of berthsim; the same command makes "
            f"its runs again"
        )
    try:
        parts.use(manifest["stored"]["parts"])
        rows = sum(part.rows for part in parts.there)
        tables = RunTables(parts.opened(), rows, described, manifest.get("replications"))
        _check_complete(folder, tables.runs, described, manifest)
        results = _results(tables, described, {k: v for k, v in manifest.items() if k != "stored"})
    except Damaged as error:
        raise Damaged(f"{error}\nthe same command makes these runs again") from None
    results.summary, results.folder = _summary_of(read_summary(folder, manifest)), folder
    return results


def _check_complete(
    folder: Path, runs: pa.Table, described: dict[str, Any], manifest: Manifest
) -> None:
    """Raise `Damaged` unless each variant has each replication."""
    times = int(manifest.get("replications", 0))
    there = set(zip(runs["variant"].to_pylist(), runs["run"].to_pylist(), strict=True))
    missing = [(v, n) for v in described for n in range(times) if (v, n) not in there]
    if missing:
        variant, number = missing[0]
        raise Damaged(
            f"{folder}: {len(missing)} of {times * len(described)} runs are missing, the first of "
            f"them run {number} of {variant}"
        )


def gather(
    tables: RunTables,
    described: dict[str, Any],
    manifest: Manifest,
    summary: Callable[[Results], pd.DataFrame] | None = None,
) -> Results:
    """Results of all runs, whoever has made them.

    Args:
        summary: makes the answer as a table; None: phases of typical starts, or a row a point.
    """
    results = _results(tables, described, manifest)
    if summary is not None:
        results.summary = summary(results)
    elif "points" in manifest:
        results.summary = frames.summarize_points(results.runs, results.points)
    else:
        results.summary = results.phases()
    return results


def as_csv(summary: pd.DataFrame) -> str:
    """A summary as it is written to disk."""
    text: str = summary.to_csv(index=False, lineterminator="\n")
    return text


def _summary_of(text: str) -> pd.DataFrame:
    """A summary from disk, to the last bit; it is blank where nothing was ready."""
    import pandas as pd

    old = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)  # later ones know no other way
    exactly: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
    try:
        found: pd.DataFrame = pd.read_csv(
            io.StringIO(text), keep_default_na=False, na_values=[""], **exactly
        )
    except pd.errors.EmptyDataError:
        return frames.empty_summary()
    return found


def _results(tables: RunTables, described: dict[str, Any], manifest: Manifest) -> Results:
    """In the order of variants and runs; what is large stays where it is until it is asked for."""
    import pandas as pd

    runs = tables.runs.to_pandas()
    results = Results(runs, tables, tables, pd.DataFrame(), described, manifest)
    if not tables.large:
        _ = results.spans, results.samples
    return results


def _find(path: Path) -> Path:
    named = Path("results").glob(f"*/{glob.escape(path.name)}") if path.name else ()
    every = sorted(named, key=lambda at: -at.lstat().st_mtime)
    for candidate in (path, Path("results") / path, *every):
        if candidate.name == LATEST and (candidate / FILE).is_file():
            return candidate.parent / candidate.resolve().name
        if (candidate / FILE).is_file():
            return candidate
        noted = candidate / LATEST
        if noted.is_dir():
            return candidate / noted.resolve().name
        if noted.is_file():
            text = noted.read_text(encoding="utf-8", errors="replace")
            return candidate / check_name(str(noted), text.strip())
    raise FileNotFoundError(
        f"results: {str(path)!r} is neither a run's folder, nor a scenario's, nor a run id"
    )
