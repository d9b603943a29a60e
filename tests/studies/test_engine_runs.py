"""Every study runs through the engine: any number of jobs gives one answer, and nothing twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim import lifecycle, load, scale_in, scale_out, startup, storm
from sim.experiment import Results
from sim.experiment.running.workers import using
from sim.experiment.storage.part_files import TABLES

DOCKERFILE = "FROM node:22\n# berthsim: size=1MB cpu=1\nRUN make\n"


def shrunk(folder: Path) -> tuple[Any, Results]:  # noqa: ARG001 (as the others)
    answer = scale_in(platform="eks-karpenter", begin=40, to=20, replications=3)
    return answer.json(), answer.results()


def stormed(folder: Path) -> tuple[Any, Results]:  # noqa: ARG001 (as the others)
    answer = storm("kata-fc", starts=20, launchers=4, replications=3)
    assert answer.results is not None
    return answer.json(), answer.results


def lived(folder: Path) -> tuple[Any, Results]:
    (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    answer = lifecycle(folder, app="node")
    return answer.json(), answer.results()


def grown(folder: Path) -> tuple[Any, Results]:  # noqa: ARG001 (as the others)
    answer = scale_out(platform="eks-karpenter", to=30, replications=3)
    return answer.json(), answer.results


def started(folder: Path) -> tuple[Any, Results]:  # noqa: ARG001 (as the others)
    answer = startup(app="node", platform="fargate", replications=3)
    return answer.json(), answer.results


@pytest.mark.parametrize("ask", [shrunk, grown, stormed, started, lived])
def test_a_study_gives_one_answer_for_any_number_of_jobs_and_goes_on(
    ask: Callable[[Path], tuple[Any, Results]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory, in two processes, and once more from the same folder, where no run is made."""
    alone, in_memory = ask(tmp_path)
    with using(jobs=2, out=tmp_path / "out"):
        together, kept = ask(tmp_path)
        if ask not in (started, lived):  # which ask more than they keep
            monkeypatch.setattr("sim.experiment.running.workers.perform", None)
            monkeypatch.setattr("sim.experiment.running.engine.Engine._submit", None)
        again, there = ask(tmp_path)

    assert alone == together == again
    assert kept.folder is not None
    assert kept.folder == there.folder == kept.save(tmp_path / "out")
    for name in (*TABLES, "summary"):
        frames = [getattr(each, name) for each in (in_memory, kept, there, load(kept.folder))]
        for frame in frames[1:]:
            pd.testing.assert_frame_equal(frame, frames[0], check_dtype=name != "summary", obj=name)


def test_a_storm_is_a_task_a_start_whose_times_are_the_answer() -> None:
    """Four at a time: the mean of the tasks is the answer's, and no more than four overlap."""
    answer = storm("runc", starts=12, launchers=4, replications=2)
    assert answer.results is not None
    starts = answer.results.starts()
    spans = answer.results.spans.query("phase == 'start' and run == 0")
    at_once = [
        int(((spans["start_s"] <= time) & (time < spans["end_s"])).sum())
        for time in spans["start_s"]
    ]

    assert len(starts) == 24
    assert 1e3 * starts["time_to_ready_s"].mean() == pytest.approx(answer.mean_ms, rel=1e-12)
    assert max(at_once) == 4
    assert answer.results.runs["makespan_s"].mean() * 1e3 == pytest.approx(answer.makespan_ms)
