"""When each part of an application is up, what it waits for, and the way that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.core.quantity import shown_duration
from sim.plots.canvas import axes, frame, legend_below, rows
from sim.plots.palette import FAINT, GRID, INK, PHASES, in_order, phase_color, phase_name

if TYPE_CHECKING:
    import pandas as pd

WAIT = "waits"


def uptime(gantt: pd.DataFrame, ax: Axes | None = None, *, title: str = "") -> Axes:
    """A bar a part by phase, an arrow to each part from the one it waited for.

    The critical path is framed and its names are bold.

    Args:
        gantt: a row a phase of the last copy of each part: `part`, `phase`, `start_s`, `end_s`
            (s since the launch), `waits_for` (a part, or empty), `critical`.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    parts = list(gantt.groupby("part")["end_s"].max().sort_values(kind="stable").index)
    ax = axes(ax, 1.6 + 0.42 * len(parts))
    frame(ax, title=title or "When each part is up")
    rows(ax, [str(part) for part in parts])
    ax.set_xlim(0.0, 1.12 * float(gantt["end_s"].max()))
    ax.set_xlabel("seconds since the launch")
    for y, part in enumerate(parts):
        _bar(ax, y, gantt[gantt["part"] == part])
    for y, part in enumerate(parts):
        _arrow(ax, y, gantt[gantt["part"] == part], parts)
    there = {_kind(str(phase)) for phase in gantt["phase"]}
    handles = [
        Patch(facecolor=phase_color(phase), label=phase_name(phase))
        for phase in in_order(there - {WAIT}, PHASES)
    ]
    if WAIT in there:
        handles.append(Patch(facecolor=GRID, hatch="///", edgecolor=FAINT, label="waits"))
    legend_below(ax, handles)
    return ax


def _bar(ax: Axes, y: int, mine: pd.DataFrame) -> None:
    critical = bool(mine["critical"].iloc[0])
    for phase, start, end in mine[["phase", "start_s", "end_s"]].itertuples(index=False):
        waits = _kind(phase) == WAIT
        ax.broken_barh(
            [(start, end - start)],
            (y - 0.28, 0.56),
            facecolors=GRID if waits else phase_color(phase),
            hatch="///" if waits else None,
            edgecolor=FAINT if waits else "none",
            linewidth=0.0,
        )
    begin, end = float(mine["start_s"].min()), float(mine["end_s"].max())
    if critical:
        ax.broken_barh(
            [(begin, end - begin)],
            (y - 0.28, 0.56),
            facecolors="none",
            edgecolor=INK,
            linewidth=1.8,
        )
    ax.get_yticklabels()[y].set_fontweight("bold" if critical else "normal")
    ax.annotate(
        shown_duration(end),
        (end, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=9.5,
        fontweight="bold" if critical else "normal",
        color=INK,
    )


def _arrow(ax: Axes, y: int, mine: pd.DataFrame, parts: list[str]) -> None:
    """From the part that was waited for to the end of the wait."""
    waits = mine[[_kind(str(phase)) == WAIT for phase in mine["phase"]]]
    holder = str(mine["waits_for"].iloc[0])
    if waits.empty or holder not in parts:
        return
    end, critical = float(waits["end_s"].max()), bool(mine["critical"].iloc[0])
    ax.annotate(
        "",
        (end, y),
        xytext=(end, parts.index(holder)),
        arrowprops={
            "arrowstyle": "-|>",
            "color": INK if critical else FAINT,
            "linewidth": 1.8 if critical else 0.9,
            "shrinkA": 9.0,
            "shrinkB": 9.0,
        },
    )


def _kind(phase: str) -> str:
    return WAIT if phase.startswith("waits for ") else phase
