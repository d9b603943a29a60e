"""What bounds pods from outside: autoscalers, defaults and quotas of a namespace."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from sim.core.quantity import shown_size, shown_vcpu
from sim.files.draft import PartDraft
from sim.files.kubernetes.containers import Defaults
from sim.files.kubernetes.objects import Objects, Resource
from sim.files.quantities import kubernetes_bytes, kubernetes_cpu
from sim.files.text.value import Value
from sim.workload import AutoscalingRange


def defaults_in(namespace: str, objects: Objects) -> Defaults:
    """What LimitRanges of a namespace give containers; a default limit alone is a request too."""
    found = Defaults()
    for each in objects.of("LimitRange"):
        if each.namespace != namespace:
            continue
        for limit in each.node.at("spec", "limits").items("a list of limits"):
            if limit["type"].text() == "Container":
                found = _defaults(limit)
    return found


def _defaults(limit: Value) -> Defaults:
    most, asked = limit["default"].mapping(), limit["defaultRequest"].mapping()
    return Defaults(
        cpu=asked["cpu"].parsed(kubernetes_cpu),
        cpu_limit=most["cpu"].parsed(kubernetes_cpu),
        memory=asked["memory"].parsed(kubernetes_bytes),
        memory_limit=most["memory"].parsed(kubernetes_bytes),
    )


def autoscale(part: PartDraft, workload: Resource, replicas: int | None, objects: Objects) -> None:
    """Copies: the replicas, within what an autoscaler allows; its least where none are said."""
    part.copies = 1 if replicas is None else replicas
    for each in objects.of("HorizontalPodAutoscaler"):
        target = each.node.at("spec", "scaleTargetRef")
        same = (target["kind"].text(), target["name"].text(), each.namespace)
        if same == (workload.kind, workload.name, workload.namespace):
            _scale(part, each.node["spec"], replicas)


def _scale(part: PartDraft, spec: Value, replicas: int | None) -> None:
    least, most = spec["minReplicas"].count(0), spec["maxReplicas"].count(1)
    least = 1 if least is None else least
    if most is None:
        spec["maxReplicas"].say("it is missing; a whole number of at least 1")
        return
    if least > most:
        spec["minReplicas"].wrong(f"at most maxReplicas, {most}")
        return
    part.autoscaling = AutoscalingRange(least=least, most=most, target_cpu=_target(spec))
    part.copies = min(max(least, replicas or 0), most)


def _target(spec: Value) -> float | None:
    """Share of the CPU request that it aims at, in `autoscaling/v1` or `v2`."""
    old = spec["targetCPUUtilizationPercentage"].number(1, 1000)
    if old is not None:
        return old / 100.0
    for metric in spec["metrics"].items("a list of metrics"):
        resource = metric["resource"].mapping()
        if resource["name"].text() == "cpu":
            share = resource["target"].mapping()["averageUtilization"].number(1, 1000)
            return None if share is None else share / 100.0
    return None


def note_quotas(parts: Iterable[tuple[PartDraft, str]], objects: Objects) -> None:
    """Where the pods of a namespace ask for more than its quota, they do not all start."""
    those = list(parts)
    for each in objects.of("ResourceQuota"):
        inside = [part for part, namespace in those if namespace == each.namespace]
        hard = each.node.at("spec", "hard")
        for key, what, parse, shown in _QUOTAS:
            most = hard[key].parsed(parse)
            asked = sum(part.copies * _sum(part, what) for part in inside)
            if most is not None and asked > most * (1 + 1e-9):
                allowed = f"the quota allows {shown(most)} of {key}"
                hard.findings.note(f"{allowed}, but these pods ask for {shown(asked)}")
        pods, most = sum(part.copies for part in inside), hard["pods"].count()
        if most is not None and pods > most:
            hard.findings.note(f"the quota allows {most} pods, but these are {pods}")


def _sum(part: PartDraft, what: str) -> float:
    return sum(getattr(each, what) or 0.0 for each in (part.main, *part.sidecars))


_Quota: TypeAlias = tuple[str, str, Callable[[str], float], Callable[[float], str]]

_QUOTAS: tuple[_Quota, ...] = (
    ("requests.cpu", "cpu", kubernetes_cpu, shown_vcpu),
    ("cpu", "cpu", kubernetes_cpu, shown_vcpu),
    ("requests.memory", "memory", kubernetes_bytes, shown_size),
    ("memory", "memory", kubernetes_bytes, shown_size),
    ("limits.cpu", "cpu_limit", kubernetes_cpu, shown_vcpu),
    ("limits.memory", "memory_limit", kubernetes_bytes, shown_size),
)
"""Keys of a quota, what they bound, and how that is read and shown."""
