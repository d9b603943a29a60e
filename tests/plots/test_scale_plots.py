"""Figures of a service that grows or shrinks: one task is seen, whole tasks are counted."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.plots import scale_curves, scale_in_curves
from sim.plots.lines import spread


def starts(tasks: int, begin: int = 0) -> pd.DataFrame:
    """Two runs, the task number n ready after n and 2n minutes."""
    rows = [
        ("fargate", run, 60.0 * (run + 1) * (task + 1 - begin))
        for run in range(2)
        for task in range(begin, begin + tasks)
    ]
    return pd.DataFrame(rows, columns=["variant", "run", "time_to_ready_s"])


def test_one_task_is_a_point_with_its_interval() -> None:
    """A line through one point is none."""
    ax = scale_curves(starts(1))
    (line,) = ax.get_lines()
    (interval,) = ax.collections

    assert line.get_marker() == "o"
    assert list(line.get_xdata()) == [pytest.approx(1.5)]
    ((left, right),) = (path.vertices[:, 0] for path in interval.get_paths())
    assert left < 1.5 < right


def test_many_tasks_are_a_line_without_points() -> None:
    (line,) = scale_curves(starts(50)).get_lines()

    assert line.get_marker() in ("", "None")


@pytest.mark.parametrize("tasks", [1, 2, 5, 9])
def test_ticks_stand_at_whole_tasks(tasks: int) -> None:
    """A tick at 2.5 that says 2 is wrong."""
    ax = scale_curves(starts(tasks))

    assert all(tick == round(tick) for tick in ax.get_yticks())


@pytest.mark.parametrize("many", [2, 3, 5])
def test_lines_that_are_one_are_striped_in_all_their_colours(many: int) -> None:
    """A stripe of each in turn, all as long and as thick, none above what it says."""
    names = ("fargate", "eks-fargate", "ecs-asg", "eks-karpenter", "eks-cas")[:many]
    rows = [(name, 0, time, hosts) for name in names for time, hosts in ((0.0, 9), (60.0, 4))]
    rows += [("ecs-managed", 0, 0.0, 9)]
    ax = scale_in_curves(pd.DataFrame(rows, columns=["variant", "run", "time_s", "hosts"]))
    below, *above, alone = ax.get_lines()
    dashes = [line._unscaled_dash_pattern for line in above]

    assert len({tuple(line.get_ydata()) for line in (below, *above)}) == 1
    assert below.get_linestyle() == alone.get_linestyle() == "-"
    for offset, (on, off) in dashes:
        assert on + off == pytest.approx(many * on)
        assert 0.0 < offset < on + off
    assert len({offset % (many * on) for offset, (on, _) in dashes}) == many - 1


@given(st.lists(st.floats(0.0, 1.0), max_size=12), st.floats(0.01, 0.08))
def test_names_are_moved_apart_and_no_more(wanted: list[float], gap: float) -> None:
    """In order, inside, a gap apart; what had room stays where it was."""
    places = spread(sorted(wanted), gap)
    apart = all(b - a >= gap for a, b in pairwise(sorted(wanted)))

    assert all(b - a >= gap - 1e-9 for a, b in pairwise(places))
    assert all(-1e-9 <= place <= 1.0 + 1e-9 for place in places)
    if apart:
        assert places == pytest.approx(sorted(wanted))


def test_names_wanted_at_one_place_stand_around_it() -> None:
    assert spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.4, 0.5, 0.6])
