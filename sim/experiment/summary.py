"""The answer as a table: phases of typical starts, or a row a point of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.frames import phase_table
from sim.experiment.statistics import estimate as estimates

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.results import Results

OUTCOMES = ("ready", "refused", "killed", "censored")
COLUMNS = ("variant", "phase", "p50_s", "p95_s", "n")
"""Of a summary without a row: no start became ready, or too few did for a median."""


def sentence(results: Results) -> str:
    """What became of the starts, and after how long."""
    return f"{outcomes(results.runs)}{_after(results.summary)}."


def outcomes(runs: pd.DataFrame) -> str:
    """How many starts became ready, and what became of the others."""
    counts = runs[["tasks", *OUTCOMES]].sum()
    lost = [f"{counts[c]} {c}" for c in OUTCOMES[1:] if counts[c]]
    tail = f" ({', '.join(lost)})" if lost else ""
    return f"{counts['ready']} of {counts['tasks']} starts became ready{tail}"


def _after(summary: pd.DataFrame) -> str:
    """When: in the median of each variant, or at the quickest and the slowest point."""
    if summary.empty:
        return ""
    if "p50_s" in summary:
        totals = summary[summary["phase"] == "total"]
        pairs = zip(totals["variant"], totals["p50_s"], strict=True)
        shown = ", ".join(f"{seconds:.1f} s on {variant}" for variant, seconds in pairs)
        return f"; in the median after {shown}"
    if "time_to_ready_s" not in summary or summary["time_to_ready_s"].isna().all():
        return ""
    times = summary.set_index("variant")["time_to_ready_s"]
    return (
        f"; in the mean after {times.min():.1f} s at {times.idxmin()}, "
        f"after {times.max():.1f} s at {times.idxmax()}"
    )


def summarize(results: Results) -> pd.DataFrame:
    """Phases of the median and the p95 start of each variant, as far as the sample supports."""
    import pandas as pd

    rows: list[dict[str, object]] = []
    tiling = results.tiling()
    for variant, spans in tiling.groupby("variant", sort=False):
        n = len(spans[["run", "task"]].drop_duplicates())
        columns = {
            f"p{round(100 * q)}_s": phase_table(spans, q)
            for q in (0.5, 0.95)
            if n >= estimates.needed(q)
        }
        for phase in next(iter(columns.values()), {}):
            values = {column: phases[phase] for column, phases in columns.items()}
            rows.append({"variant": variant, "phase": phase, **values, "n": n})
    return pd.DataFrame(rows) if rows else empty_summary()


def empty_summary() -> pd.DataFrame:
    """The columns, and no row."""
    import pandas as pd

    return pd.DataFrame(columns=list(COLUMNS))


def read_summary(path: Path) -> pd.DataFrame:
    """A summary from disk; runs of earlier versions have a blank file where nothing was ready."""
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:
        return empty_summary()


def summarize_points(results: Results) -> pd.DataFrame:
    """One row a point: its parameters, outcomes per run, and mean time to ready with interval.

    The interval is the 95 % t interval over replications; it is absent where starts were cut off
    by the end of the run, or none became ready.
    """
    import pandas as pd

    rows = []
    for variant, runs in results.runs.groupby("variant", sort=False):
        row = {"replications": len(runs), **runs[list(OUTCOMES)].mean().to_dict()}
        times = runs["time_to_ready_s"].dropna()
        if len(times) and not runs["censored"].any():
            found = estimates.mean("time_to_ready_s", times)
            row |= {"time_to_ready_s": found.value, "low_s": found.low, "high_s": found.high}
        rows.append({"variant": variant, **row})
    return results.points.merge(pd.DataFrame(rows), on="variant")
