"""What tools wrote: `docker events`, kube-burner, node-latency-for-k8s, and plain rows."""

from collections.abc import Mapping
from typing import Any

from sim.core.quantity import number_in
from sim.files.records.objects import mapping
from sim.files.records.stamps import BadStamp, Stamp, between, stamp
from sim.studies.fit.observed import Observed, Records, Spell, StartSeen, in_order


def keep(
    records: Records, start: StartSeen, reason: str = "without the timestamps of a start"
) -> None:
    """A start, or why it is left out."""
    if not start.phases:
        records.left_out[reason] += 1
    elif not in_order([*start.phases.values(), *([start.ready] if start.ready else [])]):
        records.left_out["timestamps out of order"] += 1
    else:
        records.starts.append(start)


class DockerEvents:
    """`docker events --format json`: what happened to each container, by its id."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Stamp | None]] = {}
        self._images: dict[str, str] = {}
        self._again: set[str] = set()
        self._bad = 0

    def add(self, node: Mapping[str, Any]) -> None:
        """One event of a container."""
        actor = mapping(node.get("Actor"))
        name, action = str(node.get("id") or actor.get("ID")), str(node.get("Action"))
        try:
            at = stamp(node.get("timeNano") or node.get("time"))
        except BadStamp:
            self._bad += 1
            return
        seen = self._seen.setdefault(name, {})
        if action in ("start", "create") and action in seen:
            self._again.add(name)
        seen.setdefault("healthy" if action == "health_status: healthy" else action, at)
        self._images[name] = str(node.get("from") or "")

    def starts(self, records: Records) -> None:
        """The starts of all, or why one is left out."""
        if self._bad:
            records.left_out["with a timestamp that is no time"] += self._bad
        for name, at in self._seen.items():
            if name in self._again or "restart" in at:
                records.left_out["restarted"] += 1
                continue
            start, healthy = between(at.get("create"), at.get("start")), at.get("healthy")
            app = between(at.get("start"), healthy)
            phases = {"start": start, "app": app}
            created = at.get("create")
            keep(
                records,
                StartSeen(
                    where="docker",
                    phases={key: spell for key, spell in phases.items() if spell is not None},
                    at=float(created.at) if created else None,
                    ready=between(created, healthy or at.get("start")),
                    image=self._images[name],
                ),
            )


BURNER = (
    ("scheduled", "schedulingLatency"),
    ("sandbox", "readyToStartContainersLatency"),
    ("start", "containersStartedLatency"),
    ("app", "podReadyLatency"),
)
"""Milestones of kube-burner, milliseconds since the pod was created; 0: it does not know."""


def kube_burner(node: Mapping[str, Any], records: Records) -> None:
    """One `podLatencyMeasurement`."""
    told = [(name, _milliseconds(node.get(key))) for name, key in BURNER]
    if told[-1][1] is None:
        records.left_out["not ready yet"] += 1
        return
    phases, last, since = {}, 0.0, None
    for name, at in told:
        if at is None:
            since = since or name
            continue
        begun = name if since is None else f"{since} to {name}"
        phases[begun], last, since = _apart(last, at), at, None
    try:
        at_ = stamp(node.get("timestamp"))
    except BadStamp:
        at_ = None
    ready = _apart(0.0, last)
    keep(
        records,
        StartSeen(
            where="kubernetes", phases=phases, ready=ready, at=float(at_.at) if at_ else None
        ),
    )


def _milliseconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        return None
    return float(value)


def _apart(first: float, second: float) -> Spell:
    """Between two milestones in milliseconds; conditions come in whole seconds."""
    coarse = [1.0 if each % 1000.0 == 0.0 else 1e-3 for each in (first, second)]
    return Spell((second - first) / 1000.0, *coarse)


NODE = (
    ("registered", "instance_pending", "kubelet_registered"),
    ("node ready", "kubelet_registered", "node_ready"),
)
"""Phases of a node between the events that node-latency-for-k8s tells."""


def node_latency(node: Mapping[str, Any], records: Records) -> None:
    """One measurement of one node."""
    at: dict[str, Stamp] = {}
    for timing in node["timings"]:
        event = timing.get("event") if isinstance(timing, dict) else None
        if not isinstance(event, dict) or timing.get("error"):
            continue
        try:
            moment = stamp(timing.get("timestamp"))
        except BadStamp:
            continue
        if moment is not None:
            at.setdefault(str(event.get("metric")), moment)
    spells = {name: between(at.get(first), at.get(last)) for name, first, last in NODE}
    begun = at.get("instance_pending")
    keep(
        records,
        StartSeen(
            where="node",
            phases={name: spell for name, spell in spells.items() if spell is not None},
            at=float(begun.at) if begun else None,
            ready=between(begun, at.get("node_ready")),
        ),
    )


def plain_row(row: Mapping[str, Any], records: Records) -> None:
    """A row with the lengths of phases: `created_to_pull_s`, `pull_s`, `pull_to_started_s`."""
    told = str(row.get("launch") or "").upper()
    where: Observed = "ecs" if told == "EC2" else "fargate"
    several = (number_in(str(row.get("containers") or "1").strip(" >=")) or 1.0) > 1.0
    names = {
        "provision" if where == "fargate" else "placement": "created_to_pull_s",
        "pull": "pull_s",
        "start with order" if several else "start": "pull_to_started_s",
    }
    try:
        phases = {name: _seconds(row.get(key)) for name, key in names.items()}
        at = stamp(f"{row['date']}T00:00:00Z") if row.get("date") else None
    except (BadStamp, ValueError):
        records.left_out["a length of time is no number"] += 1
        return
    known = {name: spell for name, spell in phases.items() if spell is not None}
    whole = sum(spell.seconds for spell in known.values())
    keep(
        records,
        StartSeen(
            where=where,
            phases=known,
            version=str(row.get("platform_version") or "")[:20],
            at=float(at.at) if at else None,
            ready=Spell(whole) if len(known) == len(names) else None,
        ),
    )


def _seconds(value: Any) -> Spell | None:
    """A length of time; whole seconds are what is left of stamps of whole seconds."""
    if value is None or not str(value).strip():
        return None
    number = number_in(str(value))
    if number is None or not -1e6 < number < 1e6:
        raise ValueError("a number of seconds")
    exact = 1.0 if number == int(number) else 1e-3
    return Spell(number, exact, exact)
