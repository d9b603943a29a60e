"""A hog: a program that asks for all it can get of one resource."""

from typing import Literal, TypeAlias

from pydantic import PositiveInt

from sim.core.description import description

Hogged: TypeAlias = Literal["cpu", "memory", "cache", "bandwidth", "disk", "network", "fork"]

COMPUTES = ("cpu", "cache", "bandwidth", "fork")
"""Hogs that also keep their threads busy."""

GROWS = ("memory", "fork")
"""Hogs that take memory until they are stopped."""


@description
class Hog:
    """Asks without end for one resource."""

    resource: Hogged
    """`fork`: processes; `cache` and `bandwidth`: those of the memory, which nothing shares out."""
    threads: PositiveInt
    """Threads that run, requests to a disk that are queued, or flows that send, at once."""
