"""Mean time to ready over one swept parameter, a line for each value of another one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D

from sim.plots.canvas import axes, frame, legend_below
from sim.plots.lines import stripe
from sim.plots.palette import series_color

TITLE = "Time to ready over {x}"


def sweep_lines(
    summary: pd.DataFrame, x: str, by: str | None = None, ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """Means with their 95% intervals, in order of `x`; lines where it is a number.

    Args:
        summary: of a sweep, one row a point: `time_to_ready_s`, `low_s`, `high_s` (s).
        x: the parameter along the axis: numbers, or words in their order.
        by: a line for each of its values; None: one line.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 4.0)
    frame(ax, title=title or TITLE.format(x=x), grid="y")
    places, is_number = _places(summary[x]), pd.api.types.is_numeric_dtype(summary[x])
    words = summary.assign(_by="" if by is None else summary[by].astype(str))
    lines: list[Line2D | ErrorbarContainer] = []
    for place, (name, group) in enumerate(words.groupby("_by", sort=False)):
        shift = 0.0 if is_number else _beside(place, words["_by"].nunique())
        rows = group.assign(_x=group[x].map(places) + shift).sort_values("_x")
        label = f"{by} = {name}" if by else ""
        draw = _line if is_number else _points
        lines.append(draw(ax, rows, label, series_color(place)))
    if not is_number:
        _name_places(ax, [str(value) for value in places])
    _from_zero(ax, summary)
    ax.set_xlabel(x)
    ax.set_ylabel("seconds, mean and 95% interval")
    if by is not None:
        legend_below(ax, lines)
    stripe(ax, [line for line in lines if isinstance(line, Line2D)])  # after its legend
    return ax


def _line(ax: Axes, rows: pd.DataFrame, name: str, color: str) -> Line2D:
    (line,) = ax.plot(rows["_x"], rows["time_to_ready_s"], "o-", color=color, ms=4, label=name)
    if _have_intervals(rows):
        ax.fill_between(rows["_x"], rows["low_s"], rows["high_s"], color=color, alpha=0.18, lw=0)
    return line


def _points(ax: Axes, rows: pd.DataFrame, name: str, color: str) -> ErrorbarContainer:
    """Points and their intervals; between two words there is nothing to draw a line through."""
    mean = rows["time_to_ready_s"]
    reach = [mean - rows["low_s"], rows["high_s"] - mean] if _have_intervals(rows) else None
    return ax.errorbar(
        rows["_x"], mean, yerr=reach, fmt="o", color=color, ms=5, capsize=4, lw=1.5, label=name
    )


def _have_intervals(rows: pd.DataFrame) -> bool:
    """One replication has none."""
    return {"low_s", "high_s"} <= set(rows) and bool(rows[["low_s", "high_s"]].notna().any().all())


def _beside(place: int, many: int) -> float:
    """How far aside the points of one of many groups stand, so that none covers another."""
    return (place - (many - 1) / 2.0) * min(0.1, 0.6 / many)


def _name_places(ax: Axes, names: list[str]) -> None:
    """Words below the axis, slanted where there is no room beside one another."""
    slanted = sum(map(len, names)) > 80
    ax.set_xticks(range(len(names)), names)
    if slanted:
        ax.tick_params(axis="x", rotation=30)
    ax.set_xlim(-0.5, len(names) - 0.5)


def _from_zero(ax: Axes, summary: pd.DataFrame) -> None:
    """Seconds from 0 to a little above the highest interval."""
    columns = [name for name in ("time_to_ready_s", "high_s") if name in summary]
    highest = float(np.nanmax(summary[columns].to_numpy(dtype=float), initial=0.0))
    ax.set_ylim(0.0, 1.06 * highest if highest > 0.0 else 1.0)


def _places(values: "pd.Series[float]") -> dict[object, float]:
    """Where each value stands on the axis."""
    known = list(dict.fromkeys(values))
    if pd.api.types.is_numeric_dtype(values):
        return {value: float(value) for value in known}
    return {value: float(place) for place, value in enumerate(known)}
