"""When each part of an application is up, what it waits for, and the way that decides."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch

from sim.core.quantity import shown_duration
from sim.plots.canvas import axes, frame, legend_below, rows
from sim.plots.palette import FAINT, GRID, INK, PHASES, in_order, phase_color, phase_name

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
    by_part = {str(part): mine for part, mine in gantt.groupby("part")}
    parts = list(gantt.groupby("part")["end_s"].max().sort_values(kind="stable").index)
    ax = axes(ax, 1.6 + 0.42 * len(parts))
    frame(ax, title=title or "When each part is up")
    rows(ax, [str(part) for part in parts])
    ax.set_xlim(0.0, 1.12 * float(gantt["end_s"].max()))
    ax.set_xlabel("seconds since the launch")
    _bars(ax, gantt, parts)
    for y, (part, label) in enumerate(zip(parts, ax.get_yticklabels(), strict=True)):
        label.set_fontweight("bold" if _told(ax, y, by_part[part]) else "normal")
    for y, part in enumerate(parts):
        _arrow(ax, y, by_part[part], parts)
    there = {_kind(str(phase)) for phase in gantt["phase"]}
    handles = [
        Patch(facecolor=phase_color(phase), label=phase_name(phase))
        for phase in in_order(there - {WAIT}, PHASES)
    ]
    if WAIT in there:
        handles.append(Patch(facecolor=GRID, hatch="///", edgecolor=FAINT, label="waits"))
    legend_below(ax, handles)
    return ax


def _bars(ax: Axes, gantt: pd.DataFrame, parts: list[str]) -> None:
    """The phases of all parts, those of one kind at once: a bar by itself takes long to draw."""
    rows = {part: y for y, part in enumerate(parts)}
    bars: dict[str, list[list[tuple[float, float]]]] = {}
    columns = gantt[["part", "phase", "start_s", "end_s"]]
    for part, phase, start, end in columns.itertuples(index=False):
        bars.setdefault(_kind(str(phase)), []).append(_bar(start, end, rows[part]))
    for kind, mine in bars.items():
        waits = kind == WAIT
        drawn = PolyCollection(
            mine,
            facecolors=GRID if waits else phase_color(kind),
            hatch="///" if waits else None,
            edgecolors=FAINT if waits else "none",
            linewidths=0.0,
        )
        ax.add_collection(drawn, autolim=False)
    ends = gantt[gantt["critical"]].groupby("part").agg({"start_s": "min", "end_s": "max"})
    framed = [_bar(begin, end, rows[part]) for part, begin, end in ends.itertuples()]
    ax.add_collection(
        PolyCollection(framed, facecolors="none", edgecolors=INK, linewidths=1.8), autolim=False
    )


def _bar(start: float, end: float, y: int) -> list[tuple[float, float]]:
    low, high = y - 0.28, y + 0.28
    return [(start, low), (start, high), (end, high), (end, low)]


def _told(ax: Axes, y: int, mine: pd.DataFrame) -> bool:
    """Write when the part is up; whether it is on the critical path."""
    critical, end = bool(mine["critical"].iloc[0]), float(mine["end_s"].max())
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
    return critical


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
