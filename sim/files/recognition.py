"""Which dialect a document is in, seen from its content."""

from collections.abc import Callable
from typing import Any

from sim.core.names import Dialect
from sim.core.question import BadInput

_COMPOSE = {
    "services", "include", "name", "version", "volumes", "networks", "secrets", "configs", "models",
}  # fmt: skip
_CHART = {"apiVersion", "name", "version"}


def dialect_of(document: Any, name: str) -> Dialect:
    """The dialect of a document.

    Raises:
        BadInput: it is none that is read; what it looks like, and what to do.
    """
    if isinstance(document, list):
        document = next((each for each in document if isinstance(each, dict)), None)
    if not isinstance(document, dict):
        raise _unknown(name, "it is not a mapping of names to values")
    keys = {key for key in document if isinstance(key, str)}
    _refuse_sources(document, keys, name)
    for dialect, is_it in _SIGNS.items():
        if is_it(document, keys):
            return dialect
    if _is_old_compose(document):
        raise _unknown(name, "it is compose of version 1; put all of it below 'services:'")
    raise _unknown(name, _seen(keys))


_ECS_KEYS = {
    "containerDefinitions", "taskDefinition", "taskDefinitionArn", "ContainerDefinitions",
    "serviceName", "serviceArn", "taskDefinitions", "capacityProviderStrategy",
}  # fmt: skip

_SIGNS: dict[Dialect, Callable[[dict[str, Any], set[str]], bool]] = {
    "kubernetes": lambda _, keys: "kind" in keys and bool(keys & {"apiVersion", "metadata"}),
    "own": lambda _, keys: bool(keys & {"application", "app"}),
    "cloudformation": lambda document, _: isinstance(document.get("Resources"), dict),
    "terraform": lambda _, keys: bool(keys & {"planned_values", "terraform_version"}),
    "ecs": lambda document, keys: (
        bool(keys & _ECS_KEYS)
        or _are_services(document.get("services"))
        or {"name", "image"} <= keys
    ),
    "compose": lambda _, keys: (
        bool(keys & {"services", "include"}) or (bool(keys) and all(map(_goes_in_compose, keys)))
    ),
}
"""What a document of each dialect looks like."""


def _are_services(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(each, dict) and each.keys() & _ECS_KEYS for each in value
    )


def _refuse_sources(document: dict[str, Any], keys: set[str], name: str) -> None:
    """What has to be rendered before it says anything."""
    kind = document.get("kind")
    if kind in ("Kustomization", "Component") or (
        kind is None and isinstance(document.get("resources"), list)
    ):
        raise BadInput(f"{name}: render it first: kubectl kustomize FOLDER | sim read -")
    if kind is None and keys >= _CHART and not keys & {"services", "include"}:
        raise BadInput(
            f"{name}: a chart has no sizes yet; render it first: helm template FOLDER | sim read -"
        )


def _goes_in_compose(key: str) -> bool:
    return key in _COMPOSE or key.startswith("x-")


def _is_old_compose(document: dict[str, Any]) -> bool:
    return any(
        isinstance(each, dict) and isinstance(each.get("image", each.get("build")), str)
        for each in document.values()
    )


def _seen(keys: set[str]) -> str:
    if not keys:
        return "it is empty"
    return f"its keys are {', '.join(sorted(keys)[:6])}{' and others' if len(keys) > 6 else ''}"


def _unknown(name: str, seen: str) -> BadInput:
    if "platform" in seen and "arrivals" in seen:
        return BadInput(f"{name}: this is a scenario file; try sim run {name}")
    return BadInput(
        f"{name}: this is neither compose, Kubernetes, ECS, CloudFormation, Terraform nor an app "
        f"of your own ({seen})"
    )
