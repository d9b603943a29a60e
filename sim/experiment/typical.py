"""The typical start: phases around a quantile of the total, which sum to that total."""

import math

import numpy as np
import pandas as pd

KEYS = ("variant", "run", "task")
NEEDED = ("run", "task", "phase", "start_s", "end_s")


def lengths(spans: pd.DataFrame) -> pd.DataFrame:
    """Seconds of each phase (columns, in order of time), one row a start.

    Args:
        spans: spans that tile their start, of starts that became ready: `run`, `task`, `phase`,
            `start_s`, `end_s` (s), and `variant` where there are several.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in NEEDED if name not in spans.columns]
    if missing:
        raise ValueError(
            f"spans: it has no {', '.join(missing)}; a row a phase is needed: Results.tiling()"
        )
    keys = [key for key in KEYS if key in spans.columns]
    long = spans.assign(length=spans["end_s"] - spans["start_s"], phase=spans["phase"].astype(str))
    wide = long.pivot_table(index=keys, columns="phase", values="length", aggfunc="sum", sort=False)
    return wide.fillna(0.0)


def typical(wide: pd.DataFrame, quantile: float) -> "pd.Series[float] | None":
    """Mean phases, in s, of the starts within a percentile of a quantile, or of the nearest start.

    Percentiles of parts never sum to that of the whole; these phases sum to their row. It is the
    rule by which the tables are made.

    Args:
        wide: `lengths`.
        quantile: of the total.

    Returns:
        Seconds by phase; None where the sample does not support it, with n (1 - q) below 1.
    """
    if len(wide) < needed(quantile):
        return None
    total = wide.sum(axis=1)
    middle = float(np.quantile(total, quantile, method="inverted_cdf"))
    low, high = np.quantile(total, [max(0.0, quantile - 0.01), min(1.0, quantile + 0.01)])
    around = wide[(total >= low) & (total <= high)] if len(total) >= 100 else wide.iloc[:0]
    if around.empty:
        around = wide.loc[[(total - middle).abs().idxmin()]]
    return around.mean()


def needed(quantile: float) -> int:
    """Starts from which a quantile is given."""
    return math.ceil(round(1.0 / min(quantile, 1.0 - quantile), 9))
