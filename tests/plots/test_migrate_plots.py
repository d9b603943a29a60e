"""Pictures of a migration: every machine is there, and a bar is as long as it says."""

import matplotlib.patches as mpatches
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import plots

USED = pd.DataFrame(
    [
        {"name": "a", "moves_as": "container", "resource": "vCPU", "asked": 4.0, "used": 0.4},
        {"name": "b", "moves_as": "instance", "resource": "vCPU", "asked": 8.0, "used": 0.0},
        {"name": "a", "moves_as": "container", "resource": "memory", "asked": 16.0, "used": 4.0},
    ]
)
HOSTS = pd.DataFrame(
    [
        {"when": when, "host": f"{when} {n}", "resource": what, "reserved": 0.9, "used": 0.3}
        for when, count in (("today", 3), ("ecs", 2))
        for n in range(count)
        for what in ("vCPU", "memory")
    ]
)
STEPS = [("as they are", 100.0), ("right-sized", 60.0), ("with 1 to spare", 70.0)]


def drawn(axes: Axes) -> Figure:
    """The figure, drawn once: what cannot be laid out warns, and warnings are errors."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    return figure


def bars(axes: Axes) -> list[mpatches.Rectangle]:
    return [each for each in axes.patches if isinstance(each, mpatches.Rectangle)]


def test_every_machine_is_a_point_in_the_color_of_how_it_moves() -> None:
    """One that uses nothing is there, too, though its axis is logarithmic."""
    figure = drawn(plots.asked_and_used(USED))
    cpu, memory = figure.axes
    points = [(line.get_color(), len(line.get_xdata())) for line in cpu.lines  # type: ignore[arg-type]
              if line.get_marker() == "o"]  # fmt: skip

    assert [count for _, count in points] == [1, 1] and len({color for color, _ in points}) == 2
    assert sum(len(line.get_xdata()) for line in memory.lines if line.get_marker() == "o") == 1  # type: ignore[arg-type]


def test_hosts_stand_beside_each_other_as_full_as_they_are() -> None:
    """Four bars a host: what is given and what is used, of vCPU and of memory."""
    today, packed = drawn(plots.hosts_before_after(HOSTS)).axes

    assert (len(bars(today)), len(bars(packed))) == (12, 8)
    assert {round(bar.get_width()) for bar in bars(today)} == {30, 90}


def test_steps_begin_where_the_one_before_ended() -> None:
    """100, less 40, more 10, and 70 in the end."""
    axes = plots.cost_steps(STEPS)
    drawn(axes)
    spans = [end for bar in bars(axes) for end in (bar.get_y(), bar.get_y() + bar.get_height())]

    assert spans == pytest.approx([0.0, 100.0, 60.0, 100.0, 60.0, 70.0, 0.0, 70.0])


@pytest.mark.parametrize("draw", [plots.asked_and_used, plots.hosts_before_after])
def test_nothing_known_is_a_picture_that_says_so(draw: object) -> None:
    """No table, no traceback."""
    empty = (USED if draw is plots.asked_and_used else HOSTS).iloc[:0]

    assert drawn(draw(empty)).axes  # type: ignore[operator]


def test_no_price_is_a_picture_that_says_so() -> None:
    """Likewise."""
    assert plots.cost_steps([]).texts[0].get_text() == "no price is known"
