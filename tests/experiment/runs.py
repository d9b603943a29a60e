"""Small scenarios for the engine, and what it takes to compare and to disturb their runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from worlds import LOAD, app, docker, ecs, image, machine, service

from sim.experiment import Burst, Results, Scenario, replicate
from sim.experiment.running.batch import Bundle
from sim.experiment.storage import run_folder as store
from sim.experiment.storage.part_files import TABLES
from sim.units import MiB

WEB = service(
    cpu=0.5, memory=50 * MiB, image=image(5 * MiB), load=LOAD, app=app(cpu=0.5, spread=0.3)
)


def scenario(platform: Any = None, tasks: int = 2, **rest: Any) -> Scenario:
    """Noisy starts under a Docker daemon; about a millisecond a run."""
    return Scenario(
        name="small",
        platform=platform or docker(),
        arrivals=(Burst(service=WEB, tasks=tasks),),
        **rest,
    )


def pair() -> Mapping[str, Scenario]:
    """Two variants; the second refuses some starts, serves requests and reads meters."""
    return {
        "plain": scenario(),
        "busy": scenario(ecs(machine(vcpu=1.0)), tasks=3, serve=1.0, sample_every=1.0, until=60.0),
    }


def assert_same(one: Results, other: Results) -> None:
    """Every table and the summary, to the last bit."""
    for name in (*TABLES, "summary"):
        a, b = getattr(one, name), getattr(other, name)
        labels = a.index.identical(b.index) and a.columns.identical(b.columns)
        if not (labels and a.equals(b)):  # quick; and slowly, to say what is not
            pd.testing.assert_frame_equal(a, b, check_exact=True, obj=name)
            raise AssertionError(f"{name} differ")


def keep_at_once() -> None:
    """Write every batch as a part, and make small batches."""
    from sim.experiment.running import engine

    store.FLUSH_SECONDS = 0.0
    engine.BATCH_SECONDS = 0.02


def work_until_killed(out: Path, times: int, begun: Any) -> None:
    """What a process does that is killed at some moment; it tells of each run and of the end."""
    keep_at_once()
    add = store.RunFolder.add

    def told(self: store.RunFolder, bundle: Bundle) -> None:
        add(self, bundle)
        begun.set()

    store.RunFolder.add = told  # type: ignore[method-assign]
    replicate(scenario(), times=times, seed=3, jobs=1, out=out)
    begun.set()
