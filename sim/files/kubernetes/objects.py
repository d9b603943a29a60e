"""The objects of manifests, sorted: what runs, what sets its bounds, what takes no room."""

from collections.abc import Iterator
from typing import NamedTuple

from sim.core.question import BadInput
from sim.files.text.findings import Findings
from sim.files.text.value import Value

WORKLOADS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "Pod",
)
BOUNDS = ("HorizontalPodAutoscaler", "LimitRange", "ResourceQuota", "PersistentVolumeClaim")
MOST_OBJECTS = 2000

MADE_BY_ANOTHER = "made by another object"
"""Why an object is ignored that a Deployment or another one makes."""

_OWN_GROUPS = ("apps", "batch", "policy", "autoscaling", "extensions", "v1", "")
_MAKES_PODS = ("replicas", "template", "instances", "nodeSets", "size", "podTemplate", "members")
"""Fields of a custom object from which an operator makes pods."""


class Resource(NamedTuple):
    """One object."""

    kind: str
    name: str
    namespace: str
    node: Value


class Objects(NamedTuple):
    """What is read of a set of manifests."""

    workloads: list[Resource]
    bounds: list[Resource]

    def of(self, kind: str) -> list[Resource]:
        """The bounds of one kind."""
        return [each for each in self.bounds if each.kind == kind]


def sorted_objects(documents: list[Value], findings: Findings) -> Objects:
    """The objects of all documents; what takes no room is counted."""
    objects = Objects([], [])
    for document in documents:
        for node in _listed(document):
            _sort(node, objects, findings)
            if len(objects.workloads) + len(objects.bounds) > MOST_OBJECTS:
                raise BadInput(
                    f"{node.place}: more than {MOST_OBJECTS:,} objects that run pods or limit them"
                )
    return objects


def _listed(node: Value) -> Iterator[Value]:
    """An object, or the items of a list of them."""
    kind = node.value.get("kind") if isinstance(node.value, dict) else None
    if isinstance(kind, str) and kind.endswith("List") and "items" in node:
        for item in node["items"].items("a list of objects"):
            yield from _listed(item)
    elif isinstance(node.value, dict):
        yield node
    else:
        node.say("an object with a kind is needed, such as a Deployment")


def _sort(node: Value, objects: Objects, findings: Findings) -> None:
    kind = node["kind"].text()
    if kind is None:
        if node.value:
            node.say(f"an object needs a kind, such as {', '.join(WORKLOADS[:3])}")
        return
    name = node.at("metadata", "name").text() or node.at("metadata", "generateName").text()
    space = node.at("metadata", "namespace").text() or ""
    group = (node["apiVersion"].text() or "").rpartition("/")[0]
    found = Resource(kind, name or "", space, node)
    if group not in _OWN_GROUPS and not group.endswith(".k8s.io"):
        _custom(found, findings)
    elif kind in WORKLOADS:
        _workload(found, objects.workloads, findings)
    elif kind in BOUNDS:
        objects.bounds.append(found)
        if kind == "PersistentVolumeClaim":
            findings.ignore(kind)
    elif kind == "CronJob":
        findings.ignore(kind)
        findings.note("left out: a CronJob runs only on its schedule", name or "")
    else:
        findings.ignore(kind)


def _workload(found: Resource, workloads: list[Resource], findings: Findings) -> None:
    """One object of a name; of two, the last that is applied stays."""
    if not found.name:
        found.node.say("metadata.name: it is missing; every object needs one")
        return
    if any(ref for ref in found.node.at("metadata", "ownerReferences").items()):
        findings.ignore(f"{found.kind} {MADE_BY_ANOTHER}")
        return
    for number, other in enumerate(workloads):
        if other[:3] == found[:3]:
            findings.note("appears more than once; the last one counts", found.name)
            workloads[number] = found
            return
    workloads.append(found)


def _custom(found: Resource, findings: Findings) -> None:
    spec = found.node["spec"]
    if any(key in spec for key in _MAKES_PODS):
        findings.ignore(f"{found.kind}, whose pods an operator makes")
        findings.note(
            "an operator makes their pods, which are not counted",
            f"{found.kind} {found.name}".strip(),
        )
    else:
        findings.ignore(found.kind)
