"""A scale-in as results that can be saved: one run a course, its hosts as readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.description import as_json
from sim.experiment import Results
from sim.experiment.storage.manifest import manifest
from sim.experiment.storage.tables import empty_spans

if TYPE_CHECKING:
    import pandas as pd

    from sim.platforms import ECS, EKS
    from sim.studies.scale_in.study import ShrinkAnswer

NAME = "scale-in"


def shrink_results(answer: ShrinkAnswer) -> Results:
    """Runs, hosts over time and the table, with a manifest of what was asked."""
    asked = {name: _described(answer, platform) for name, platform in answer.platforms.items()}
    replications = max(map(len, answer.courses.values()))
    made = manifest(NAME, asked, seed=answer.seed, catalogue=catalog.digest())
    return Results(
        runs=_runs(answer),
        spans=empty_spans(),
        samples=_samples(answer),
        summary=answer.table(),
        scenario=asked,
        manifest={**made, "replications": replications, "complete": True},
    )


def _described(answer: ShrinkAnswer, platform: ECS | EKS) -> dict[str, Any]:
    return {
        "platform": json.loads(as_json(platform)),
        "service": json.loads(as_json(answer.service)),
        "from": answer.begin,
        "to": answer.to,
    }


def _runs(answer: ShrinkAnswer) -> pd.DataFrame:
    """One row a course: `hosts_before` and `hosts` that stay, tasks `moved` and `ready`."""
    import pandas as pd

    rows = [
        (name, run, course.before, course.after, course.moved, course.ready, course.lacking)
        for name, courses in answer.courses.items()
        for run, course in enumerate(courses)
    ]
    columns = ["variant", "run", "hosts_before", "hosts", "moved", "ready", "reasons"]
    return pd.DataFrame(rows, columns=columns)


def _samples(answer: ShrinkAnswer) -> pd.DataFrame:
    """Hosts of a whole course, a reading each time their number changes; the end is 0 s."""
    import pandas as pd

    rows = [
        (name, run, "all", "hosts", time, float(hosts), float(course.before), "hosts")
        for name, courses in answer.courses.items()
        for run, course in enumerate(courses)
        for time, hosts in course.hosts
    ]
    columns = ["variant", "run", "host", "resource", "time_s", "used", "capacity", "unit"]
    return pd.DataFrame(rows, columns=columns)
