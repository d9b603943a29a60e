"""A part of a phase, such as the waits between two tries of a pull, made a phase of its own."""

import pandas as pd

from sim.experiment.frames import KEYS


def split_phase(tiling: pd.DataFrame, spans: pd.DataFrame, part: str) -> pd.DataFrame:
    """`tiling` with `part` cut out of the phase it belongs to, and put before what is left.

    Args:
        tiling: spans that tile their start, as `Results.tiling` gives them.
        spans: all spans, with their `parent`; those of `part` do not overlap within a start.
        part: name of the phase within a phase.
    """
    starts = tiling[list(KEYS)].drop_duplicates()
    inner = spans[spans["phase"] == part].merge(starts)
    if inner.empty:
        return tiling
    length = inner.assign(cut=inner["end_s"] - inner["start_s"], phase=inner["parent"])
    keys = [*KEYS, "phase"]
    left = tiling.merge(length.groupby(keys, as_index=False)["cut"].sum(), how="left", on=keys)
    left["start_s"] += left.pop("cut").fillna(0.0)
    order = list(dict.fromkeys(left["phase"]))
    order.insert(order.index(inner["parent"].iloc[0]), part)
    both = pd.concat([left, inner.assign(parent="")], ignore_index=True)
    return both.sort_values("phase", key=lambda phase: phase.map(order.index), kind="stable")
