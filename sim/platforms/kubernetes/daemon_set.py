"""What is asked of a node in a word: how many pods, and which run on every one."""

from typing import Annotated, TypeAlias

from pydantic import Field

from sim.core.cited import Number
from sim.core.description import description
from sim.core.quantity import NUMBER

MOST_PODS = 2**31 - 1
"""`maxPods` is a signed 32-bit number."""

MaxPods: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=MOST_PODS)]


@description
class DaemonSet:
    """A pod that runs on every node."""

    name: str
    cpu: Number = 0.0
    """vCPUs it requests."""
    memory: Number = 0.0
    """Bytes it requests."""
    used: Number = 0.0
    """Bytes it uses."""
    host_network: bool = False
    """Whether it shares the node's network, and so needs no address."""
