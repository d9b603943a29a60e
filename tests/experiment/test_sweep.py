"""Sweeps: every point of a design is a variant of one scenario."""

from pathlib import Path

import pandas as pd
import pytest
from runs import assert_same, scenario
from worlds import ecs, machine

from sim.core.cited import Cited
from sim.core.description import with_value
from sim.experiment import LatinHypercube, Scenario, Sobol, compare, load, replicate, sweep
from sim.experiment.design import points_of
from sim.plots import sweep_lines


def test_a_grid_is_every_combination_and_the_last_path_varies_quickest() -> None:
    """Each variant has its parameters beside it, and a row in the summary."""
    results = sweep(
        scenario(), {"arrivals[0].tasks": [1, 3], "platform.bridge_ports": [2, 9]}, times=2
    )
    points = results.points

    assert points.columns.tolist() == ["variant", "arrivals[0].tasks", "platform.bridge_ports"]
    assert points.iloc[:, 1:].to_numpy().tolist() == [[1, 2], [1, 9], [3, 2], [3, 9]]
    assert results.summary["variant"].tolist() == points["variant"].tolist()
    assert results.summary["ready"].tolist() == [1, 1, 2, 3]
    assert results.summary["refused"].tolist() == [0, 0, 1, 0]


def test_a_point_gives_what_its_scenario_gives_alone() -> None:
    """On the same random numbers; the same interval in the summary."""
    results = sweep(scenario(), {"arrivals[0].tasks": [1, 3]}, times=5, seed=8)
    alone = replicate(scenario(tasks=3), times=5, seed=8)
    row = results.summary.iloc[1]
    mean = alone.estimate("time_to_ready_s")

    assert (row["time_to_ready_s"], row["low_s"], row["high_s"]) == (
        pytest.approx(mean.value),
        pytest.approx(mean.low),
        pytest.approx(mean.high),
    )
    assert f"{mean.value:.1f} s" in results.sentence()


def test_ends_of_an_interval_that_there_is_not_are_numbers(tmp_path: Path) -> None:
    """One replication has no interval: NaN, and not None, in memory as from disk."""
    results = sweep(scenario(), {"arrivals[0].tasks": [1, 3]}, times=1, out=tmp_path)
    ends = results.summary[["low_s", "high_s"]]

    assert [kind.kind for kind in ends.dtypes] == ["f", "f"]
    assert ends.isna().all(axis=None)
    assert_same(load(tmp_path / "small"), results)


def test_a_function_can_make_the_scenarios() -> None:
    """With names of its own: two lines for a newcomer."""

    def on(vcpu: float, tasks: int = 2) -> Scenario:
        return scenario(ecs(machine(vcpu=vcpu)), tasks=tasks)

    results = sweep(on, {"vcpu": [0.5, 1.0]}, times=1)
    same = compare({f"vcpu={v:g}": on(v) for v in (0.5, 1.0)}, times=1)

    assert results.runs["ready"].tolist() == [1, 2]
    assert results.spans.equals(same.spans)


def test_a_sweep_is_kept_with_its_points_and_goes_on(tmp_path: Path) -> None:
    """From disk it is what it was."""
    design = {"arrivals[0].tasks": [1, 3]}
    kept = sweep(scenario(), design, times=3, out=tmp_path, jobs=2)
    again = load(kept.folder or "")

    assert_same(again, sweep(scenario(), design, times=3, jobs=1))
    assert again.points.equals(kept.points)


