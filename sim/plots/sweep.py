"""Mean time to ready over one swept parameter, a line for each value of another one."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.plots.canvas import axes, frame, legend_below
from sim.plots.palette import series_color

TITLE = "Time to ready over {x}"


def sweep_lines(
    summary: pd.DataFrame, x: str, by: str | None = None, ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Means with their 95 % intervals, in order of `x`.

    Args:
        summary: of a sweep, one row a point: `time_to_ready_s`, `low_s`, `high_s` (s).
        x: the parameter along the axis: numbers, or words in their order.
        by: a line for each of its values; None: one line.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 4.0)
    frame(ax, title=title or TITLE.format(x=x), grid="y")
    places = _places(summary[x])
    words = summary.assign(_by="" if by is None else summary[by].astype(str))
    lines = []
    for place, (name, group) in enumerate(words.groupby("_by", sort=False)):
        rows = group.assign(_x=group[x].map(places)).sort_values("_x")
        lines.append(_line(ax, rows, f"{by} = {name}" if by else "", series_color(place)))
    if not pd.api.types.is_numeric_dtype(summary[x]):
        ax.set_xticks(range(len(places)), [str(value) for value in places])
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(x)
    ax.set_ylabel("seconds, mean and 95 % interval")
    if by is not None:
        legend_below(ax, lines)
    return ax


def _line(ax: Axes, rows: pd.DataFrame, name: str, color: str) -> Line2D:
    (line,) = ax.plot(rows["_x"], rows["time_to_ready_s"], "o-", color=color, ms=4, label=name)
    if {"low_s", "high_s"} <= set(rows):
        ax.fill_between(rows["_x"], rows["low_s"], rows["high_s"], color=color, alpha=0.18, lw=0)
    return line


def _places(values: "pd.Series[float]") -> dict[object, float]:
    """Where each value stands on the axis."""
    known = list(dict.fromkeys(values))
    if pd.api.types.is_numeric_dtype(values):
        return {value: float(value) for value in known}
    return {value: float(place) for place, value in enumerate(known)}
