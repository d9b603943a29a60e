"""Which fields of a scenario file have an effect on which platform; the others are refused."""

from collections.abc import Iterator, Mapping
from typing import Any

APPLIES = {
    "host.instance": ("vm", "docker", "ec2", "ecs", "fargate", "eks"),  # fargate: its architecture
    "host.size": ("vm", "docker"),
    "host.count": ("ecs", "eks"),
    "host.disk": ("vm", "docker", "ecs", "fargate", "eks"),
    "host.architecture": ("fargate",),
    "network": ("ecs",),
    "trunking": ("ecs",),
    "strategy": ("ecs",),
    "pull_behavior": ("ecs",),
    "max_pods": ("eks",),
    "prefix_delegation": ("eks",),
    "scoring": ("eks",),
    "pod": ("eks", "eks-fargate"),
}
"""Fields that not every platform knows, by path."""


def without_effect(data: Mapping[Any, Any], platform: object) -> list[str]:
    """A message for each field that is given and would be ignored on that platform."""
    known = {name for platforms in APPLIES.values() for name in platforms}
    if platform not in known:  # a mistake of its own
        return []
    return [
        f"{path}: {value!r} is not allowed on {platform}, where it has no effect; "
        f"it is for {', '.join(APPLIES[path])}"
        for path, value in _given(data)
        if platform not in APPLIES[path]
    ]


def _given(data: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for path in APPLIES:
        first, _, inner = path.partition(".")
        part = data.get(first)
        if inner and isinstance(part, dict) and part.get(inner) is not None:
            yield path, part[inner]
        elif not inner and part is not None:
            yield path, part
