"""One replication: a world, a platform in it, and what arrives; and what came of it, in one row."""

import gc
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from simpy import Event

from sim.core.recorder import DONE, Recorder
from sim.core.world import World
from sim.experiment.running.scenario import Burst, Poisson, Scenario
from sim.start import Deployment, Ready, Start
from sim.workload import alone, draw_requests, serve

RunRow: TypeAlias = dict[str, Any]
"""Metrics of one replication by name, with its `variant` and `run`."""


def run(scenario: Scenario, seed: int, replication: int) -> Recorder:
    """Run one replication, and return its record with whatever was open censored."""
    with _without_garbage_collection():
        world = World(seed, replication)
        deployment = scenario.deploy(world)
        for arrivals in scenario.arrivals:
            world.env.process(_follow(world, scenario, deployment, arrivals))
        if scenario.sample_every is not None:
            world.env.process(_read_meters(world, deployment, scenario.sample_every))
        world.env.run(until=scenario.until)
        world.record.close()
        return world.record


def _follow(
    world: World, scenario: Scenario, deployment: Deployment, arrivals: Burst | Poisson
) -> Generator[Event, Any, None]:
    def begun(start: Start) -> None:
        if scenario.serve > 0.0:
            world.env.process(_serve_when_ready(world, start, scenario.serve))

    return arrivals.arrive(world, deployment, begun)


def _serve_when_ready(world: World, start: Start, window: float) -> Generator[Event, Any, None]:
    outcome = (yield start) if not start.processed else start.value
    service, sandbox = start.service, start.sandbox
    if not isinstance(outcome, Ready) or sandbox is None or service.load is None:
        return
    requests = draw_requests(world, start.task, service.load, service.cpu, window)
    undisturbed = alone(
        requests,
        min(start.demand.service.alone_vcpus, sandbox.cpu.root.capacity),
        sandbox.core_speed,
    )

    def served(number: int, sojourn: float) -> None:
        world.record.request(start.task, sojourn, undisturbed[number])

    yield from serve(
        world, requests, sandbox.cpu, sandbox.core_speed, served, alive=lambda: sandbox.alive
    )


def _read_meters(world: World, deployment: Deployment, every: float) -> Generator[Event, Any, None]:
    """Read each host's meters; CPU is the exact mean since the last reading, not a sample."""
    busy: dict[str, float] = {}
    while True:
        for kernel in deployment.hosts():
            root = kernel.cpu.root
            used = (root.busy_integral - busy.get(kernel.name, 0.0)) / every
            busy[kernel.name] = root.busy_integral
            world.record.sample(kernel.name, "cpu", used, root.capacity)
            world.record.sample(kernel.name, "memory", kernel.memory.used, kernel.memory.capacity)
            world.record.sample(kernel.name, "cache", kernel.memory.cached, kernel.memory.capacity)
        if world.env.peek() == float("inf"):
            return
        yield world.env.timeout(every)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A run makes no cycles worth collecting, and looking for them costs a tenth of its time."""
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def run_row(record: Recorder, variant: str, run: int) -> RunRow:
    """Counts of outcomes, mean times of the starts that became ready, slow-downs."""
    outcomes = Counter(outcome.split(":")[0] or "censored" for outcome in record.task_outcome)
    reasons = Counter(o.split(": ", 1)[1] for o in record.task_outcome if ": " in o)
    ready = np.asarray([outcome == "ready" for outcome in record.task_outcome], dtype=bool)
    hosts = Counter(np.asarray(record.task_host, dtype=int)[ready].tolist())
    return {
        "variant": variant,
        "run": run,
        "tasks": len(record.task_outcome),
        **{name: outcomes[name] for name in ("ready", "refused", "killed", "censored")},
        "reasons": "; ".join(f"{reason} x{n}" for reason, n in sorted(reasons.items())),
        "tasks_per_host": max(hosts.values(), default=0),
        "requests": len(record.request_task),
        **_times(record, ready),
        **_slowdowns(record),
    }


def _times(record: Recorder, ready: NDArray[np.bool_]) -> dict[str, float]:
    """Mean time to running and to ready; time to ready of the tasks of each service, too."""
    begin, end = np.asarray(record.task_begin), np.asarray(record.task_end)
    service = np.asarray(record.task_service)
    means = _all_times(record, begin)
    for code, name in enumerate(record.services.all()):
        mine = ready & (service == code)
        if mine.any():
            means[f"time_to_ready_s_{name}"] = float(np.mean(end[mine] - begin[mine]))
    return means


def _all_times(record: Recorder, begin: NDArray[np.float64]) -> dict[str, float]:
    """Of every start that became ready, whatever became of it later."""
    if "app" not in record.phases.all():
        return {}
    tiles = np.asarray(record.span_parent) == record.phases.code("")
    app = tiles & (np.asarray(record.span_phase) == record.phases.code("app"))
    app &= np.asarray(record.span_outcome) == DONE
    if not app.any():
        return {}
    since = begin[np.asarray(record.span_task)[app]]
    return {
        "time_to_running_s": float(np.mean(np.asarray(record.span_start)[app] - since)),
        "time_to_ready_s": float(np.mean(np.asarray(record.span_end)[app] - since)),
    }


def _slowdowns(record: Recorder) -> dict[str, float]:
    """p95 slow-down of the requests of each service."""
    task = np.asarray(record.request_task)
    if task.size == 0:
        return {}
    service = np.asarray(record.task_service)[task]
    slowdown = np.asarray(record.request_slowdown)
    return {
        f"slowdown_p95_{name}": float(np.quantile(slowdown[service == code], 0.95))
        for code, name in enumerate(record.services.all())
        if (service == code).any()
    }
