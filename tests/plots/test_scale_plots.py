"""Figures of a service that grows or shrinks: one task is seen, whole tasks are counted."""

from itertools import pairwise

import pandas as pd
import pytest

from sim.plots import scale_curves, scale_in_curves


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


def test_lines_that_lie_on_each_other_are_all_seen_and_none_is_broken() -> None:
    """The same numbers are drawn a line's width apart; none is thinner or dashed for it."""
    names = ("fargate", "eks-fargate", "ecs-asg", "eks-karpenter", "eks-cas")
    rows = [(name, 0, time, hosts) for name in names for time, hosts in ((0.0, 9), (60.0, 4))]
    ax = scale_in_curves(pd.DataFrame(rows, columns=["variant", "run", "time_s", "hosts"]))
    lines = ax.get_lines()
    heights = sorted(line.get_transform().transform((0.5, 40.0))[1] for line in lines)
    dots = ax.get_figure(root=True)
    assert dots is not None

    assert len({tuple(line.get_ydata()) for line in lines}) == 1
    assert min(b - a for a, b in pairwise(heights)) >= lines[0].get_linewidth() * dots.dpi / 72.0
    assert {line.get_linestyle() for line in lines} == {"-"}
    assert len({line.get_linewidth() for line in lines}) == 1