def test_all_mistakes_are_named_at_once_and_nothing_is_run(tmp_path: Path) -> None:
    """Wrong fields with the nearest, wrong values with what is allowed."""
    design = {"arrivals[0].taks": [1], "until": [1.0]}
    with pytest.raises(ValueError, match=r"arrivals\[0\]\.taks: .* did you mean 'tasks'"):
        sweep(scenario(), design, out=tmp_path)
    with pytest.raises(ValueError, match=r"(?s)0 is not allowed.*2\.5 is not allowed"):
        sweep(scenario(), {"arrivals[0].tasks": [0, 2.5, 3]}, out=tmp_path)
    with pytest.raises(ValueError, match="not one of 0 to 0"):
        sweep(scenario(), {"arrivals[1].tasks": [1]}, out=tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("design", [{}, {"until": []}, {"until": "10"}])
def test_a_design_without_a_point_is_refused(design: dict[str, list[float]]) -> None:
    """Also a text where a list was meant."""
    with pytest.raises(ValueError, match=r"at least one value|a list of values"):
        sweep(scenario(), design)


def test_a_number_in_the_place_of_a_cited_figure_keeps_its_passport() -> None:
    """What is swept can still be listed with its source."""
    cited = Cited("ports", 2.0, "", "A", "a paper", "2026")
    known = with_value(scenario(), "platform.bridge_ports", cited)
    moved = with_value(known, "platform.bridge_ports", 5)

    assert moved.platform.bridge_ports == Cited("ports", 5, "", "A", "a paper", "2026")


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    """McKay's definition; whole numbers stay whole; the same seed gives the same points."""
    design = LatinHypercube({"a": (10.0, 20.0), "n": (1, 8)}, count=8, seed=3)
    points = points_of(design)

    assert sorted(int((p["a"] - 10.0) / 10.0 * 8) for p in points) == list(range(8))
    assert sorted(p["n"] for p in points) == list(range(1, 9))
    assert points_of(LatinHypercube({"a": (10.0, 20.0), "n": (1, 8)}, count=8, seed=3)) == points


def test_sobol_points_fill_every_quarter_of_a_pair_alike() -> None:
    """Sixteen points of a (0, 2) net: four in each quarter."""
    points = points_of(Sobol({"a": (0.0, 2.0), "b": (0.0, 2.0)}, count=16))
    quarters = [(int(p["a"]), int(p["b"])) for p in points]

    assert {q: quarters.count(q) for q in quarters} == {(i, j): 4 for i in (0, 1) for j in (0, 1)}
    with pytest.raises(ValueError, match="power of two"):
        points_of(Sobol({"a": (0.0, 1.0)}, count=12))


def test_an_empty_range_or_too_few_points_are_refused() -> None:
    """With the field."""
    with pytest.raises(ValueError, match="ranges: 0 is not allowed; lowest and highest value"):
        LatinHypercube(0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a: 2 is not a range; two numbers such as"):
        LatinHypercube({"a": 2})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="a: 2 to 2 is not a range"):
        LatinHypercube({"a": (2, 2)})
    with pytest.raises(ValueError, match="points: 1"):
        Sobol({"a": (1, 2)}, count=1)


def test_a_sweep_is_drawn_as_a_line_for_each_value() -> None:
    """Means in the order of the parameter, whatever the order of the points."""
    results = sweep(
        scenario(), {"platform.bridge_ports": [3, 9], "arrivals[0].tasks": [3, 1]}, times=2
    )
    drawn = sweep_lines(results.summary, "arrivals[0].tasks", "platform.bridge_ports")
    means = results.summary.sort_values(["platform.bridge_ports", "arrivals[0].tasks"])

    assert [line.get_xdata().tolist() for line in drawn.lines] == [[1.0, 3.0], [1.0, 3.0]]
    assert [y for line in drawn.lines for y in line.get_ydata()] == (
        means["time_to_ready_s"].tolist()
    )
    assert drawn.get_legend() is not None


def test_words_are_drawn_as_points_with_intervals_and_nothing_is_cut_off() -> None:
    """There is nothing between two words; zero and the highest interval are in the picture."""
    summary = pd.DataFrame(
        {
            "host": ["small", "large"] * 2,
            "registry": ["a", "a", "b", "b"],
            "time_to_ready_s": [14.3, 14.2, 14.4, 14.1],
            "low_s": [14.1, 14.0, 14.2, 13.9],
            "high_s": [14.5, 14.4, 14.6, 14.3],
        }
    )
    drawn = sweep_lines(summary, "host", "registry")
    lines = [group.lines[0] for group in drawn.containers]
    places = [place for line in lines for place in line.get_xdata()]

    assert [line.get_linestyle() for line in lines] == ["None", "None"]
    assert len(set(places)) == 4
    assert [text.get_text() for text in drawn.get_xticklabels()] == ["small", "large"]
    assert drawn.get_ylim()[0] == 0.0
    assert drawn.get_ylim()[1] > 14.6 + 0.5
