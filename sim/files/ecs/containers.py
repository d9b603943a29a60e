"""The containers of an ECS task: what each is given of the task's size, and who comes first."""

from collections.abc import Iterator
from math import fsum

from sim.files.draft import ContainerDraft
from sim.files.quantities import ecs_bytes, ecs_cpu
from sim.files.reference import without_account
from sim.files.sizes.heap import heap_of
from sim.files.text.place import Tagged
from sim.files.text.value import Value
from sim.workload import HealthCheck, Wait
from sim.workload.waiting import Condition

CONDITIONS: dict[str, Condition] = {
    "START": "started",
    "HEALTHY": "healthy",
    "COMPLETE": "completed",
    "SUCCESS": "completed",
}
INTERVAL, TIMEOUT, RETRIES = 30.0, 5.0, 3
"""A health check's defaults. Amazon ECS API reference, *HealthCheck*."""
_IGNORED = ("environment", "environmentFiles", "secrets", "logConfiguration", "dockerLabels")


def container_of(node: Value, network: str) -> ContainerDraft:
    """One container definition.

    Args:
        network: the task's network mode; on awsvpc it has ports of its own.
    """
    node.mapping("a container definition with a name and an image")
    name = node["name"].text()
    if name is None:
        node.say("name: it is missing; a container needs one")
    for key in _IGNORED:
        if node[key]:
            node.findings.ignore(f"{key} of a container")
    linux = node["linuxParameters"].mapping()
    return ContainerDraft(
        name=name or "?",
        node=node,
        image=_image(node["image"]),
        cpu=node["cpu"].parsed(ecs_cpu) or None,
        memory=_reserved(node),
        memory_limit=node["memory"].parsed(ecs_bytes) or None,
        shared_memory=linux["sharedMemorySize"].parsed(ecs_bytes) or 0.0,
        heap=heap_of(_said(node)),
        gpus=_gpus(node),
        host_ports=tuple(_host_ports(node, network)),
        check=_check(node["healthCheck"]),
        essential=not node["essential"] or node["essential"].flag(),
        after=list(_waits(node["dependsOn"])),
    )


def _waits(depends_on: Value) -> Iterator[Wait]:
    for node in depends_on.items("a list of containers and conditions"):
        condition, name = node["condition"].one_of(CONDITIONS), node["containerName"].text()
        for key in ("condition", "containerName"):
            if node[key].value is None:
                node.say(f"{key}: it is missing; a dependency needs one")
        if condition and name and (wait := node.made(Wait, part=name, until=CONDITIONS[condition])):
            yield wait


def _image(node: Value) -> str | None:
    """A parameter without a default is an image of which nothing is known."""
    if isinstance(node.value, Tagged):
        node.findings.note("a parameter without a default: its image is not known", node.path)
        return str(node.value.value or node.value.tag)
    return without_account(node.text())


def _reserved(node: Value) -> float | None:
    soft = node["memoryReservation"].parsed(ecs_bytes) or None
    return soft if soft is not None else node["memory"].parsed(ecs_bytes) or None


def _said(node: Value) -> Iterator[tuple[str, str]]:
    """Its environment and its command, in which a heap may stand."""
    for each in node["environment"].items("a list of names and values"):
        if isinstance(each.value, dict):
            yield str(each.value.get("name")), str(each.value.get("value"))
    for key in ("command", "entryPoint"):
        if isinstance(node[key].value, list):
            yield "", " ".join(map(str, node[key].value))


def _gpus(node: Value) -> int:
    found = 0
    for each in node["resourceRequirements"].items("a list of resources"):
        if each["type"].text() == "GPU":
            found += each["value"].count(1, 64) or 0
    return found


def _host_ports(node: Value, network: str) -> Iterator[int]:
    for port in node["portMappings"].items("a list of ports"):
        key = "containerPort" if network == "host" else "hostPort"
        found = port[key].count(0, 65535) if network in ("host", "bridge") else None
        if found:
            yield found


def _check(node: Value) -> HealthCheck | None:
    """Looked at every interval from its start on; there is no shorter one at first."""
    if not node.mapping():
        return None
    return HealthCheck(
        interval=node["interval"].number(1, 300) or INTERVAL,
        timeout=node["timeout"].number(1, 300) or TIMEOUT,
        retries=node["retries"].count(1, 10) or RETRIES,
        start_period=node["startPeriod"].number(0, 300) or 0.0,
        start_interval=None,
    )


LEAST = {"cpu": 2 / 1024, "memory": 4.0 * 2**20}
"""What ECS gives a container at least."""


def share_out(
    beside: list[ContainerDraft],
    init: list[ContainerDraft],
    *,
    cpu: float | None,
    memory: float | None,
) -> None:
    """Give what the task has to containers that do not say, and the rest to the main one.

    What all of them have adds up to the task's size, which is also the most that they may use: a
    container that does not say may use its share, where ECS would let it use what others leave.

    An init container of which nothing is said has what is the main one's after it.

    Args:
        beside: containers that run side by side, the main one first.
        cpu: vCPUs of the task; None: not said.
        memory: bytes of the task; None: not said.
    """
    for what, whole in (("cpu", cpu), ("memory", memory)):
        if whole is None:
            continue
        for each in init:
            if getattr(each, what) is None and (each.cpu or each.memory):
                setattr(each, what, LEAST[what])
        _divide(beside, what, whole - _sum(init, what))
        for each in beside if what == "cpu" else beside[:1]:
            setattr(each, f"{what}_limit", getattr(each, what))


def _divide(containers: list[ContainerDraft], what: str, whole: float) -> None:
    left = whole - _sum(containers, what)
    silent = [each for each in containers if getattr(each, what) is None]
    for each in silent or containers[:1]:
        if left > 0.0:
            setattr(each, what, (getattr(each, what) or 0.0) + left / max(1, len(silent)))


def _sum(containers: list[ContainerDraft], what: str) -> float:
    return fsum(getattr(each, what) or 0.0 for each in containers)
