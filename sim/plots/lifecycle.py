"""From a Dockerfile to a running container: every phase where it lies in time."""

from collections.abc import Hashable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.core.quantity import shown_bytes, shown_duration
from sim.plots.canvas import SMALL, axes, frame, legend_below, rows
from sim.plots.palette import FAINT, INK

STEPS = {"build": "#0072B2", "push": "#CC79A7", "pull": "#E69F00", "run": "#009E73"}
"""In the order of the story."""
MOST_ROWS = 40


def lifecycle(table: pd.DataFrame, ax: Axes | None = None, *, title: str = "") -> Axes:
    """One row a phase, from the build down to the run; bytes beside it where any were moved.

    Phases of one step may overlap: layers go up and down side by side. What takes no time and
    moves nothing is left out, and the shortest where there are more than fit.

    Args:
        table: one row a phase: `step`, `phase`, `start_s`, `end_s` (s), `bytes`, and where it is
            an instruction `line` and `text`; `round` where there are two. The legend has the
            `seconds` of the rows of phase `total`, which are not drawn.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    drawn = _longest(table[table["phase"] != "total"])
    ax = axes(ax, 1.5 + 0.27 * len(drawn))
    frame(ax, title=title)
    rows(ax, [_label(row) for row in drawn.to_dict("records")])
    end = float(table["end_s"].max())
    ax.set_xlim(0.0, 1.22 * end if end > 0.0 else 1.0)
    ax.tick_params(axis="y", labelsize=8.5)
    for y, row in enumerate(drawn.to_dict("records")):
        _bar(ax, y, row)
    if "round" in drawn:
        _divide(ax, int((drawn["round"] == 1).sum()))
    ax.set_xlabel("seconds since the build began")
    totals = _totals(table)
    there = [step for step in STEPS if step in set(drawn["step"]) | set(totals)]
    legend_below(ax, [Patch(facecolor=STEPS[s], label=f"{s}{totals.get(s, '')}") for s in there])
    return ax


def _divide(ax: Axes, y: int) -> None:
    """A line between the first round and the one after a change."""
    ax.axhline(y - 0.5, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.annotate(
        "after a change",
        (0.0, y - 0.5),
        xytext=(4, -9),
        textcoords="offset points",
        fontsize=SMALL,
        color=FAINT,
    )


def _longest(table: pd.DataFrame) -> pd.DataFrame:
    lengths = table["end_s"] - table["start_s"]
    cached = table["cached"].eq(True) if "cached" in table else lengths.lt(0.0)
    table = table[(lengths > 0.0) | (table["bytes"] > 0) | cached]
    if len(table) <= MOST_ROWS:
        return table
    return table.loc[sorted(lengths.loc[table.index].nlargest(MOST_ROWS).index)]


def _bar(ax: Axes, y: int, row: Mapping[Hashable, object]) -> None:
    begin, end, size = (float(str(row[name])) for name in ("start_s", "end_s", "bytes"))
    color = STEPS.get(str(row["step"]), FAINT)
    ax.broken_barh([(begin, end - begin)], (y - 0.36, 0.72), facecolors=[color], linewidth=0.0)
    ax.plot([begin, begin], [y - 0.36, y + 0.36], color=color, linewidth=1.2)
    text = "cached" if row.get("cached") is True else shown_duration(end - begin)
    text += f", {shown_bytes(size)}" if size > 0.0 else ""
    ax.annotate(
        text,
        (end, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=INK,
    )


def _label(row: Mapping[Hashable, object]) -> str:
    line = row.get("line")
    if isinstance(line, int | float) and line == line:  # noqa: PLR0124 (NaN)
        text = str(row["text"])
        return f"{line:.0f}  {text if len(text) <= 34 else text[:33] + '…'}"
    image = row.get("image")
    return f"{row['phase']} {image}" if isinstance(image, str) else str(row["phase"])


def _totals(table: pd.DataFrame) -> dict[str, str]:
    """Seconds of each step in each round, where the table has them."""
    if "seconds" not in table:
        return {}
    said: dict[str, list[str]] = {}
    for row in table[table["phase"] == "total"].to_dict("records"):
        after = " after the change" if row.get("round", 1) > 1 else ""
        said.setdefault(str(row["step"]), []).append(
            f"{shown_duration(float(row['seconds']))}{after}"
        )
    return {step: f" {', '.join(parts)}" for step, parts in said.items()}
