"""What virtual machines were given, against what they were seen to use."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from sim.plots.canvas import SMALL, frame, heading, legend_below, new_figure
from sim.plots.palette import FAINT, GRID, PAPER

TITLE = "What was asked for, and what is used"
PANELS = {"vCPU": "vCPU in use (mean)", "memory": "GiB in use (peak)"}
COLORS = {"container": "#E69F00", "instance": "#0072B2"}
WORDS = {"container": "moves as a container", "instance": "stays an instance"}


def asked_and_used(table: pd.DataFrame, *, title: str = TITLE) -> Axes:
    """A point a machine, CPU on the left and memory on the right; on the line all is in use.

    Args:
        table: one row a machine and resource: `resource` (`vCPU`, `memory`), `moves_as`, `asked`
            and `used` (vCPUs or GiB).
        title: above the figure.
    """
    figure = new_figure(4.2)
    heading(figure, title)
    first, second = (figure.add_subplot(1, 2, place) for place in (1, 2))
    for ax, resource in zip((first, second), PANELS, strict=True):
        _panel(ax, table[table["resource"] == resource], resource)
    present = [kind for kind in COLORS if kind in set(table["moves_as"])]
    legend_below(first, [_dot(WORDS[kind], COLORS[kind]) for kind in present])
    return first


def _panel(ax: Axes, table: pd.DataFrame, resource: str) -> None:
    frame(ax, title="", grid="y")
    unit = "vCPU" if resource == "vCPU" else "GiB"
    ax.set_xlabel(f"{unit} given", fontsize=9.5)
    ax.set_ylabel(PANELS[resource], fontsize=9.5)
    if table.empty:
        ax.text(0.5, 0.5, "not known", transform=ax.transAxes, ha="center", color=FAINT)
        return
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    least = max(float(table["used"].min()), 2.0**-7)
    low, high = min(least, float(table["asked"].min())) / 1.5, float(table["asked"].max()) * 1.6
    for step in sorted(table["asked"].unique()):  # sizes that were given
        ax.axvline(step, color=GRID, linewidth=0.8, zorder=0)
    for share, words in ((1.0, "all"), (0.5, "half"), (0.1, "a tenth")):
        ax.plot([low, high], [share * low, share * high], color=FAINT, linewidth=0.8, zorder=1)
        ax.annotate(words, (high, share * high), fontsize=SMALL, color=FAINT, va="center")
    for kind, color in COLORS.items():
        some = table[table["moves_as"] == kind]
        ax.plot(some["asked"], some["used"].clip(lower=least), "o", color=color, markersize=5,
                alpha=0.7, markeredgecolor=PAPER, markeredgewidth=0.5)  # fmt: skip
    ax.set_xlim(float(table["asked"].min()) / 1.5, high)
    ax.set_ylim(low, high)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        axis.set_minor_locator(NullLocator())


def _dot(label: str, color: str) -> Line2D:
    return Line2D([], [], linestyle="", marker="o", color=color, label=label)
