"""What an application's files are written in, and where they run as they are."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from sim.core.names import Dialect
from sim.studies.platform_row import PlatformRow


class _Form(NamedTuple):
    """What an orchestrator is told what to run by."""

    files: str
    """What they are called."""
    taken_by: str
    """Who takes them as they are."""


_MANIFESTS = _Form("manifests", "EKS")
_TASKS = _Form("task definitions", "ECS")

_WRITTEN: Mapping[Dialect, _Form] = {
    "kubernetes": _MANIFESTS,
    "ecs": _TASKS,
    "cloudformation": _TASKS,
}
"""Compose is left out: only Docker itself takes it. So is Terraform, which plans for either."""

_Family: TypeAlias = tuple[str, str]
_NEEDS: tuple[_Family, ...] = (
    ("eks", "EKS needs manifests"),
    ("ecs", "ECS needs task definitions"),
    ("fargate", "ECS needs task definitions"),
    ("docker", "Docker needs a compose file"),
    ("ec2", "EC2 needs a machine image for each service"),
    ("vm", "a VM needs an image of its own for each service"),
)
"""By how the name of a platform begins, what it would take instead."""


def unchanged_line(dialect: Dialect | None, row: PlatformRow) -> str:
    """That a platform does not take an application's files as they are; empty where it does."""
    form = None if dialect is None else _WRITTEN.get(dialect)
    needs = next((words for start, words in _NEEDS if row.name.startswith(start)), "")
    if form is None or needs.startswith(form.taken_by):
        return ""
    end = f"; {needs}" if needs else ""
    return f"Your {form.files} run unchanged on {form.taken_by} only{end}."
