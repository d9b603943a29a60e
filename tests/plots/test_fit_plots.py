"""Pictures of a fit: what is drawn is what was measured, and what was fitted."""

import numpy as np
import pandas as pd
import pytest

from sim import plots


@pytest.fixture
def measured() -> pd.DataFrame:
    """One phase in whole seconds, one exact."""
    rows = [("app", float(s), s - 1.0, s + 1.0) for s in (2, 3, 3, 5)]
    rows += [("pull", s, s, s + 0.001) for s in (1.5, 2.5, 4.0)]
    return pd.DataFrame(rows, columns=["phase", "seconds", "low_s", "high_s"])


@pytest.fixture
def fitted() -> pd.DataFrame:
    shares = np.array([0.25, 0.5, 0.75])
    return pd.concat(
        pd.DataFrame({"phase": name, "seconds": 3.0 * shares, "share": shares})
        for name in ("app", "pull")
    )


def test_a_panel_has_the_steps_of_its_phase_and_a_band_only_for_whole_seconds(
    measured: pd.DataFrame, fitted: pd.DataFrame
) -> None:
    """The share of what was measured reaches 1; the dashed line has the points that were fitted."""
    figure = plots.fitted_phases(measured, fitted).get_figure(root=True)
    assert figure is not None
    app, pull = [ax for ax in figure.axes if ax.get_visible()]

    assert [len(ax.collections) for ax in (app, pull)] == [1, 0]
    for ax, n in ((app, 4), (pull, 3)):
        steps, line = ax.lines
        assert max(np.asarray(steps.get_ydata())) == pytest.approx(1.0)
        assert np.asarray(line.get_ydata()).tolist() == [0.25, 0.5, 0.75]
        assert f"n = {n}" in ax.get_title(loc="left")


def test_what_was_held_out_is_a_point_each_beside_the_bar() -> None:
    """Filled by its verdict; the band ends 30% above and below."""
    rows = pd.DataFrame(
        {
            "phase": ["app", "app", "pull"],
            "quantile": [0.5, 0.9, 0.5],
            "measured_s": [10.0, 20.0, 4.0],
            "predicted_s": [11.0, 30.0, 4.1],
            "verdict": ["PASS", "EXCEEDS", "NO BAR"],
        }
    )
    ax = plots.held_out(rows, bar=0.3)
    points = [line for line in ax.lines if line.get_marker() != "None"]
    colors = [point.get_markerfacecolor() for point in points]
    band = ax.collections[0].get_paths()[0].vertices
    assert band is not None

    assert len(points) == 3
    assert len(set(map(str, colors))) == 3
    ratios = np.asarray(band)[:, 1] / np.asarray(band)[:, 0]
    assert ratios.min() == pytest.approx(0.7)
    assert ratios.max() == pytest.approx(1.3)
