"""Which platform of an index (or manifest list) is meant, and what to fetch where it is not there.

An index holds descriptors only. `docker manifest inspect -v` prints each of its manifests in
full, beside the descriptor that names the platform.
"""

from dataclasses import dataclass
from typing import get_args

from sim.host.machine import Architecture
from sim.image.manifest.json_document import BadManifest, Node, shown
from sim.image.manifest.oci import digest_of

ATTESTATION = "vnd.docker.reference.type"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One platform's image in an index."""

    architecture: str
    variant: str
    node: Node


def candidates(entries: list[Node], *, verbose: bool) -> list[Candidate]:
    """The images of Linux in an index; attestations and other systems are not images for it.

    Args:
        verbose: the entries have a `Descriptor` beside the manifest itself.
    """
    found = []
    for entry in entries:
        descriptor = entry.at("Descriptor") if verbose else entry
        annotations = descriptor.at("annotations") if "annotations" in descriptor else Node({})
        if "platform" not in descriptor or ATTESTATION in annotations:
            continue
        platform = descriptor.at("platform")
        if platform.at("os").text() == "linux":
            word = platform.at("architecture").text()
            found.append(Candidate(word, platform.word("variant"), entry))
    return found


def choose(
    entries: list[Candidate], architecture: Architecture, notes: list[str]
) -> tuple[Candidate, tuple[Architecture, ...]]:
    """The candidate for an architecture, or the only one, and all that the image runs on.

    Raises:
        BadManifest: it runs on none that is modelled.
    """
    known: tuple[Architecture, ...] = get_args(Architecture)
    here = {entry.architecture for entry in entries}
    offered = tuple(name for name in known if name in here)
    if not offered:
        words = ", ".join(shown(f"linux/{name}") for name in sorted(here)[:5]) or "no platform"
        raise BadManifest(f"it offers {words}; allowed: linux/amd64, linux/arm64")
    chosen = architecture if architecture in offered else offered[0]
    if chosen != architecture:
        notes.append(only_for(chosen))
    return next(entry for entry in entries if entry.architecture == chosen), offered


def only_for(architecture: Architecture) -> str:
    """The note on an image that does not run where it was asked for."""
    return f"The image is for {architecture} only; elsewhere its start ends in exec format error."


def architecture_of(node: Node, system: Node) -> Architecture:
    """The architecture that a tool prints.

    Raises:
        BadManifest: it is not of Linux, or not modelled.
    """
    if system.text() != "linux":
        raise system.wrong("linux: no other system is modelled")
    for name in get_args(Architecture):
        if name == node.text():
            known: Architecture = name
            return known
    raise node.wrong("amd64 or arm64: no other architecture is modelled")


def to_fetch(candidate: Candidate) -> BadManifest:
    """What is missing when an index names a manifest and does not hold it."""
    digest = digest_of(candidate.node.at("digest"))
    return BadManifest(
        "it is an index: one descriptor a platform, and no layers. Fetch the manifest for "
        f"linux/{candidate.architecture}, {digest}:\n"
        f"docker manifest inspect IMAGE@{digest}\n"
        f"(or crane manifest, or skopeo inspect --raw docker://; all platforms in one file: "
        "docker manifest inspect -v IMAGE)"
    )
