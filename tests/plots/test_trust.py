"""Pictures of what can be trusted: forests, tornadoes, and the types none betters."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import plots
from sim.units import GiB


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def lies_inside(ax: Axes) -> bool:
    """Whether axis labels, row labels and remarks are within the figure once it is drawn."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    rows = ax.get_yticklabels()
    boxes = [text.get_window_extent() for text in (*ax.texts, *rows, ax.xaxis.label, ax.title)]
    width, height = figure.bbox.width, figure.bbox.height
    return all(
        box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        for box in boxes
    )


@pytest.fixture
def differences() -> pd.DataFrame:
    """One that is less, one more, one that cannot be told, one without a share of A."""
    return pd.DataFrame(
        {
            "label": ["a", "b", "c", "d"],
            "value": [-0.5, 0.2, 0.1, np.nan],
            "low": [-0.6, 0.1, -0.1, np.nan],
            "high": [-0.4, 0.3, 0.3, np.nan],
            "text": ["-5 s (-6 to -4)", "+2 s", "+1 s", "+1"],
        }
    )


def test_a_forest_draws_each_interval_where_it_is(differences: pd.DataFrame) -> None:
    """From low to high in the row of its label; what has no share of A is left out."""
    ax = plots.forest(differences)
    lines = [tuple(line.get_xdata()) for line in ax.lines]  # type: ignore[arg-type]

    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]
    for low, high in zip(differences["low"][:3], differences["high"][:3], strict=True):
        assert (low, high) in lines
    assert (0.0, 0.0) in lines
    assert lies_inside(ax)


def test_a_forest_says_which_side_and_what_cannot_be_told(differences: pd.DataFrame) -> None:
    """The legend has the verdicts that are there, no more."""
    both = plots.forest(differences).get_legend()
    less = plots.forest(differences[:1]).get_legend()

    assert both is not None
    assert less is not None
    assert [t.get_text() for t in both.get_texts()] == [
        "B is less",
        "B is more",
        "no difference can be told",
    ]
    assert [t.get_text() for t in less.get_texts()] == ["B is less"]


@pytest.fixture
def effects() -> pd.DataFrame:
    """Two figures, with their shares; the first stops everything at its high end."""
    return pd.DataFrame(
        {
            "figure": ["one", "two"],
            "range": ["1 s (0 to 2)", "5 s (4 to 8)"],
            "standing": ["assumed", "measured"],
            "at_low": [8.0, 9.0],
            "at_high": [np.nan, 12.0],
            "first": [0.7, -0.01],
            "total": [0.9, 0.2],
            "total_low": [0.6, 0.1],
            "total_high": [1.3, 0.3],
        }
    )


def test_a_tornado_spans_from_the_answer_to_both_ends(effects: pd.DataFrame) -> None:
    """Bars begin at the answer as it is; an end without an answer has none."""
    ax = plots.tornado(effects, 10.0, xlabel="time to ready (s)")
    reach = {
        (round(bar.get_x(), 9), round(bar.get_width(), 9))  # type: ignore[attr-defined]
        for bar in ax.patches
        if np.isfinite(bar.get_width())  # type: ignore[attr-defined]
    }

    assert reach == {(10.0, -2.0), (10.0, -1.0), (10.0, 2.0)}
    assert "as it is: 10" in ax.get_xlabel()
    assert lies_inside(ax)


def test_shares_stand_beside_and_end_at_0_and_1(effects: pd.DataFrame) -> None:
    """Without them there is one panel only."""
    beside = figure_of(plots.tornado(effects, 10.0)).axes
    alone = figure_of(plots.tornado(effects.iloc[:, :5], 10.0)).axes

    assert (len(beside), len(alone)) == (2, 1)
    assert [bar.get_width() for bar in beside[1].patches] == [0.9, 0.2]  # type: ignore[attr-defined]
    dots = beside[1].lines[-1].get_xdata()
    assert list(dots) == [0.7, 0.0]  # type: ignore[arg-type]


def test_the_frontier_is_the_line_and_every_type_a_point() -> None:
    """Three types, of which one is bettered by another."""
    table = pd.DataFrame(
        {
            "instance": ["big", "small", "dear"],
            "architecture": ["amd64", "arm64", "amd64"],
            "count": [100, 10, 10],
            "stopped_by": ["memory", "vCPU", "vCPU"],
            "usd_per_container_hour": [0.02, 0.01, 0.03],
            "frontier": [True, True, False],
        }
    )
    ax = plots.cost_frontier(table)
    line = next(line for line in ax.lines if line.get_linestyle() == "-")
    drawn = sum(len(line.get_xdata()) for line in ax.lines)  # type: ignore[arg-type]

    assert list(line.get_xdata()) == [10, 100]  # type: ignore[arg-type]
    assert list(line.get_ydata()) == pytest.approx([10.0, 20.0])  # type: ignore[arg-type]
    assert drawn == 3 + 2


def test_a_type_is_on_the_frontier_where_no_other_betters_it() -> None:
    """By comparing each with each: as dense, as cheap, and one of them strictly more so."""
    from sim import catalog
    from sim.studies.instance_types import by_instance_type

    table = by_instance_type(catalog.service("node", cpu=0.25, memory=1 * GiB))
    points = table[["count", "usd_per_container_hour"]].to_numpy()

    def bettered(count: float, cost: float) -> bool:
        denser, cheaper = points[:, 0] >= count, points[:, 1] <= cost
        strictly = (points[:, 0] > count) | (points[:, 1] < cost)
        return bool((denser & cheaper & strictly).any())

    assert len(table) >= 40
    best = table[table["frontier"]]
    assert not any(
        bettered(*point) for point in best[["count", "usd_per_container_hour"]].to_numpy()
    )
    assert all(
        bettered(*point) or tuple(point) in set(map(tuple, points[table["frontier"]]))
        for point in points
    )


def test_no_type_for_a_service_that_none_holds() -> None:
    """The pattern is named."""
    from sim import catalog
    from sim.studies.instance_types import by_instance_type

    with pytest.raises(ValueError, match=r"no type of 'm5\.large' holds a task of node"):
        by_instance_type(catalog.service("node", cpu=64.0), "m5.large")


def test_points_of_the_frontier_that_are_near_each_other_share_a_label() -> None:
    """No number is drawn over another one."""
    near = pd.DataFrame(
        {
            "instance": ["a", "b", "c", "far"],
            "architecture": "amd64",
            "count": [700, 702, 720, 1000],
            "stopped_by": "memory",
            "usd_per_container_hour": [0.0110, 0.0111, 0.0130, 0.02],
            "frontier": True,
        }
    )
    ax = plots.cost_frontier(near)
    labels = [text.get_text() for text in ax.texts]

    assert labels[:2] == ["1-3", "4"]
