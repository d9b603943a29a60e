"""Measured against predicted, and a start against the load beside it."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.plots import parity, start_under_load
from sim.plots.palette import PAPER

CASES = pd.DataFrame(
    [
        ("rund", 0.1, 0.11, "calibrated"),
        ("rund", 1.0, 0.8, "held out"),
        ("linux", 20.0, 30.0, "held out"),
        ("mine", 0.02, 0.02, "held out"),
    ],
    columns=["group", "measured_s", "predicted_s", "split"],
)

STORMS = pd.DataFrame(
    [
        ("rund", 1, 0, 0.08, 0.09, "calibrated"),
        ("rund", 10, 0, 0.12, 0.1, "held out"),
        ("rund", 1, 1000, 0.11, 0.1, "held out"),
        ("gvisor", 1, 0, 0.3, 0.3, "held out"),
        ("gvisor", 10, 1000, 9.0, 9.0, "held out"),
    ],
    columns=["runtime", "starts", "running", "measured_s", "predicted_s", "split"],
)


def points(axes: object) -> list[tuple[float, float, bool]]:
    """x, y and whether it is filled, of every marker."""
    found = []
    for line in axes.get_lines():  # type: ignore[attr-defined]
        if line.get_linestyle() == "None":
            filled = line.get_markerfacecolor() not in ("none", PAPER)
            found += [(x, y, filled) for x, y in zip(*line.get_data(), strict=True)]
    return sorted(found)


def test_every_case_is_a_point_and_calibrated_ones_are_hollow() -> None:
    """At (measured, predicted), whatever its group."""
    axes = parity(CASES)

    expected = [
        (row.measured_s, row.predicted_s, row.split == "held out") for row in CASES.itertuples()
    ]
    assert points(axes) == sorted(expected)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_the_band_is_20_percent_of_what_was_measured() -> None:
    """Between 0.8 and 1.2 times the line on which the model is right."""
    axes = parity(CASES)
    corners = axes.collections[0].get_paths()[0].vertices
    ratios = {round(float(y / x), 6) for x, y in corners}

    assert ratios == {0.8, 1.2}
    assert axes.get_xlim() == axes.get_ylim()


def test_the_legend_says_how_many_cases_each_group_has() -> None:
    """A group it does not know stands under its own name."""
    legend = parity(CASES).get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]

    assert "microVMs (RunD) (2)" in texts and "mine (1)" in texts


def test_a_start_under_load_has_a_panel_for_each_kind_of_load() -> None:
    """Starts at once on the empty host; one start beside others; the mixed ones in neither."""
    left = start_under_load(STORMS)
    figure = left.get_figure()
    assert isinstance(figure, Figure)
    _, right = figure.axes

    assert points(left) == [(1.0, 0.08, False), (1.0, 0.3, True), (10.0, 0.12, True)]
    assert points(right) == [(0.0, 0.08, False), (0.0, 0.3, True), (1000.0, 0.11, True)]
    lines = [line for line in left.get_lines() if line.get_linestyle() == "-"]
    assert [list(line.get_ydata()) for line in lines] == [[0.09, 0.1], [0.3]]


@pytest.mark.parametrize("group", ["rund", "mine"])
def test_one_group_alone_can_be_drawn(group: str) -> None:
    """With only its own entries in the legend."""
    legend = parity(CASES[CASES["group"] == group]).get_legend()

    assert legend is not None
    assert len(legend.get_texts()) == 3
