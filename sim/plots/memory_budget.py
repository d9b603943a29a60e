"""The memory budget: where a host's nominal memory goes, from what is lost to what is free."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.core.quantity import shown_mib, shown_size
from sim.plots.canvas import SMALL, axes, binary_ticks, fits, frame, legend_below, rows
from sim.plots.palette import (
    FAINT,
    INK,
    MEMORY,
    in_order,
    ink_on,
    memory_color,
    platform_name,
    platform_order,
)
from sim.units import GiB, MiB

TITLE = "Where a host's memory goes"
OVER = "#CC3311"


def memory_budget(
    table: pd.DataFrame,
    platforms: Sequence[str] | None = None,
    ax: Axes | None = None,
    *,
    title: str = TITLE,
) -> Axes:
    """A stacked bar a platform: the nominal memory of one host, in the order of the table.

    The parts add up to the nominal memory. Where more is in use than there is, `free` is
    negative and drawn backwards, hatched, from the end of the stack.

    Args:
        table: one row an item of a host: `platform`, `host`, `item`, `bytes`.
        platforms: those to show, in that order; None: all.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    names = platform_order(table["platform"]) if platforms is None else list(platforms)
    table = table[table["platform"].isin(names)]
    ax = axes(ax, 1.75 + 0.55 * len(names))
    frame(ax, title=title)
    hosts = table.drop_duplicates("platform").set_index("platform")["host"]
    rows(ax, [f"{platform_name(name)}\n{hosts[name]}" for name in names])
    stacks = table.groupby("platform")["bytes"]
    longest = max(float(stacks.sum().max()), float(_reach(table)))
    unit, word = (GiB, "GiB") if longest >= 2.0 * GiB else (MiB, "MiB")
    ax.set_xlim(0.0, 1.16 * longest / unit)
    for y, name in enumerate(names):
        _stack(ax, y, table[table["platform"] == name], unit)
    ax.xaxis.set_major_locator(binary_ticks())
    ax.set_xlabel(f"memory of one host ({word})")
    legend_below(ax, _handles(table))
    return ax


def _reach(table: pd.DataFrame) -> float:
    """Bytes of the highest stack, before a negative part takes it back."""
    return float(
        table.assign(up=table["bytes"].clip(lower=0.0)).groupby("platform")["up"].sum().max()
    )


def _stack(ax: Axes, y: int, parts: pd.DataFrame, unit: float) -> None:
    end = 0.0
    for item, size in zip(parts["item"], parts["bytes"] / unit, strict=True):
        if size == 0.0:
            continue
        ax.barh(y, size, left=end, height=0.62, label=item, **_style(item, size))
        if size > 0.0:
            _label(ax, y, end + size / 2.0, item, size)
        end += size
    top = max(end, float(parts["bytes"].clip(lower=0.0).sum()) / unit)
    ax.plot([end, end], [y - 0.39, y + 0.39], color=INK, linewidth=1.6)
    ax.annotate(
        _size(end * unit)
        if top <= end
        else f"{_size((top - end) * unit)} over {_size(end * unit)}",
        (top, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=INK,
    )


def _label(ax: Axes, y: int, middle: float, item: str, size: float) -> None:
    """Name and size, or the size, or nothing: what fits."""
    value = f"{size:.1f}" if size < 100.0 else f"{size:.0f}"
    for text in (f"{item}\n{value}", value):
        if fits(ax, text, size):
            color = ink_on(memory_color(item))
            ax.text(middle, y, text, ha="center", va="center", fontsize=SMALL, color=color)
            return


def _style(item: str, size: float) -> dict[str, Any]:
    if size < 0.0:
        return {"facecolor": "none", "edgecolor": OVER, "hatch": "////", "linewidth": 0.8}
    line = 0.8 if item == "free" else 0.0
    return {"facecolor": memory_color(item), "edgecolor": FAINT, "linewidth": line}


def _size(size: float) -> str:
    return shown_size(size, 4) if size >= GiB else shown_mib(size)


def _handles(table: pd.DataFrame) -> list[Artist]:
    there = table[table["bytes"] > 0.0]
    handles: list[Artist] = [
        Patch(label=item, **_style(item, 1.0)) for item in in_order(there["item"], MEMORY)
    ]
    if (table["bytes"] < 0.0).any():
        handles.append(Patch(label="more than there is", **_style("free", -1.0)))
    return handles
