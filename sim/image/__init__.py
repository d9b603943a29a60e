"""Layers, images, manifests, a registry, and the store of layers on a host."""

from sim.image.behavior import (
    KUBERNETES,
    AgentPull,
    PullBehavior,
)
from sim.image.build import (
    Built,
    build_file,
)
from sim.image.builder import (
    Builder,
)
from sim.image.cleanup import (
    Cleanup,
)
from sim.image.document import (
    BadManifest,
)
from sim.image.image import (
    Image,
    Layer,
)
from sim.image.manifest import (
    read_image,
)
from sim.image.mistakes import (
    BadDockerfile,
)
from sim.image.patience import (
    NoSpace,
    Patience,
    PullFailed,
)
from sim.image.push import (
    Packing,
)
from sim.image.registry import (
    Registry,
)
from sim.image.repository import (
    Repository,
)
from sim.image.store import (
    Store,
)
from sim.image.unpacking import (
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
