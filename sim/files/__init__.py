"""Readers: what stands in a user's own files becomes an application.

They know formats, not platforms: compose, Kubernetes manifests, ECS task definitions and services
(also inside CloudFormation and what Terraform plans). Each value is read by the units of its own
dialect; what is not understood is listed, never dropped in silence.
"""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.files.reading import read

__all__ = ["read"]

facade(__name__)
