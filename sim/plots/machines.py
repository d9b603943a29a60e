"""An application on its machines: what each service takes of their CPU and memory."""

import pandas as pd
from matplotlib.axes import Axes

from sim.plots.canvas import SMALL, fits, frame, heading, legend_below, new_figure, rows
from sim.plots.palette import FAINT, PAPER, ink_on, series_color

TITLE = "What is on each machine"
SHOWN = {"vCPU": "vCPU", "memory": "memory"}
"""Resources that have a panel each."""
MOST = 24
"""Machines that are drawn one by one."""
OTHERS = 6
"""Services that have a colour of their own; the rest share one."""
REST, REST_COLOR = "other services", "#B4B4B4"


def machines(table: pd.DataFrame, *, title: str = TITLE) -> Axes:
    """A row a machine, filled by its services; CPU on the left, memory on the right.

    Args:
        table: one row a machine, part and resource: `machine` (a number), `instance`, `part`,
            `copies`, `resource` (`vCPU`, `memory`), `used` and `capacity` in its unit.
        title: above the figure.
    """
    table = _merged(table[table["resource"].isin(SHOWN)])
    numbers = sorted(table["machine"].unique())[:MOST]
    left_out = table["machine"].nunique() - len(numbers)
    figure = new_figure(2.6 + 0.34 * len(numbers))
    more = f" (the first {MOST} of {MOST + left_out})" if left_out else ""
    heading(figure, title + more)
    colors = _colors(table)
    first, second = (figure.add_subplot(1, 2, place) for place in (1, 2))
    for ax, resource in zip((first, second), SHOWN, strict=True):
        _panel(ax, table[table["resource"] == resource], numbers, colors)
        ax.set_xlabel(f"{SHOWN[resource]} reserved, % of what is left for services", fontsize=9.5)
    names = table.groupby("machine")["instance"].first()
    rows(first, [f"{number + 1}  {names[number]}" for number in numbers])
    rows(second, [""] * len(numbers))
    legend_below(
        first, [first.barh(0, 0, color=color, label=name) for name, color in colors.items()]
    )
    return first


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Small services share a colour where there are many."""
    sizes = table[table["resource"] == "vCPU"].groupby("part")["used"].sum()
    if len(sizes) <= OTHERS + 1:
        return table
    large = set(sizes.sort_values(ascending=False, kind="stable").index[:OTHERS])
    table = table.assign(part=table["part"].where(table["part"].isin(large), REST))
    keys = ["machine", "instance", "part", "resource", "capacity"]
    return table.groupby(keys, as_index=False, sort=False)[["used", "copies"]].sum()


def _colors(table: pd.DataFrame) -> dict[str, str]:
    """Services in the order in which they come; the rest last, in grey."""
    names = [name for name in dict.fromkeys(table["part"]) if name != REST]
    colors = {name: series_color(place) for place, name in enumerate(names)}
    return colors | ({REST: REST_COLOR} if REST in set(table["part"]) else {})


def _panel(ax: Axes, table: pd.DataFrame, numbers: list[int], colors: dict[str, str]) -> None:
    frame(ax, title="")
    ax.set_xlim(0.0, 100.0)
    for place, number in enumerate(numbers):
        ax.barh(place, 100.0, height=0.62, color="none", edgecolor=FAINT, linewidth=0.9)
        mine = table[table["machine"] == number]
        left = 0.0
        for part, color in colors.items():
            for _, box in mine[mine["part"] == part].iterrows():
                share = 100.0 * float(box["used"]) / float(box["capacity"])
                ax.barh(place, share, left=left, height=0.62, color=color, edgecolor=PAPER)
                if fits(ax, f"{box['copies']}", share):
                    at = (left + share / 2.0, place)
                    _write(ax, f"{box['copies']}", at, ink_on(color))
                left += share


def _write(ax: Axes, text: str, at: tuple[float, float], color: str) -> None:
    ax.text(*at, text, ha="center", va="center", fontsize=SMALL, color=color)
