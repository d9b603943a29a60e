"""The containers of a pod, with the defaults of their namespace."""

from collections.abc import Iterator
from typing import NamedTuple

from sim.files.draft import ContainerDraft
from sim.files.kubernetes.probes import check_of
from sim.files.quantities import kubernetes_bytes, kubernetes_cpu, kubernetes_whole
from sim.files.reference import without_account
from sim.files.sizes.heap import heap_of
from sim.files.text.value import Value

GPU = "nvidia.com/gpu"
LEAST_SENSIBLE = 2.0**20
"""Bytes below which a size of memory is likely a slip."""
_READ = ("cpu", "memory", GPU, "ephemeral-storage")


class Defaults(NamedTuple):
    """What a LimitRange gives a container that does not say; None: nothing."""

    cpu: float | None = None
    cpu_limit: float | None = None
    memory: float | None = None
    memory_limit: float | None = None


def containers_of(pod: Value, defaults: Defaults) -> tuple[list[ContainerDraft], ...]:
    """Its init containers, and those that run side by side: the main one is the first.

    An init container that is always restarted is a sidecar (v1.29).
    """
    init: list[ContainerDraft] = []
    sidecars: list[ContainerDraft] = []
    for node in pod["initContainers"].items("a list of containers"):
        container = _container(node, defaults)
        (sidecars if node["restartPolicy"].text() == "Always" else init).append(container)
    main = [_container(node, defaults) for node in pod["containers"].items("a list of containers")]
    if not main:
        pod.say("containers: it is missing; a pod has one container at least")
    host_network = pod["hostNetwork"].flag()
    for draft in main:
        draft.host_ports = tuple(_host_ports(draft.node, host_network))
    return init, [*main, *sidecars]


def _container(node: Value, defaults: Defaults) -> ContainerDraft:
    node.mapping("a container with a name and an image")
    name = node["name"].text()
    if name is None:
        node.say("name: it is missing; a container has one")
    resources = node["resources"].mapping()
    asked, most = resources["requests"].mapping(), resources["limits"].mapping()
    for key in {*(asked.value or ()), *(most.value or ())} - set(_READ):
        node.findings.ignore(f"resource {key}")
    cpu_limit = most["cpu"].parsed(kubernetes_cpu)
    memory_limit = _memory(most["memory"])
    cpu, memory = asked["cpu"].parsed(kubernetes_cpu), _memory(asked["memory"])
    cpu, cpu_limit = _defaulted(cpu, cpu_limit, defaults.cpu, defaults.cpu_limit)
    memory, memory_limit = _defaulted(memory, memory_limit, defaults.memory, defaults.memory_limit)
    return ContainerDraft(
        name=name or "?",
        node=node,
        image=without_account(node["image"].text()),
        cpu=cpu,
        cpu_limit=cpu_limit,
        memory=memory,
        memory_limit=memory_limit,
        heap=heap_of(_said(node)),
        gpus=most[GPU].parsed(kubernetes_whole) or asked[GPU].parsed(kubernetes_whole) or 0,
        check=check_of(node),
    )


def _memory(node: Value) -> float | None:
    found = node.parsed(kubernetes_bytes)
    if found is not None and 0 < found < LEAST_SENSIBLE:
        text = str(node.value)
        why = "m is a thousandth of a byte here" if text.endswith("m") else "it has no unit"
        meant = f"is {text.rstrip('m')}Mi meant?"
        node.findings.note(f"memory {text} is less than 1 MiB ({why}); {meant}", node.path)
    return found


def _defaulted(
    asked: float | None, most: float | None, default: float | None, default_most: float | None
) -> tuple[float | None, float | None]:
    """A limit alone is a request too; what is still missing comes from the namespace."""
    if asked is None:
        asked = most if most is not None else default
    if most is None and default_most is not None:
        most = max(default_most, asked or 0.0)
    return (default_most if asked is None else asked), most


def _said(node: Value) -> Iterator[tuple[str, str]]:
    """Its environment and its command, in which a heap may stand."""
    for each in node["env"].items("a list of variables"):
        if isinstance(each.value, dict) and isinstance(each.value.get("value"), str):
            yield str(each.value.get("name")), each.value["value"]
    for key in ("command", "args"):
        if isinstance(node[key].value, list):
            yield "", " ".join(map(str, node[key].value))


def _host_ports(node: Value, host_network: bool) -> Iterator[int]:
    for port in node["ports"].items("a list of ports"):
        key = "hostPort" if port["hostPort"] or not host_network else "containerPort"
        found = port[key].count(0, 65535)
        if found:
            yield found
