"""When a host contacts a registry for an image, and what it does when that fails."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

AgentPull: TypeAlias = Literal["default", "always", "once", "prefer-cached"]
"""`ECS_IMAGE_PULL_BEHAVIOR`: `default` contacts the registry for every start and falls back on the
image that is here when that fails; `always` fails then; `once` contacts it unless an earlier start
on this host has pulled the image and it is still here; `prefer-cached` unless the image is here,
whoever brought it."""

PullBehavior: TypeAlias = AgentPull | Literal["never"]
"""The agent's words, and `never`: an image that is not here is an error."""

KUBERNETES: Mapping[str, PullBehavior] = {
    "Always": "always",
    "IfNotPresent": "prefer-cached",
    "Never": "never",
}
"""`imagePullPolicy` in the same words."""


def contacts(behavior: PullBehavior, *, here: bool, pulled: bool) -> bool:
    """Whether the registry is contacted.

    Args:
        here: a container can start from it.
        pulled: an earlier start on this host has pulled the image.
    """
    if behavior == "once":
        return not (here and pulled)
    return behavior in ("default", "always") or not here
