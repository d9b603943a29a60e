"""Layers, images, a registry, and the store of layers on a host."""

from sim.image.image import Image, Layer
from sim.image.registry import Registry
from sim.image.store import Store, Unpacking

__all__ = ["Image", "Layer", "Registry", "Store", "Unpacking"]
