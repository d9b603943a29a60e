"""From records to tidy tables: runs, spans, samples."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from simpy import Environment

from sim.core.recorder import OUTCOMES, Names, Recorder

if TYPE_CHECKING:
    import pandas as pd

_OUTCOME_NAMES = np.asarray(OUTCOMES, dtype=object)
UNITS = {"cpu": "vCPU", "memory": "byte", "cache": "byte"}


def spans_table(record: Recorder, variant: str, run: int) -> pd.DataFrame:
    """One row a phase of a start, in the order of tasks and time."""
    import pandas as pd

    task = np.asarray(record.span_task)
    hosts = np.asarray(record.task_host)
    order = np.lexsort((np.asarray(record.span_end), np.asarray(record.span_start), task))
    frame = pd.DataFrame(
        {
            "variant": variant,
            "run": run,
            "task": task,
            "host": _category(hosts[task] if task.size else hosts[:0], record.hosts),
            "phase": _category(np.asarray(record.span_phase), record.phases),
            "parent": _category(np.asarray(record.span_parent), record.phases),
            "start_s": np.asarray(record.span_start),
            "end_s": np.asarray(record.span_end),
            "outcome": np.asarray(OUTCOMES, dtype=object)[
                np.asarray(record.span_outcome, dtype=int)
            ],
        }
    )
    return frame.iloc[order].reset_index(drop=True)


def samples_table(record: Recorder, variant: str, run: int) -> pd.DataFrame:
    """One row a reading of a host's resource."""
    import pandas as pd

    resource = _category(np.asarray(record.sample_resource), record.resources)
    return pd.DataFrame(
        {
            "variant": variant,
            "run": run,
            "host": _category(np.asarray(record.sample_host), record.hosts),
            "resource": resource,
            "time_s": np.asarray(record.sample_time),
            "used": np.asarray(record.sample_used),
            "capacity": np.asarray(record.sample_capacity),
            "unit": [UNITS[name] for name in resource],
        }
    )


def empty_spans() -> pd.DataFrame:
    """The columns of spans, and no row."""
    return spans_table(Recorder(Environment()), "", 0)


def empty_samples() -> pd.DataFrame:
    """The columns of samples, and no row."""
    return samples_table(Recorder(Environment()), "", 0)


def run_row(record: Recorder, variant: str, run: int) -> dict[str, object]:
    """One replication in one row: what became of the starts, and how requests fared."""
    outcomes = Counter(outcome.split(":")[0] or "censored" for outcome in record.task_outcome)
    reasons = Counter(o.split(": ", 1)[1] for o in record.task_outcome if ": " in o)
    hosts = Counter(
        host
        for host, outcome in zip(record.task_host, record.task_outcome, strict=True)
        if outcome == "ready"
    )
    row: dict[str, object] = {
        "variant": variant,
        "run": run,
        "tasks": len(record.task_outcome),
        **{name: outcomes[name] for name in ("ready", "refused", "killed", "censored")},
        "reasons": "; ".join(f"{reason} x{n}" for reason, n in sorted(reasons.items())),
        "tasks_per_host": max(hosts.values(), default=0),
        "requests": len(record.request_task),
    }
    row.update(_times_to_ready(record))
    row.update(_slowdowns(record))
    return row


def _times_to_ready(record: Recorder) -> dict[str, float]:
    """Mean time to ready of the tasks of each service."""
    times: dict[str, list[float]] = {}
    services = record.services.all()
    for service, begin, end, outcome in zip(
        record.task_service, record.task_begin, record.task_end, record.task_outcome, strict=True
    ):
        if outcome == "ready":
            times.setdefault(services[service], []).append(end - begin)
    return {f"time_to_ready_s_{name}": float(np.mean(ends)) for name, ends in times.items()}


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


def _category(codes: np.ndarray, names: Names) -> np.ndarray:
    named: np.ndarray = np.asarray(names.all(), dtype=object)[codes]
    return named
