"""Layers, images, manifests, a registry, and the store of layers on a host."""

from sim.image.build import Built, build_file
from sim.image.builder import Builder
from sim.image.document import BadManifest
from sim.image.image import Image, Layer
from sim.image.manifest import read_image
from sim.image.mistakes import BadDockerfile
from sim.image.push import Packing
from sim.image.registry import Patience, Registry
from sim.image.repository import Repository
from sim.image.store import Store, Unpacking

__all__ = [
    "BadDockerfile",
    "BadManifest",
    "Builder",
    "Built",
    "Image",
    "Layer",
    "Packing",
    "Patience",
    "Registry",
    "Repository",
    "Store",
    "Unpacking",
    "build_file",
    "read_image",
]
