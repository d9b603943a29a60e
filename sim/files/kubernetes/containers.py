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
        pod.say("containers: it is missing; a pod needs at least one container")
    _of_the_pod(pod, [*main, *sidecars])
    host_network = pod["hostNetwork"].flag()
    for draft in main:
        draft.host_ports = tuple(_host_ports(draft.node, host_network))
    return init, [*main, *sidecars]


def _container(node: Value, defaults: Defaults) -> ContainerDraft:
    node.mapping("a container with a name and an image")
    name = node["name"].text()
    if name is None:
        node.say("name: it is missing; a container needs one")
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


def _of_the_pod(pod: Value, together: list[ContainerDraft]) -> None:
    """What is said of the pod as a whole (KEP-2837): its request is what the scheduler takes.

    What its containers leave of it goes to those that say nothing, else to the first; a container
    without a limit may use what the others do not ask for.
    """
    resources = pod["resources"].mapping()
    asked, most = resources["requests"].mapping(), resources["limits"].mapping()
    for node, limit, name, of in (
        (asked["cpu"], most["cpu"].parsed(kubernetes_cpu), "cpu", kubernetes_cpu),
        (asked["memory"], _memory(most["memory"]), "memory", kubernetes_bytes),
    ):
        whole = node.parsed(of)
        if whole is None and not any(getattr(each, name) for each in together):
            whole = limit
        if whole is not None:
            _share_out(node, whole, name, together)
        for each in together:
            if limit is not None and getattr(each, f"{name}_limit") is None:
                others = sum(getattr(x, name) or 0.0 for x in together if x is not each)
                setattr(each, f"{name}_limit", max(limit - others, getattr(each, name) or 0.0))


def _share_out(node: Value, whole: float, name: str, together: list[ContainerDraft]) -> None:
    """Give containers what they leave of the request of their pod."""
    left = whole - sum(getattr(each, name) or 0.0 for each in together)
    if left < -1e-9 * whole:
        node.wrong("at least what its containers ask for together")
        return
    silent = [each for each in together if not getattr(each, name)] or together[:1]
    for each in silent:
        setattr(each, name, (getattr(each, name) or 0.0) + left / len(silent))


def _memory(node: Value) -> float | None:
    found = node.parsed(kubernetes_bytes)
    if found is not None and 0 < found < LEAST_SENSIBLE:
        text = str(node.value)
        why = "m means a thousandth of a byte here" if text.endswith("m") else "it has no unit"
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
