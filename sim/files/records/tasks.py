"""Records of ECS tasks, in all six ways in which they are written; keys in either case.

`createdAt` is when the task entered PENDING: the API call and PROVISIONING come before it, and no
record tells them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sim.files.records.objects import objects_in
from sim.files.records.stamps import BadStamp, Stamp, between, latest, stamp
from sim.studies.fit.observed import Observed, Records, Spell, StartSeen, in_order

STAMPS = ("createdAt", "connectivityAt", "pullStartedAt", "pullStoppedAt", "startedAt")
NAMES = ("taskArn", "taskARN", "taskId", "taskDefinitionArn", "containers", "lastStatus")
_REGION = re.compile(r"\b[a-z]{2}(-[a-z]{2,10}){1,3}-\d")
LONGEST_WAIT = 1800.0
"""Seconds from created to pull, beyond which a task waited for capacity or was edited by hand."""


def is_task(node: Mapping[str, Any]) -> bool:
    """Whether an object is the record of a task."""
    if not (node.keys() & _EITHER_STAMPS and node.keys() & _EITHER_NAMES):
        return False
    return "dockerId" not in node and "DockerId" not in node and "containerArn" not in node


def _cases(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*names, *(name[0].upper() + name[1:] for name in names)))


_EITHER_STAMPS, _EITHER_NAMES = _cases(STAMPS), _cases(NAMES)


def lowered(node: Mapping[str, Any]) -> dict[str, Any]:
    """An object with keys as the API has them: `createdAt`, whatever `CreatedAt` was."""
    return {key[:1].lower() + key[1:]: value for key, value in node.items()}


class Tasks:
    """Tasks by name; several records of one task are one, and the later tell more."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Any]] = {}

    def add(self, node: Mapping[str, Any]) -> None:
        """One record."""
        task = lowered(node)
        name = task.get("taskArn") or task.get("taskARN") or task.get("taskId")
        told = {key: value for key, value in task.items() if value not in (None, "", [], {})}
        key = str(name).rpartition("/")[2] if name else f"#{len(self._seen)}"
        if _another(self._seen.get(key, {}), told):
            key += f"#{told.get('createdAt')}"
        self._seen.setdefault(key, {}).update(told)

    def starts(self, records: Records) -> None:
        """The starts of all, or why one is left out."""
        for task in self._seen.values():
            try:
                found = _start(task)
            except BadStamp as error:
                records.left_out[str(error)] += 1
                continue
            if isinstance(found, str):
                records.left_out[found] += 1
            else:
                records.starts.append(found)


def _another(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records of one name are of two tasks, as where names were made unreadable."""
    return any(
        name in one and name in other and one[name] != other[name]
        for name in ("createdAt", "pullStartedAt")
    )


def _start(task: Mapping[str, Any]) -> StartSeen | str:
    at = {name: stamp(task.get(name)) for name in STAMPS}
    containers = [lowered(c) for c in objects_in(task.get("containers"))]
    at["startedAt"] = at["startedAt"] or _last_started(containers)
    if reason := _unusable(task, at):
        return reason
    where: Observed = "fargate" if _on_fargate(task) else "ecs"
    phases = dict(_phases(at, where, awsvpc=_awsvpc(task), several=len(_own(containers)) > 1))
    if not phases:
        return "without the timestamps of a pull"
    if not in_order(phases.values()):
        return "timestamps out of order"
    created, first = at["createdAt"], next(iter(phases.values()))
    if created and first.seconds > LONGEST_WAIT:
        return f"above {LONGEST_WAIT / 60:.0f} min from created to pull"
    begun = created or at["pullStartedAt"] or at["pullStoppedAt"]
    return StartSeen(
        where=where,
        phases=phases,
        version=str(task.get("platformVersion") or "")[:20],
        region=_region(task),
        at=float(begun.at) if begun else None,
        ready=between(created, at["startedAt"]),
        image=" ".join(sorted(str(c.get("imageDigest") or c.get("image")) for c in containers)),
    )


def _region(task: Mapping[str, Any]) -> str:
    """Of its zone, or of its name; nothing else of either is kept."""
    zone = str(task.get("availabilityZone") or "")
    found = _REGION.match(zone) or _REGION.search(str(task.get("taskArn") or ""))
    return found[0] if found else ""


def _last_started(containers: list[dict[str, Any]]) -> Stamp | None:
    return latest(*(stamp(each.get("startedAt")) for each in containers))


def _unusable(task: Mapping[str, Any], at: Mapping[str, Stamp | None]) -> str:
    if task.get("stopCode") == "TaskFailedToStart":
        return "failed to start"
    if at["startedAt"] is None:
        return "not started"
    return ""


def _own(containers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what ECS puts beside them, such as the pause container of awsvpc."""
    return [each for each in containers if each.get("type", "NORMAL") == "NORMAL"]


def _on_fargate(task: Mapping[str, Any]) -> bool:
    told = (task.get("launchType"), task.get("capacityProviderName"), task.get("platformFamily"))
    return "FARGATE" in str(told[0] or told[1]).upper() or bool(
        task.get("platformVersion") or (told[0] is None and told[2])
    )


def _awsvpc(task: Mapping[str, Any]) -> bool:
    """Whether it has a network interface of its own, which has to be attached."""
    if task.get("networkMode") is not None:
        return bool(task["networkMode"] == "awsvpc")
    attached = objects_in(task.get("attachments"))
    kinds = [lowered(each).get("type") for each in attached]
    return any(str(kind) in ("ElasticNetworkInterface", "eni") for kind in kinds)


def _phases(
    at: Mapping[str, Stamp | None], where: Observed, *, awsvpc: bool, several: bool
) -> Iterator[tuple[str, Spell]]:
    """The lengths of its phases, as far as they are told."""
    first = "provision" if where == "fargate" else "network" if awsvpc else "placement"
    steps = (
        (first, "createdAt", "pullStartedAt"),
        ("pull", "pullStartedAt", "pullStoppedAt"),
        ("start with order" if several else "start", "pullStoppedAt", "startedAt"),
    )
    for name, begin, end in steps:
        spell = between(at[begin], at[end])
        if spell is not None:
            yield name, spell
