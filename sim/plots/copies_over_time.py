"""An autoscaler at work: the rate that is asked for and answered, and copies, over time."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.plots.canvas import axes, frame, legend_below
from sim.plots.lines import stripe
from sim.plots.palette import FAINT, INK, series_color

TITLE = "Copies while the rate changes"


def copies_over_time(samples: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """Ready copies of each service that grew, and the rate, of the first run.

    Args:
        samples: `run`, `host` (the service, or `users`), `resource` (`copies` or `rate`),
            `time_s`, `used` (ready; answered a second), `capacity` (asked for; made a second).
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 4.2)
    frame(ax, title=title, grid="y")
    first = samples[samples["run"] == samples["run"].min()]
    begin = float(first["time_s"].min())
    copies = first[first["resource"] == "copies"]
    asked = copies.groupby("host", sort=False)["capacity"]
    grew = [name for name, mine in asked if mine.min() < mine.max()]
    lines = []
    for number, name in enumerate(grew or list(dict.fromkeys(copies["host"]))[:1]):
        mine = copies[copies["host"] == name]
        seconds = mine["time_s"] - begin
        (line,) = ax.step(
            seconds,
            mine["used"],
            where="post",
            color=series_color(number + 1),
            linewidth=2.0,
            label=str(name),
        )
        ax.step(
            seconds,
            mine["capacity"],
            where="post",
            color=series_color(number + 1),
            linewidth=0.9,
            linestyle=":",
        )
        lines.append(line)
    ax.set_ylim(bottom=0.0)
    ax.set_xlim(left=0.0)
    stripe(ax, lines)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("seconds")
    ax.set_ylabel("copies ready (dotted: asked for)")
    rates = first[first["resource"] == "rate"]
    right = ax.twinx()
    right.spines[["top"]].set_visible(False)
    right.tick_params(colors=FAINT, labelsize=9.5)
    right.set_ylabel("requests per second", color=FAINT)
    (answered,) = right.plot(
        rates["time_s"] - begin,
        rates["used"],
        color=FAINT,
        linewidth=1.0,
        label="answered a second",
    )
    (made,) = right.plot(
        rates["time_s"] - begin,
        rates["capacity"],
        color=INK,
        linewidth=1.0,
        linestyle=(0, (4, 2)),
        label="asked for a second",
    )
    right.set_ylim(bottom=0.0)
    legend_below(ax, [*lines, answered, made])
    return ax
