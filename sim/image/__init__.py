"""Layers, images, manifests, a registry, and the store of layers on a host."""

from sim.image.document import BadManifest
from sim.image.image import Image, Layer
from sim.image.manifest import read_image
from sim.image.registry import Patience, Registry
from sim.image.store import Store, Unpacking

__all__ = [
    "BadManifest",
    "Image",
    "Layer",
    "Patience",
    "Registry",
    "Store",
    "Unpacking",
    "read_image",
]
