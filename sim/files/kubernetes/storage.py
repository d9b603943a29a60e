"""Volumes of pods: claims, folders of the node, room of their own."""

from collections.abc import Iterator

from sim.files.kubernetes.objects import Objects
from sim.files.quantities import kubernetes_bytes
from sim.files.text.value import Value
from sim.workload import Volume


def volumes_of(part: str, pod: Value, spec: Value, objects: Objects) -> list[Volume]:
    """What pods write to besides their own layer; settings and secrets are none of it."""
    return [*_mounted(pod, objects), *_claimed(part, spec)]


def _mounted(pod: Value, objects: Objects) -> Iterator[Volume]:
    for volume in pod["volumes"].items("a list of volumes"):
        if mounted := volume.made(_mount, volume, objects):
            yield mounted


def _mount(volume: Value, objects: Objects) -> Volume | None:
    name = volume["name"].text() or "?"
    if volume["persistentVolumeClaim"]:
        claim = volume.at("persistentVolumeClaim", "claimName").text() or name
        return Volume(name=claim, size=_size_of(claim, objects))
    if volume["hostPath"]:
        return Volume(name=name, storage="bind")
    return Volume(name=name, storage="shared") if volume["nfs"] else None


def _size_of(claim: str, objects: Objects) -> float | None:
    for each in objects.of("PersistentVolumeClaim"):
        if each.name == claim:
            return _room(each.node)
    return None


def _claimed(part: str, spec: Value) -> Iterator[Volume]:
    """A claim of each copy."""
    for claim in spec["volumeClaimTemplates"].items("a list of claims"):
        name = claim.at("metadata", "name").text() or "?"
        if volume := claim.made(Volume, name=f"{name}-{part}", size=_room(claim)):
            yield volume


def _room(claim: Value) -> float | None:
    return claim.at("spec", "resources", "requests", "storage").parsed(kubernetes_bytes) or None
