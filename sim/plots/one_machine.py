"""Containers against VMs: the same apps on the same machine, its memory and their ready times."""

import pandas as pd
from matplotlib.axes import Axes

from sim.plots.canvas import SMALL, frame, new_figure, rows
from sim.plots.memory_budget import memory_budget
from sim.plots.palette import FAINT, INK, platform_color, platform_name, platform_order
from sim.units import GiB


def one_machine(memory: pd.DataFrame, runs: pd.DataFrame, *, title: str = "") -> Axes:
    """Two pictures in one: above, where the machine's memory goes; below, when each app is ready.

    Args:
        memory: one row an item of a machine: `platform`, `host`, `item`, `bytes`.
        runs: one row a run: `variant` (a platform) and `time_to_ready_s_APP` (s) of each app.
        title: above both; none: what is taken of the memory on each.

    Returns:
        The upper axes; both are in its figure.
    """
    columns = [name for name in runs.columns if name.startswith(READY)]
    middle = runs.groupby("variant")[columns].median()
    middle = middle[middle.min().sort_values().index]
    platforms = platform_order(runs["variant"])
    figure = new_figure(3.1 + 0.55 * len(platforms) + 0.55 * len(columns))
    heights = (1.0 + 0.55 * len(platforms), 0.9 + 0.55 * len(columns))
    above: Axes
    below: Axes
    above, below = figure.subplots(2, 1, height_ratios=heights)
    memory_budget(memory, platforms, above, title=title or _taken(memory))
    frame(below, title="How soon each app is ready")
    rows(below, [str(column).removeprefix(READY) for column in middle])
    for y, column in enumerate(middle):
        _dots(below, y, middle[column], platforms)
    below.set_xlim(0.0, 1.12 * float(middle.max().max()))
    below.set_xlabel("seconds since the request (median)")
    return above


READY = "time_to_ready_s_"


def _taken(memory: pd.DataFrame) -> str:
    """How much of the machine the apps take, with all that comes along."""
    idle = memory["item"].isin(("lost", "free"))
    taken = memory[~idle].groupby("platform")["bytes"].sum()
    parts = [f"{taken[name] / GiB:.1f} GiB {_as(name)}" for name in platform_order(taken.index)]
    return f"The same apps take {', '.join(parts)}"


def _as(name: str) -> str:
    return {"vm": "as VMs", "docker": "as containers"}.get(name, f"on {platform_name(name)}")


def _dots(ax: Axes, y: int, seconds: "pd.Series[float]", platforms: list[str]) -> None:
    """One app: a dot a platform, with its time, on a line from the soonest to the latest."""
    ax.plot([seconds.min(), seconds.max()], [y, y], color=FAINT, linewidth=1.2, zorder=1)
    soonest = str(seconds.idxmin())
    for name in platforms:
        time = float(seconds[name])
        ax.plot([time], [y], "o", color=platform_color(name), markersize=8, zorder=2)
        first = name == soonest
        ax.annotate(
            f"{platform_name(name)} {time:.1f} s",
            (time, y),
            xytext=(0, 9 if first else -9),
            textcoords="offset points",
            ha="left" if first else "right",
            va="bottom" if first else "top",
            fontsize=SMALL,
            color=INK,
        )
