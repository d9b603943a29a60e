"""Docker Hub, Amazon ECR and ECR Public, with their quotas and with what their clients do."""

from dataclasses import replace
from typing import Literal, TypeAlias

from sim.catalog.figures import control_plane, figure
from sim.catalog.names import unknown
from sim.core.bucket import Quota
from sim.core.cited import Cited
from sim.image import Patience, Registry

RegistryName: TypeAlias = Literal[
    "ecr", "ecr-public", "docker-hub", "docker-hub-personal", "docker-hub-paid"
]
NAMES = ("ecr", "ecr-public", "docker-hub", "docker-hub-personal", "docker-hub-paid")


def registry(name: str = "ecr", *, patience: Patience | None = None) -> Registry:
    """A registry in the same region, as the ECS agent pulls from it.

    Args:
        name: `ecr` (private), `ecr-public`, or Docker Hub: `docker-hub` (anonymous),
            `docker-hub-personal`, `docker-hub-paid`.
        patience: of the client; None: the ECS agent's.

    Raises:
        UnknownName: there is no such registry.
    """
    if name not in NAMES:
        raise unknown("registry", name, NAMES)
    return Registry(
        name=name,
        latency=control_plane("registry.latency"),
        connection_rate=control_plane("registry.connection_rate"),
        pulls=_pulls(name),
        layers=_per_second("registry.ecr.layer_urls") if name == "ecr" else None,
        patience=ecs_agent() if patience is None else patience,
    )


def registry_names() -> tuple[str, ...]:
    """Those that `registry` knows."""
    return NAMES


def ecs_agent() -> Patience:
    """Five tries, and 1.1 to 5 s between them."""
    return Patience(
        waiting="retry",
        first=figure("ecs.agent.pull_backoff.first"),
        longest=figure("ecs.agent.pull_backoff.longest"),
        tries=int(figure("ecs.agent.pull_retries").value),
    )


def _pulls(name: str) -> Quota | None:
    if name == "ecr":
        return _per_second("registry.ecr.manifests")
    if name == "ecr-public":
        return _per_second("registry.ecr_public.pulls")
    if name == "docker-hub-paid":
        return None
    plan = "personal" if name == "docker-hub-personal" else "anonymous"
    return _per_window(figure(f"registry.docker_hub.{plan}"))


def _per_second(key: str) -> Quota:
    """A published rate; the size of its bucket is not published, and taken as one second's."""
    rate = figure(key)
    seconds = figure("registry.bucket_seconds")
    size = replace(
        rate,
        key=f"{key}.bucket",
        value=rate.value * seconds.value,
        low=rate.value * (seconds.low or 0.0),
        high=rate.value * (seconds.high or 0.0),
        grade="assumed",
        note=f"{key} times registry.bucket_seconds",
    )
    return Quota(size=size, refill=rate)


def _per_window(pulls: Cited) -> Quota:
    """So many pulls in six hours: a full bucket that comes back within the window."""
    window = figure("registry.docker_hub.window")
    refill = replace(
        pulls,
        key=f"{pulls.key}.refill",
        value=pulls.value / window.value,
        unit="pulls/s",
        low=None,
        high=None,
        grade="C",
        note=f"{pulls.key} over registry.docker_hub.window",
    )
    return Quota(size=pulls, refill=refill)
