"""Pods (`kubectl get pods -o json`) and their events: from creation to ready.

| phase | from | to |
|---|---|---|
| scheduled | creation | PodScheduled |
| sandbox | PodScheduled | PodReadyToStartContainers (Kubernetes 1.29 and later) |
| init | the sandbox | Initialized, where there are init containers |
| pull | as the event says, with the wait for other pulls | |
| start | what is left | the last container's `startedAt` |
| app | `startedAt` | Ready |

Conditions are of their last change: only a pod that never restarted still tells its start.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.files.records.objects import mapping, objects_in
from sim.files.records.stamps import BadStamp, Stamp, between, latest, stamp
from sim.studies.fit.observed import Records, Spell, StartSeen, in_order

_PULLED = re.compile(
    r"Successfully pulled image .{0,2000}? in ([0-9hmsnuµ.]+)"
    r"(?: \(([0-9hmsnuµ.]+) including waiting\))?(?:\. Image size: (\d{1,18}) bytes)?"
)
_PART = re.compile(r"(\d{1,9}(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
RUNNING = {"Pending": "not ready yet", "Succeeded": "finished", "Failed": "failed"}
"""Phases of a pod whose start is not all told, in words."""


class Pods:
    """Pods and the pulls that events tell of them."""

    def __init__(self) -> None:
        self._pods: dict[str, dict[str, Any]] = {}
        self._pulls: dict[str, list[tuple[float, float | None]]] = {}
        self._events: set[str] = set()

    def add(self, node: dict[str, Any]) -> None:
        """One pod; one that stands in several files is one."""
        meta = mapping(node.get("metadata"))
        key = meta.get("uid") or f"{meta.get('namespace')}/{meta.get('name')}/{len(self._pods)}"
        self._pods[str(key)] = node

    def add_event(self, node: dict[str, Any]) -> None:
        """One event; those that tell a pull are kept, in seconds and bytes."""
        about = mapping(node.get("involvedObject") or node.get("regarding"))
        text = str(node.get("message") or node.get("note") or "")[:4000]
        match = _PULLED.search(text) if node.get("reason") == "Pulled" else None
        name = str(mapping(node.get("metadata")).get("uid") or "")
        if match is None or (name and name in self._events):
            return
        self._events.add(name)
        seconds = _duration(match[2] or match[1])
        size = float(match[3]) if match[3] else None
        for key in {str(about.get("uid")), f"{about.get('namespace')}/{about.get('name')}"}:
            self._pulls.setdefault(key, []).append((seconds, size))

    def starts(self, records: Records) -> None:
        """The starts of all, or why one is left out."""
        for pod in self._pods.values():
            try:
                found = _start(pod, self._pulls_of(pod))
            except BadStamp as error:
                found = str(error)
            if isinstance(found, str):
                records.left_out[found] += 1
            else:
                records.starts.append(found)
        alone = sum(start.where == "kubernetes" and not start.phases for start in records.starts)
        if alone:
            pods = "pod has" if alone == 1 else "pods have"
            records.note(f"{alone} {pods} conditions out of order: only the whole start is of use")
        if self._pulls and not self._pods:
            records.note("events tell pulls only; with the pods beside them, all phases are told")
            self._alone(records)

    def _pulls_of(self, pod: dict[str, Any]) -> list[tuple[float, float | None]]:
        meta = mapping(pod.get("metadata"))
        by_name = f"{meta.get('namespace')}/{meta.get('name')}"
        return self._pulls.get(str(meta.get("uid"))) or self._pulls.get(by_name) or []

    def _alone(self, records: Records) -> None:
        """Pulls without their pods."""
        for key, pulls in self._pulls.items():
            if "/" in key:
                seconds, size = _together(pulls)
                phases = {"pull": Spell(seconds)}
                records.starts.append(
                    StartSeen(where="kubernetes", phases=phases, image_bytes=size)
                )


def _start(pod: dict[str, Any], pulls: list[tuple[float, float | None]]) -> StartSeen | str:
    meta, status = mapping(pod.get("metadata")), mapping(pod.get("status"))
    containers = list(_statuses(status, "containerStatuses"))
    if reason := _unusable(status, containers):
        return reason
    created = stamp(meta.get("creationTimestamp"))
    at = {**dict(_conditions(status)), "created": created, "started": _started(containers)}
    if created is None or at.get("Ready") is None:
        return "without a time of creation" if created is None else "not ready yet"
    inits = bool(mapping(pod.get("spec")).get("initContainers"))
    phases = dict(_phases(at, pulls, inits=inits))
    ready = between(created, at["Ready"])
    if ready is None or not in_order([ready]):
        return "timestamps out of order"
    if not in_order(phases.values()):
        phases = {}
    return StartSeen(
        where="kubernetes",
        phases=phases,
        at=float(created.at),
        ready=ready,
        image=" ".join(
            sorted(str(each.get("imageID") or each.get("image")) for each in containers)
        ),
        image_bytes=_together(pulls)[1] if pulls else None,
    )


def _unusable(status: Mapping[str, Any], containers: list[dict[str, Any]]) -> str:
    phase = str(status.get("phase"))
    if any(_count(each.get("restartCount")) for each in containers):
        return "restarted"
    if phase in RUNNING:
        return RUNNING[phase]
    if any("running" not in mapping(each.get("state")) for each in containers):
        return "not ready yet"
    return ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _conditions(status: Mapping[str, Any]) -> Iterator[tuple[str, Stamp | None]]:
    """When each condition that is true became so."""
    for each in objects_in(status.get("conditions")):
        if str(each.get("status")) == "True":
            yield str(each.get("type")), stamp(each.get("lastTransitionTime"))


def _started(containers: Iterable[dict[str, Any]]) -> Stamp | None:
    running = (mapping(mapping(each.get("state")).get("running")) for each in containers)
    return latest(*(stamp(each.get("startedAt")) for each in running))


def _phases(
    at: Mapping[str, Stamp | None],
    pulls: list[tuple[float, float | None]],
    *,
    inits: bool,
) -> Iterator[tuple[str, Spell]]:
    scheduled, sandbox = at.get("PodScheduled"), at.get("PodReadyToStartContainers")
    begun = sandbox or scheduled
    steps = [("scheduled", at["created"], scheduled), ("sandbox", scheduled, sandbox)]
    if inits:
        steps.append(("init", begun, at.get("Initialized")))
        begun = at.get("Initialized") or begun
    for name, first, second in steps:
        if (spell := between(first, second)) is not None:
            yield name, spell
    until_started = between(begun, at["started"])
    if until_started is not None:
        yield from _pull_and_start(until_started, pulls, told=sandbox is not None)
    if (app := between(at["started"], at.get("Ready"))) is not None:
        yield "app", app


def _pull_and_start(
    whole: Spell, pulls: list[tuple[float, float | None]], *, told: bool
) -> Iterator[tuple[str, Spell]]:
    """What lies between the sandbox and the last container's start."""
    name = "start" if told else "sandbox and start"
    if not pulls:
        yield ("pull and start" if told else "sandbox, pull and start"), whole
        return
    seconds, _ = _together(pulls)
    yield "pull", Spell(seconds)
    yield name, Spell(whole.seconds - seconds, whole.before, whole.after)


def _together(pulls: list[tuple[float, float | None]]) -> tuple[float, float | None]:
    """One after the other, as the kubelet pulls for one pod."""
    sizes = [size for _, size in pulls]
    known = sum(size for size in sizes if size is not None)
    return sum(seconds for seconds, _ in pulls), None if None in sizes else known


def _duration(text: str) -> float:
    """Seconds in `1m5.419s`."""
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _statuses(status: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    yield from objects_in(status.get(name))
