"""Starts of known lengths, written down as AWS and Kubernetes write them."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

TRUTH = {"provision": (13.0, 0.28), "pull": (6.0, 0.5), "start": (2.0, 0.4)}
"""Median in seconds and standard deviation of the logarithm, by phase."""
POD_TRUTH = {
    "scheduled": (1.5, 0.3),
    "sandbox": (3.0, 0.4),
    "pull and start": (6.0, 0.5),
    "app": (9.0, 0.3),
}
FIRST = 1_700_000_000.0
NAMES = ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt")

Moments = Sequence[float]


def moments(
    truth: dict[str, tuple[float, float]], number: int, seed: int, *, digits: int = 3
) -> list[list[float]]:
    """When each phase of each start began and the last ended, to so many digits, rounded down."""
    draw = np.random.default_rng(seed)
    made = []
    for each in range(number):
        at = [FIRST + 60.0 * each + draw.uniform(0.0, 60.0)]
        for median, sigma in truth.values():
            at.append(at[-1] + median * float(np.exp(sigma * draw.standard_normal())))
        scale = 10.0**digits
        made.append([np.floor(moment * scale) / scale for moment in at])
    return made


def _text(at: float, form: str, offset: int = 0) -> str:
    """A moment as text, with three digits behind the second."""
    zone = timezone(timedelta(hours=offset))
    whole, thousandths = divmod(round(at * 1000), 1000)
    text = datetime.fromtimestamp(whole, UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    if form == "cli":
        return f"{text}.{thousandths:03d}000{offset:+03d}:00"
    if form == "nano":
        return f"{text}.{thousandths:03d}000000Z"
    return f"{text}.{thousandths:03d}".rstrip("0").rstrip(".") + "Z"


def _named(number: int) -> str:
    return f"arn:aws:ecs:eu-west-1:111122223333:task/shop/{number:032x}"


def _task(at: Moments, number: int, write: Callable[[float], Any]) -> dict[str, Any]:
    stamps = {name: write(moment) for name, moment in zip(NAMES, at, strict=True)}
    return {
        "taskArn": _named(number),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "lastStatus": "RUNNING",
        "containers": [{"name": "web", "image": "111122223333.dkr.ecr.aws/shop:1"}],
        **stamps,
    }


def _pascal(task: dict[str, Any]) -> dict[str, Any]:
    return {key[0].upper() + key[1:]: value for key, value in task.items()}


def cli_v2(starts: Sequence[Moments]) -> str:
    tasks = [_task(at, n, lambda x: _text(x, "cli", -5)) for n, at in enumerate(starts)]
    return json.dumps({"tasks": tasks, "failures": []})


def cli_v1(starts: Sequence[Moments]) -> str:
    return json.dumps([_task(at, n, lambda x: round(x, 3)) for n, at in enumerate(starts)])


def event_bridge(starts: Sequence[Moments]) -> str:
    events = []
    for number, at in enumerate(starts):
        detail = _task(at, number, lambda x: _text(x, "short"))
        early = {k: v for k, v in detail.items() if k not in ("pullStoppedAt", "startedAt")}
        events += [early | {"lastStatus": "PENDING"}, detail]
    kind = {"detail-type": "ECS Task State Change"}
    return "\n".join(json.dumps(kind | {"detail": detail}) for detail in events)


def step_functions(starts: Sequence[Moments]) -> str:
    tasks = [_pascal(_task(at, n, lambda x: round(x * 1000))) for n, at in enumerate(starts)]
    return "\n".join(json.dumps(task) for task in tasks)


def insights(starts: Sequence[Moments]) -> str:
    rows = []
    for number, at in enumerate(starts):
        task = _pascal(_task(at, number, lambda x: round(x * 1000)))
        row = {key: task[key] for key in ("CreatedAt", "PullStartedAt", "PullStoppedAt")}
        for minute in range(2):
            told = {"Type": "Task", "TaskId": f"{number:032x}", "LaunchType": "FARGATE"}
            use = {"CpuUtilized": 51.2, "MemoryUtilized": 300 + minute, "MemoryReserved": 512}
            at_ = {"StartedAt": task["StartedAt"], "Timestamp": round(1000 * FIRST + 6e4 * minute)}
            rows.append(row | told | use | at_ | {"TaskDefinitionFamily": "shop"})
    return "\n".join(json.dumps({"message": json.dumps(row)}) for row in rows)


def metadata(starts: Sequence[Moments]) -> str:
    tasks = []
    for number, (_, pulled, stopped, started) in enumerate(starts):
        container = {
            "DockerId": f"{number:x}",
            "Name": "web",
            "Type": "NORMAL",
            "CreatedAt": _text(stopped, "nano"),
            "StartedAt": _text(started, "nano"),
        }
        pause = {"Name": "~internal~ecs~pause", "Type": "CNI_PAUSE"}
        task = {"TaskARN": _named(number), "LaunchType": "FARGATE", "Family": "shop"}
        stamps = {"PullStartedAt": _text(pulled, "nano"), "PullStoppedAt": _text(stopped, "nano")}
        tasks.append(task | stamps | {"Containers": [container, pause]})
    return "\n".join(json.dumps(task) for task in tasks)


DIALECTS: dict[str, Callable[[Sequence[Moments]], str]] = {
    "cli_v2": cli_v2,
    "cli_v1": cli_v1,
    "event_bridge": event_bridge,
    "step_functions": step_functions,
    "insights": insights,
    "metadata": metadata,
}


def pod(number: int, at: Moments, **more: Any) -> dict[str, Any]:
    """One pod: created, scheduled, its sandbox ready, started, ready; whole seconds."""
    created, scheduled, sandbox, started, ready = (
        datetime.fromtimestamp(int(each), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for each in at
    )
    conditions = {
        "PodScheduled": scheduled,
        "PodReadyToStartContainers": sandbox,
        "Initialized": scheduled,
        "ContainersReady": ready,
        "Ready": ready,
    }
    status = {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastTransitionTime": when}
            for kind, when in conditions.items()
        ],
        "containerStatuses": [
            {
                "name": "web",
                "imageID": "docker.io/library/shop@sha256:1",
                "restartCount": more.get("restarts", 0),
                "state": {"running": {"startedAt": started}},
            }
        ],
    }
    meta = {"name": f"web-{number}", "namespace": "shop", "uid": f"uid-{number}"}
    return {
        "kind": "Pod",
        "metadata": meta | {"creationTimestamp": created},
        "spec": {"containers": [{"name": "web"}]},
        "status": status | more.get("status", {}),
    }


def pods(starts: Sequence[Moments]) -> str:
    items = [pod(number, at) for number, at in enumerate(starts)]
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": items})
