"""Tidy frames from tidy frames: starts, tiling phases, the phases of a typical start, summaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.experiment.statistics.estimate import mean, needed
from sim.experiment.statistics.estimate import quantile as quantile_of

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("variant", "run", "task")
COLUMNS_OF_TILES = ("run", "task", "phase", "start_s", "end_s")
COLUMNS_OF_PHASES = ("variant", *COLUMNS_OF_TILES, "outcome")
COLUMNS_OF_STARTS = (*COLUMNS_OF_PHASES, "host")
OUTCOMES = ("ready", "refused", "killed", "censored")
SUMMARY = ("variant", "phase", "p50_s", "p95_s", "n")
"""Columns of a summary without rows: no start became ready, or too few did for a median."""


def tiling(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans that tile their start, of starts that became ready."""
    tiles = spans[spans["parent"] == ""]
    start, _ = _numbered(tiles)
    ready = ((tiles["phase"] == "app") & (tiles["outcome"] == "done")).to_numpy()
    return tiles[np.isin(start, start[ready])].reset_index(drop=True)


def starts(spans: pd.DataFrame) -> pd.DataFrame:
    """One row a start that became ready: `time_to_running_s`, `time_to_ready_s`.

    Args:
        spans: all spans, or only those that tile their start.
    """
    tiles = tiling(spans)
    start, several = _numbered(tiles)
    begin = np.full(several, math.inf)
    np.minimum.at(begin, start, tiles["start_s"].to_numpy())
    last = (tiles["phase"] == "app").to_numpy()
    ready = tiles[last]
    table = ready[[*KEYS, "host"]].reset_index(drop=True)
    table["time_to_running_s"] = ready["start_s"].to_numpy() - begin[start[last]]
    table["time_to_ready_s"] = ready["end_s"].to_numpy() - begin[start[last]]
    return table


def _numbered(tiles: pd.DataFrame) -> tuple[NDArray[np.int64], int]:
    """The number of the start that each tile is of, in order of appearance; how many there are."""
    import pandas as pd

    code = np.zeros(len(tiles), dtype=np.int64)
    for key in KEYS:
        if key in tiles.columns:
            number, values = pd.factorize(tiles[key])
            code = code * len(values) + number
    start, known = pd.factorize(code)
    return start, len(known)


