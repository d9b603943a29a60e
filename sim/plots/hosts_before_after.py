"""Hosts of today beside the machines that are needed: how full each one is."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.plots.canvas import frame, heading, legend_below, new_figure, rows
from sim.plots.palette import INK, limit_color, platform_name

TITLE = "Hosts before and after"
MOST = 16
"""Hosts of each side that are drawn one by one."""
LIGHT = 0.3


def hosts_before_after(table: pd.DataFrame, *, title: str = TITLE) -> Axes:
    """A row a host, today on the left and packed on the right.

    Each has two bars, vCPU above memory: pale what is reserved, full what is used.

    Args:
        table: one row a host and resource: `when` (`today` or a platform), `host`, `resource`
            (`vCPU`, `memory`), `reserved` and `used` (fractions of the host).
        title: above the figure.
    """
    sides = list(dict.fromkeys(table["when"]))
    longest = max((table[table["when"] == side]["host"].nunique() for side in sides), default=1)
    figure = new_figure(1.9 + 0.34 * min(longest, MOST))
    heading(figure, title)
    panels = [figure.add_subplot(1, max(1, len(sides)), place + 1) for place in range(len(sides))]
    for ax, side in zip(panels, sides, strict=True):
        _panel(ax, table[table["when"] == side], side)
    if not panels:
        panels = [figure.add_subplot()]
    legend_below(
        panels[0],
        [
            Patch(color=limit_color(resource), alpha=alpha, label=f"{resource} {words}")
            for resource in ("vCPU", "memory")
            for words, alpha in (("used", 1.0), ("given", LIGHT))
        ],
    )
    return panels[0]


def _panel(ax: Axes, table: pd.DataFrame, side: str) -> None:
    names = list(dict.fromkeys(table["host"]))
    shown = names[:MOST]
    more = f" (the first {MOST})" if len(names) > MOST else ""
    what = "today" if side == "today" else platform_name(side)
    of = "what its VMs have" if (table["reserved"] == 1.0).all() else "each host"
    frame(ax, title="")
    ax.set_title(f"{what}, {len(names)} hosts{more}", loc="left", fontsize=10, color=INK)
    ax.set_xlabel(f"% of {of}", fontsize=9.5)
    rows(ax, shown)
    for resource, offset in (("vCPU", -0.19), ("memory", 0.19)):
        some = table[table["resource"] == resource].set_index("host").reindex(shown)
        color, places = limit_color(resource), [place + offset for place in range(len(shown))]
        ax.barh(places, 100.0 * some["reserved"], height=0.34, color=color, alpha=LIGHT)
        ax.barh(places, 100.0 * some["used"], height=0.34, color=color)
    ax.set_xlim(0.0, max(100.0, 104.0 * float(table["reserved"].max())))
