"""An autoscaler at work: the rate that is asked for and answered, and copies, over time."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
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
    copies, rates = (first[first["resource"] == name] for name in ("copies", "rate"))
    begin = float(first["time_s"].min())
    lines = _copies(ax, copies, begin)
    ax.set_ylim(bottom=0.0)
    ax.set_xlim(left=0.0)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("seconds")
    ax.set_ylabel("copies ready (dotted: asked for)")
    legend_below(ax, [*lines, *_rates(ax, rates, begin)])
    stripe(ax, lines)  # after the legend, whose lines are short: a stripe could be a gap there
    return ax


def _copies(ax: Axes, copies: pd.DataFrame, begin: float) -> list[Line2D]:
    """A step line for each service that grew, with what was asked for dotted; the former."""
    asked = copies.groupby("host", sort=False)["capacity"]
    grew = [name for name, mine in asked if mine.min() < mine.max()]
    lines = []
    for number, name in enumerate(grew or list(dict.fromkeys(copies["host"]))[:1]):
        mine, color = copies[copies["host"] == name], series_color(number + 1)
        seconds = mine["time_s"] - begin
        lines += ax.step(
            seconds, mine["used"], where="post", color=color, linewidth=2.0, label=str(name)
        )
        ax.step(seconds, mine["capacity"], where="post", color=color, linewidth=0.9, linestyle=":")
    return lines


def _rates(ax: Axes, rates: pd.DataFrame, begin: float) -> list[Line2D]:
    """What is answered and what is asked for, on an axis of their own at the right."""
    right = ax.twinx()
    right.spines[["top"]].set_visible(False)
    right.tick_params(colors=FAINT, labelsize=9.5)
    right.set_ylabel("requests per second", color=FAINT)
    seconds = rates["time_s"] - begin
    answered = right.plot(
        seconds, rates["used"], color=FAINT, linewidth=1.0, label="answered a second"
    )
    made = right.plot(
        seconds,
        rates["capacity"],
        color=INK,
        linewidth=1.0,
        linestyle=(0, (4, 2)),
        label="asked for a second",
    )
    right.set_ylim(bottom=0.0)
    return [*answered, *made]