def lengths(tiles: pd.DataFrame) -> pd.DataFrame:
    """Seconds of each phase (columns, in order of time), one row a start.

    A start may have several tiles of one phase, such as the pulls of a pod's containers: they are
    summed.

    Args:
        tiles: spans that tile their start, of starts that became ready: `run`, `task`, `phase`,
            `start_s`, `end_s` (s), and `variant` where there are several.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in COLUMNS_OF_TILES if name not in tiles.columns]
    if missing:
        raise ValueError(
            f"spans: it has no {', '.join(missing)}; a row a phase is needed: Results.tiling()"
        )
    import pandas as pd

    keys = [key for key in KEYS if key in tiles.columns]
    row, several = _numbered(tiles)  # in order of appearance, as all here is
    firsts = np.zeros(several, dtype=np.int64)
    firsts[row[::-1]] = np.arange(len(tiles))[::-1]
    column, phases = pd.factorize(tiles["phase"])
    wide = np.zeros((several, len(phases)))
    np.add.at(wide, (row, column), (tiles["end_s"] - tiles["start_s"]).to_numpy())
    return pd.DataFrame(
        wide,
        index=pd.MultiIndex.from_frame(tiles[keys].iloc[firsts]),
        columns=pd.Index(phases.astype(str), name="phase"),
    )


def phases_around(wide: pd.DataFrame, quantile: float) -> pd.Series[float]:
    """Mean phases, in s, of the starts within a percentile of a quantile, or of the nearest start.

    Percentiles of parts never sum to that of the whole; these phases sum to their row. Tables and
    figures follow this one rule.

    Args:
        wide: `lengths`.
        quantile: of the total; above 0 and below 1.

    Raises:
        TooFew: there are too few starts for that quantile.
    """
    total = wide.sum(axis=1)
    middle = quantile_of(total, quantile)
    low, high = np.quantile(total, [max(0.0, quantile - 0.01), min(1.0, quantile + 0.01)])
    around = wide[(total >= low) & (total <= high)] if len(total) >= 100 else wide.iloc[:0]
    if around.empty:
        around = wide.loc[[(total - middle).abs().idxmin()]]
    return around.mean()


def phase_table(tiles: pd.DataFrame, quantile: float) -> dict[str, float]:
    """The phases around a quantile, in s, with `running` (all but `app`) and `total`, their sums.

    Args:
        tiles: as of `lengths`.
        quantile: of the total; above 0 and below 1.

    Raises:
        TooFew: there are too few starts for that quantile.
    """
    return _with_sums(phases_around(lengths(tiles), quantile))


def _with_sums(around: pd.Series[float]) -> dict[str, float]:
    phases = {str(phase): float(value) for phase, value in around.items()}
    phases["running"] = math.fsum(value for phase, value in phases.items() if phase != "app")
    phases["total"] = phases["running"] + phases.get("app", 0.0)
    return phases


def outcomes(runs: pd.DataFrame) -> str:
    """How many starts became ready, and what became of the others."""
    counts = runs[["tasks", *OUTCOMES]].sum()
    lost = [f"{counts[c]} {c}" for c in OUTCOMES[1:] if counts[c]]
    tail = f" ({', '.join(lost)})" if lost else ""
    if not lost and counts["tasks"] > 1:
        return f"All {counts['tasks']} starts became ready"
    return f"{counts['ready']} of {counts['tasks']} starts became ready{tail}"


def when_ready(summary: pd.DataFrame) -> str:
    """When starts became ready: in the median of each variant, or at the extreme points.

    Args:
        summary: `summarize`, or `summarize_points`.
    """
    if summary.empty:
        return ""
    if "p50_s" in summary:
        totals = summary[summary["phase"] == "total"]
        pairs = list(zip(totals["variant"], totals["p50_s"], strict=True))
        if len(pairs) == 1:  # its name is that of the run
            return f"; median {pairs[0][1]:.1f} s"
        shown = ", ".join(f"{seconds:.1f} s on {variant}" for variant, seconds in pairs)
        return f"; median {shown}"
    if "time_to_ready_s" not in summary or summary["time_to_ready_s"].isna().all():
        return ""
    times = summary.set_index("variant")["time_to_ready_s"]
    if times.min() == times.max():
        return f"; {times.min():.1f} s on average at every point"
    return (
        f"; {times.min():.1f} s on average at {times.idxmin()}, "
        f"{times.max():.1f} s at {times.idxmax()}"
    )


def summarize(tiles: pd.DataFrame) -> pd.DataFrame:
    """Phases of the median and the p95 start of each variant, as far as the sample supports."""
    import pandas as pd

    rows: list[dict[str, object]] = []
    for variant, own in tiles.groupby("variant", sort=False):
        wide = lengths(own)
        columns = {
            f"p{round(100 * q)}_s": _with_sums(phases_around(wide, q))
            for q in (0.5, 0.95)
            if len(wide) >= needed(q)
        }
        for phase in next(iter(columns.values()), {}):
            values = {column: phases[phase] for column, phases in columns.items()}
            rows.append({"variant": variant, "phase": phase, **values, "n": len(wide)})
    return pd.DataFrame(rows) if rows else empty_summary()


def empty_summary() -> pd.DataFrame:
    """The columns, and no row."""
    import pandas as pd

    return pd.DataFrame(columns=list(SUMMARY))


def summarize_points(runs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """One row a point: its parameters, outcomes per run, and mean time to ready with interval.

    The interval is the 95% t interval over replications; it is absent where starts were cut off
    by the end of the run, or none became ready.
    """
    import pandas as pd

    rows = []
    for variant, own in runs.groupby("variant", sort=False):
        row = {"replications": len(own), **own[list(OUTCOMES)].mean().to_dict()}
        times = own["time_to_ready_s"].dropna()
        if len(times) and not own["censored"].any():
            estimate = mean("time_to_ready_s", times)
            row |= {
                "time_to_ready_s": estimate.value,
                "low_s": estimate.low,
                "high_s": estimate.high,
            }
        rows.append({"variant": variant, **row})
    table = points.merge(pd.DataFrame(rows), on="variant")
    ends = [name for name in ("low_s", "high_s") if name in table]
    return table.astype(dict.fromkeys(ends, float))  # one replication has no interval: NaN


def in_codes(spans: pd.DataFrame) -> pd.DataFrame:
    """The same with words as categories, in the order of the alphabet."""
    words = [name for name in spans if spans[name].dtype not in ("int32", "int64", "float64")]
    coded = spans.astype(dict.fromkeys(words, "category"))
    return coded.assign(**{str(name): _alphabetical(coded[name]) for name in words})


def _alphabetical(words: pd.Series[str]) -> pd.Categorical:
    """Categories that are in use, in order: found by counting, for pandas would sort all rows."""
    import pandas as pd

    codes, known = words.cat.codes.to_numpy(), words.cat.categories
    used = np.flatnonzero(np.bincount(codes, minlength=len(known)))
    order = used[known[used].argsort()]
    place = np.zeros(len(known), dtype=codes.dtype)
    place[order] = np.arange(len(order))
    return pd.Categorical.from_codes(place[codes], pd.Index([*known[order]]))
