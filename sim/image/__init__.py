"""Layers, images, manifests, a registry, and the store of layers on a host."""

from sim.image.dockerfile._build import (
    Built,
    build_file,
)
from sim.image.dockerfile.errors import (
    BadDockerfile,
)
from sim.image.image import (
    Image,
    Layer,
)
from sim.image.manifest.json_document import (
    BadManifest,
)
from sim.image.manifest.read import (
    read_image,
)
from sim.image.transfer.behavior import (
    KUBERNETES,
    AgentPull,
    PullBehavior,
)
from sim.image.transfer.builder import (
    Builder,
)
from sim.image.transfer.client import (
    NoSpace,
    Patience,
    PullFailed,
)
from sim.image.transfer.garbage_collection import (
    Cleanup,
)
from sim.image.transfer.image_store import (
    Store,
)
from sim.image.transfer.push import (
    Packing,
)
from sim.image.transfer.registry import (
    Registry,
)
from sim.image.transfer.repository import (
    Repository,
)
from sim.image.transfer.unpacking import (
    Lazy,
    Unpacking,
)

__all__ = [
    "KUBERNETES",
    "AgentPull",
    "BadDockerfile",
    "BadManifest",
    "Builder",
    "Built",
    "Cleanup",
    "Image",
    "Layer",
    "Lazy",
    "NoSpace",
    "Packing",
    "Patience",
    "PullBehavior",
    "PullFailed",
    "Registry",
    "Repository",
    "Store",
    "Unpacking",
    "build_file",
    "read_image",
]
