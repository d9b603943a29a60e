"""Images: built from Dockerfiles, read from manifests, pulled from registries, kept on hosts."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.image.dockerfile.build import Built, build_file
    from sim.image.dockerfile.errors import BadDockerfile
    from sim.image.image import Image, Layer
    from sim.image.manifest.json_document import BadManifest
    from sim.image.manifest.read import read_image
    from sim.image.transfer.builder import Builder
    from sim.image.transfer.client import (
        KUBERNETES,
        AgentPull,
        NoSpace,
        PullFailed,
        PullPolicy,
        RetryPolicy,
    )
    from sim.image.transfer.garbage_collection import ImageCleanup
    from sim.image.transfer.image_store import ImageStore
    from sim.image.transfer.push import Packing
    from sim.image.transfer.registry import Registry, Repository
    from sim.image.transfer.unpacking import Lazy, Unpacking

__all__ = [
    "KUBERNETES",
    "AgentPull",
    "BadDockerfile",
    "BadManifest",
    "Builder",
    "Built",
    "Image",
    "ImageCleanup",
    "ImageStore",
    "Layer",
    "Lazy",
    "NoSpace",
    "Packing",
    "PullFailed",
    "PullPolicy",
    "Registry",
    "Repository",
    "RetryPolicy",
    "Unpacking",
    "build_file",
    "read_image",
]

facade(__name__)
