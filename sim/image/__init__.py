"""Layers, images, manifests, a registry, and the store of layers on a host."""

from sim.image.build import Built, build_file
from sim.image.document import BadManifest
from sim.image.image import Image, Layer
from sim.image.manifest import read_image
from sim.image.mistakes import BadDockerfile
from sim.image.registry import Patience, Registry
from sim.image.store import Store, Unpacking

__all__ = [
    "BadDockerfile",
    "BadManifest",
    "Built",
    "Image",
    "Layer",
    "Patience",
    "Registry",
    "Store",
    "Unpacking",
    "build_file",
    "read_image",
]
