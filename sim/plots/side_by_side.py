"""Several ways to run one service side by side: how many fit, how soon, how much."""

import pandas as pd
from matplotlib.axes import Axes

from sim.plots.canvas import SMALL, frame, heading, new_figure, rows
from sim.plots.palette import INK, platform_color, platform_name, platform_order

TITLE = "One service, several ways to run it"


def side_by_side(table: pd.DataFrame, *, tasks: int | None = None, title: str = TITLE) -> Axes:
    """A row a way, and three bars in it: density, time to ready, cost.

    Args:
        table: one row a way: `platform`, `count` (on one host), `ready_p50_s` (s, cold image),
            `ready_warm_p50_s` (NaN where there is no such case), `usd_per_month` (of all
            tasks on whole hosts; NaN where the price is not known).
        tasks: of which that is the cost; None: not told.
        title: above the figure.
    """
    order = platform_order(table["platform"])
    table = table.set_index("platform").loc[order].reset_index()
    figure = new_figure(1.6 + 0.42 * len(table))
    heading(figure, title)
    many, soon, much = (figure.add_subplot(1, 3, place) for place in (1, 2, 3))
    _panel(many, table, "count", "on one host", [f"{n:g}" for n in table["count"]])
    _panel(soon, table, "ready_p50_s", "s to ready (median)", _seconds(table))
    prices = ["-" if p != p else f"{p:,.0f}" for p in table["usd_per_month"]]  # noqa: PLR0124
    many_tasks = "USD a month" if tasks is None else f"USD a month, {tasks} tasks"
    _panel(much, table, "usd_per_month", many_tasks, prices)
    for panel in (soon, much):
        panel.set_yticklabels([])
    return many


def _panel(ax: Axes, table: pd.DataFrame, column: str, what: str, texts: list[str]) -> None:
    frame(ax, title="")
    rows(ax, [platform_name(name) for name in table["platform"]])
    values = table[column].astype(float).fillna(0.0)
    colors = [platform_color(name) for name in table["platform"]]
    bars = ax.barh(range(len(table)), values, height=0.6, color=colors, label=column)
    ax.bar_label(bars, texts, padding=3, fontsize=SMALL, color=INK)
    # Room for the label of the longest bar, whatever it says.
    longest = max((len(text) for text in texts), default=0)
    ax.set_xlim(0.0, max(1e-9, float(values.max())) * (1.25 + 0.055 * longest))
    ax.set_xlabel(what, fontsize=9.5)


def _seconds(table: pd.DataFrame) -> list[str]:
    """Cold, and warm where there is such a case."""
    pairs = zip(table["ready_p50_s"], table["ready_warm_p50_s"], strict=True)
    return [
        f"{cold:.1f}" if warm != warm else f"{cold:.1f}; warm {warm:.1f}"  # noqa: PLR0124
        for cold, warm in pairs
    ]
