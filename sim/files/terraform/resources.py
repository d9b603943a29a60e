"""The resources of a plan or a state: ECS as its API has them, Kubernetes as manifests.

Terraform writes `snake_case`, and a nested block as a list of one.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sim.core.question import BadInput
from sim.files.text.findings import Findings
from sim.files.text.place import PlacedList, PlacedMapping
from sim.files.text.source import SourceText
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents

_KINDS = {
    "kubernetes_deployment": "Deployment",
    "kubernetes_stateful_set": "StatefulSet",
    "kubernetes_daemonset": "DaemonSet",
    "kubernetes_daemon_set": "DaemonSet",
    "kubernetes_job": "Job",
    "kubernetes_cron_job": "CronJob",
    "kubernetes_pod": "Pod",
    "kubernetes_replication_controller": "ReplicationController",
    "kubernetes_horizontal_pod_autoscaler": "HorizontalPodAutoscaler",
    "kubernetes_limit_range": "LimitRange",
    "kubernetes_resource_quota": "ResourceQuota",
    "kubernetes_persistent_volume_claim": "PersistentVolumeClaim",
    "kubernetes_service": "Service",
}
_VERSION = re.compile(r"_v\d+(beta\d+)?$")
_PLURALS = {
    "container": "containers",
    "initContainer": "initContainers",
    "volume": "volumes",
    "port": "ports",
    "metric": "metrics",
    "limit": "limits",
    "toleration": "tolerations",
    "volumeClaimTemplate": "volumeClaimTemplates",
    "topologySpreadConstraint": "topologySpreadConstraints",
    "placementConstraints": "placementConstraints",
    "orderedPlacementStrategy": "placementStrategy",
    "capacityProviderStrategy": "capacityProviderStrategy",
}
"""Blocks that may be there several times, and what a manifest or the API of ECS calls them."""
_LISTS = frozenset({
    *_PLURALS, "env", "command", "args", "values", "matchExpressions", "accessModes",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
})  # fmt: skip
_WORDS = frozenset({"labels", "annotations", "matchLabels", "requests", "limits", "hard"})
"""Mappings whose keys are the user's own."""
MOST_MODULES = 64
"""Modules within each other."""


class Planned(NamedTuple):
    """What of a plan runs."""

    tasks: list[Value]
    """Task definitions and services of ECS."""
    manifests: list[Value]


def planned(node: Value, findings: Findings) -> Planned:
    """The resources of a plan or a state."""
    root = node["planned_values"] if node["planned_values"] else node["values"]
    resources = [
        _Resource(each["type"].text() or "?", _address(each), each["values"].mapping())
        for each in _resources(root.mapping()["root_module"], 0)
    ]
    families = {each.address: each.values["family"].text() or "" for each in resources}
    named = {one: families[two] for one, two in _references(node).items() if two in families}
    bounds = [each.values for each in resources if each.kind == "aws_appautoscaling_target"]
    found = Planned([], [])
    for each in resources:
        if each.kind == "aws_ecs_task_definition":
            found.tasks.append(_definition(each.values))
        elif each.kind == "aws_ecs_service":
            found.tasks.append(_service(each, named, bounds))
        elif each.kind == "kubernetes_manifest":
            found.manifests.append(each.values["manifest"])
        elif (name := _KINDS.get(_VERSION.sub("", each.kind))) is not None:
            made = _camel(each.values, "")
            made.put("kind", name, each.values.place)
            found.manifests.append(each.values.with_value(made))
        else:
            findings.ignore(each.kind)
    return found


class _Resource(NamedTuple):
    kind: str
    address: str
    values: Value


def _resources(module: Value, depth: int) -> Iterator[Value]:
    """Of a module, and of the modules in it."""
    for resource in module.mapping()["resources"].items("a list of resources"):
        if (resource["mode"].text() or "managed") == "managed":
            yield resource
    for inner in module["child_modules"].items("a list of modules") if depth < MOST_MODULES else ():
        yield from _resources(inner, depth + 1)


def _address(resource: Value) -> str:
    """Without an index: what the configuration calls it."""
    return (resource["address"].text() or "?").partition("[")[0]


def _references(node: Value) -> dict[str, str]:
    """By service, the task definition that its configuration names; a plan has no ARN yet."""
    found: dict[str, str] = {}
    for resource in _configured(node.at("configuration", "root_module"), "", 0):
        address, named = resource
        for reference in named["references"].items():
            text = reference.text() or ""
            if text.startswith("aws_ecs_task_definition.") and address not in found:
                prefix = address.rpartition("aws_ecs_service")[0]
                found[address] = prefix + ".".join(text.split(".")[:2])
    return found


def _configured(module: Value, prefix: str, depth: int) -> Iterator[tuple[str, Value]]:
    for resource in module["resources"].items():
        if resource["type"].value == "aws_ecs_service":
            address = prefix + (resource["address"].text() or "?")
            yield address, resource.at("expressions", "task_definition")
    if depth < MOST_MODULES:
        for name, call in module["module_calls"].fields():
            yield from _configured(call["module"].mapping(), f"{prefix}module.{name}.", depth + 1)


def _definition(values: Value) -> Value:
    """Its containers are JSON in a text."""
    made = _camel(values, "")
    node = values["container_definitions"]
    made.put("containerDefinitions", _json(node), node.place)
    return values.with_value(made)


def _json(node: Value) -> Any:
    text = node.text("JSON in a text") or "[]"
    try:
        found = documents(SourceText(f"{node.place.source}: {node.path}", text, Path()))
    except BadInput as error:
        node.say(str(error).removeprefix(f"{node.place.source}: {node.path}").lstrip(": "))
        return None
    return found[0] if found else None


def _service(each: _Resource, named: dict[str, str], bounds: list[Value]) -> Value:
    values = each.values
    made = _camel(values, "")
    name = values["name"].text() or each.address
    made.put("serviceName", name, values.place)
    if not values["task_definition"] and each.address in named:
        made.put("taskDefinition", named[each.address], values.place)
    for bound in bounds:
        if (bound["resource_id"].text() or "").rpartition("/")[2] == name:
            made.put("scalable", _camel(bound, ""), bound.place)
    return values.with_value(made)


def _camel(value: Value, key: str) -> PlacedMapping:
    made = PlacedMapping()
    for name, field in value.mapping().value.items() if value else ():
        word = name if key in _WORDS else _camel_case(name)
        inner = _block(field, word, value)
        if inner is not None:
            made.put(_PLURALS.get(word, word) if key not in _WORDS else word, inner, value.place)
    return made


def _block(field: Any, word: str, value: Value) -> Any:
    """A nested block, which is a list of one where only one may be there."""
    if isinstance(field, list):
        items = PlacedList()
        for item in field:
            items.add(_block(item, word, value), value.place)
        single = word not in _LISTS and len(items) == 1 and isinstance(items[0], dict)
        return items[0] if single else (items or None)
    if isinstance(field, dict):
        return _camel(value.with_value(field), word)
    return None if field == "" else field


def _camel_case(name: str) -> str:
    name = name.replace("target_cpu_", "target_CPU_")
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
