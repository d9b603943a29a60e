"""What became of the faults of a scenario, in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.experiment import Results
from sim.platforms.deployment import RECOVERY
from sim.platforms.recovery.recovering import LOST, PARTS

if TYPE_CHECKING:
    import pandas as pd


def told(results: Results) -> list[str]:
    """One sentence for each time at which something was lost; means over the runs."""
    spans = results.spans[results.spans["parent"] == RECOVERY]
    runs = len(results.runs)
    lost = spans[spans["phase"] == LOST]
    times: list[float] = lost["start_s"].tolist()
    return [_fault(at, times.count(at), spans, runs) for at in sorted(set(times))]


def _fault(at: float, lost: int, spans: pd.DataFrame, runs: int) -> str:
    """When all that was lost at a time served again, as far as it did."""
    keys = ["variant", "run", "task"]
    since = spans[(spans["phase"] == PARTS[0]) & (spans["start_s"] == at)]
    back = spans[spans["phase"] == PARTS[-1]].merge(since[keys], on=keys)
    each = lost / runs
    what = f"At {at:g} s {each:g} {'task is' if each == 1.0 else 'tasks are'} lost"
    if len(back) < lost:
        some = f"{len(back) / runs:g} of them serve again" if len(back) else "none serves again"
        return f"{what}; {some}."
    after = back.groupby(["variant", "run"], observed=True)["end_s"].max().mean() - at
    return f"{what}; all serve again {after:.0f} s later."
