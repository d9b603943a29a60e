"""Docker Hub, Amazon ECR and ECR Public, with their quotas and with what their clients do."""

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from sim.catalog.figures import control_plane, figure, quota
from sim.core.cited import Cited
from sim.core.names import unknown
from sim.core.token_bucket import Quota
from sim.image import Registry, RetryPolicy

RegistryName: TypeAlias = Literal[
    "ecr",
    "ecr-public",
    "ecr-public-anonymous",
    "docker-hub",
    "docker-hub-public-ip",
    "docker-hub-personal",
    "docker-hub-paid",
    "ecr-cache-docker-hub",
    "ecr-cache-ecr-public",
]
NAMES: tuple[RegistryName, ...] = get_args(RegistryName)
BEHIND = {
    "ecr-cache-docker-hub": "docker-hub-personal",
    "ecr-cache-ecr-public": "ecr-public",
}
"""What a pull-through cache of ECR fetches from; of Docker Hub it needs an account."""


def registry(name: str = "ecr", *, retry_policy: RetryPolicy | None = None) -> Registry:
    """A registry in the same region, as the ECS agent pulls from it.

    Args:
        name: `ecr` (private), `ecr-public` (from AWS, or with a login), `ecr-public-anonymous`
            (from elsewhere, without one), or Docker Hub: `docker-hub` (anonymous, all hosts behind
            one NAT gateway), `docker-hub-public-ip` (anonymous, an address for each host),
            `docker-hub-personal`, `docker-hub-paid`; or a pull-through cache of ECR in front of
            one: `ecr-cache-docker-hub` (with a personal account), `ecr-cache-ecr-public`.
        retry_policy: of the client; None: the ECS agent's.

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
        looks_count=_private(name),
        per_host=name == "docker-hub-public-ip",
        layers=_per_second("registry.ecr.layer_urls") if _private(name) else None,
        retry_policy=ecs_agent() if retry_policy is None else retry_policy,
        upstream=registry(BEHIND[name]) if name in BEHIND else None,
    )


def registry_names() -> tuple[str, ...]:
    """Those that `registry` knows."""
    return NAMES


def ecs_agent() -> RetryPolicy:
    """Five tries, 1.1 to 5 s between them, and two hours for a pull."""
    return RetryPolicy(
        waiting="retry",
        first=figure("ecs.agent.pull_backoff.first"),
        longest=figure("ecs.agent.pull_backoff.longest"),
        tries=int(figure("ecs.agent.pull_retries").value),
        timeout=figure("ecs.agent.pull_timeout"),
    )


def kubelet_retry_policy() -> RetryPolicy:
    """At most 5 pulls a second and node (burst 10); a pull that fails is tried again after 10 s,
    then twice as long up to 300 s, for ever."""
    return RetryPolicy(
        waiting="retry",
        first=figure("kubelet.image_back_off"),
        longest=figure("kubelet.image_back_off.longest"),
        pulls=quota("kubelet.registry_pull"),
        error="ErrImagePull",
        word="ImagePullBackOff",
    )


def _private(name: str) -> bool:
    return name == "ecr" or name in BEHIND


def _pulls(name: str) -> Quota | None:
    if _private(name):
        return _per_second("registry.ecr.manifests")
    if name == "ecr-public":
        return _per_second("registry.ecr_public.pulls")
    if name == "ecr-public-anonymous":
        return _per_second("registry.ecr_public.anonymous")
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
