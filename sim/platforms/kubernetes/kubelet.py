"""The kubelet's settings."""

from pydantic import Field, PositiveInt

from sim.core.cited import Number
from sim.core.description import description
from sim.core.token_bucket import Quota
from sim.host import Step


@description
class Kubelet:
    """A kubelet's settings, and what it takes to make a pod's sandbox."""

    pulls: Quota
    """`registryPullQPS` and `registryBurst`. An image that is on the node is not pulled
    (`IfNotPresent`)."""
    parallel_pulls: PositiveInt | None = None
    """Images that it pulls at once (`maxParallelImagePulls`), 1 with `serializeImagePulls: true`;
    None: any number."""
    back_off: Number
    """Seconds until the kubelet tries a pull again; doubled after each further try."""
    longest_back_off: Number
    """Most seconds between two tries."""
    sandbox: Step = Field(default_factory=Step)
    """Pod sandbox and network (RunPodSandbox, CNI ADD)."""
    sandbox_memory: Number = 0.0
    """Bytes the node holds for a pod's sandbox: pause container and containerd's shim."""
