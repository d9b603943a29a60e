"""From manifests to drafts: a part for each object that makes pods."""

from collections import Counter

from sim.files.draft import Drafts, PartDraft
from sim.files.kubernetes.bounds import autoscale, defaults_in, note_quotas
from sim.files.kubernetes.containers import containers_of
from sim.files.kubernetes.objects import Objects, Resource, sorted_objects
from sim.files.kubernetes.placement import Labelled, place
from sim.files.kubernetes.storage import volumes_of
from sim.files.text.findings import Findings
from sim.files.text.value import Value


def read_manifests(documents: list[Value], name: str, findings: Findings) -> Drafts:
    """What manifests say."""
    objects = sorted_objects(documents, findings)
    names = _names(objects.workloads)
    parts = []
    for workload, unique in zip(objects.workloads, names, strict=True):
        if (part := _part(workload, unique, objects)) is not None:
            parts.append(part)
    place(parts)
    note_quotas([(each.part, each.namespace) for each in parts], objects)
    return Drafts(name=name, parts=[each.part for each in parts])


def _names(workloads: list[Resource]) -> list[str]:
    """One name a part: the object's, with its namespace or its kind where two share it."""
    names = [each.name for each in workloads]
    for full in ("kind", "namespace"):
        count = Counter(names)
        more = [str(getattr(each, full)).lower() or "default" for each in workloads]
        differ = {pair for pair in zip(names, more, strict=True)}
        names = [
            f"{name}.{rest}" if count[name] > 1 and _several(name, differ) else name
            for name, rest in zip(names, more, strict=True)
        ]
    return names


def _several(name: str, pairs: set[tuple[str, str]]) -> bool:
    """Whether those of a name differ in the other word."""
    return sum(one == name for one, _ in pairs) > 1


def _part(workload: Resource, name: str, objects: Objects) -> Labelled | None:
    spec = workload.node["spec"].mapping()
    template = workload.node if workload.kind == "Pod" else spec["template"].mapping()
    pod = template["spec"].mapping()
    if not pod:
        workload.node.say(f"{pod.path or 'spec'}: it is missing; it describes the pods")
        return None
    init, beside = containers_of(pod, defaults_in(workload.namespace, objects))
    if not beside:
        return None
    part = PartDraft(name=name, main=beside[0], init=init, sidecars=beside[1:])
    _copies(part, workload, spec, objects)
    part.volumes = volumes_of(name, pod, spec, objects)
    labels = {key: value.text() or "" for key, value in template.at("metadata", "labels").fields()}
    return Labelled(part, pod, labels, workload.namespace)


def _copies(part: PartDraft, workload: Resource, spec: Value, objects: Objects) -> None:
    match workload.kind:
        case "DaemonSet":
            part.daemon = True
        case "Job":
            part.once = True
            limits = (spec["parallelism"].count() or 1, spec["completions"].count())
            part.copies = min(limit for limit in limits if limit is not None)
        case "Pod":
            part.once = spec["restartPolicy"].text() in ("Never", "OnFailure")
        case _:
            autoscale(part, workload, spec["replicas"].count(), objects)
