"""Density: how many fit on one host of each platform, coloured by what stops you."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots.canvas import SMALL, axes, frame, legend_below, rows
from sim.plots.palette import (
    FAINT,
    INK,
    LIMITS,
    in_order,
    limit_color,
    limit_name,
    platform_name,
    platform_order,
)

TITLE = "How many fit on one host, and what stops them"


def density_bars(table: pd.DataFrame, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Horizontal bars by platform, one by reservation and, where asked for, a hatched one by use.

    Args:
        table: one row a platform: `platform`, `host` (its name), `count` (sandboxes on one
            host), `stopped_by` (the binding limit); optionally `count_by_use` and
            `stopped_by_use`, NaN where it was not asked for.
        ax: drawn into; None: a new figure.
        title: above the axes; empty: the answer itself.
    """
    order = platform_order(table["platform"])
    table = table.set_index("platform").loc[order].reset_index()
    by_use = _by_use(table)
    ax = axes(ax, 1.6 + (0.58 if len(by_use) else 0.42) * len(table))
    frame(ax, title=title or _message(table))
    rows(ax, [platform_name(name) for name in table["platform"]])
    where = [y - 0.19 if y in by_use.index else float(y) for y in range(len(table))]
    _reserved(ax, table, where)
    _used(ax, by_use)
    most = max(1.0, float(table["count"].max()), float(by_use["count_by_use"].max() or 0.0))
    ax.set_xlim(0.0, 1.25 * most)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    how = "solid: by reservation, hatched: by use" if len(by_use) else "by reservation"
    ax.set_xlabel(f"sandboxes on one host ({how})")
    legend_below(ax, _handles(table, by_use), title="Stopped by")
    return ax


def _message(table: pd.DataFrame) -> str:
    """What a machine holds either way, where both are there."""
    fit = table.set_index("platform")["count"]
    if not {"docker", "vm"} <= set(fit.index):
        return TITLE
    return f"One machine holds {fit['docker']:.0f} containers or {fit['vm']:.0f} VMs"


def _by_use(table: pd.DataFrame) -> pd.DataFrame:
    """The rows whose density by use is known, by their place."""
    if "count_by_use" not in table.columns:
        return pd.DataFrame({"count_by_use": [0.0], "stopped_by_use": [""]}).iloc[:0]
    return table[table["count_by_use"].notna()]


def _reserved(ax: Axes, table: pd.DataFrame, where: list[float]) -> None:
    colors = [limit_color(limit) for limit in table["stopped_by"]]
    bars = ax.barh(where, table["count"], height=0.36, color=colors, label="by reservation")
    texts = [
        f"{count:g}" if host in ("", "-") else f"{count:g} on {host}"
        for count, host in zip(table["count"], table["host"], strict=True)
    ]
    ax.bar_label(bars, texts, padding=4, fontsize=SMALL, color=INK)


def _used(ax: Axes, by_use: pd.DataFrame) -> None:
    if by_use.empty:
        return
    counts = by_use["count_by_use"].astype(float)
    colors = [limit_color(limit) for limit in by_use["stopped_by_use"]]
    bars = ax.barh(by_use.index + 0.17, counts, height=0.28, label="by use")
    for bar, color in zip(bars, colors, strict=True):
        bar.set(facecolor=(color, 0.35), edgecolor=color, hatch="////", linewidth=0.8)
    texts = [f"{count:g} by use" for count in counts]
    ax.bar_label(bars, texts, padding=4, fontsize=SMALL, color=FAINT)


def _handles(table: pd.DataFrame, by_use: pd.DataFrame) -> list[Artist]:
    limits = (limit_name(limit) for limit in (*table["stopped_by"], *by_use["stopped_by_use"]))
    return [Patch(facecolor=limit_color(limit), label=limit) for limit in in_order(limits, LIMITS)]
