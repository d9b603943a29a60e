"""What is asked of a reader."""

from pathlib import Path
from typing import Annotated, TypeAlias

from sim.core.description import description
from sim.core.names import Dialect
from sim.core.question import Question, Typed

Paths: TypeAlias = tuple[Path, ...]


@description
class HowRead(Question):
    """How files of an application are read."""

    dialect: Annotated[Dialect | None, Typed(name="as", shape="<dialect>")] = None
    """Format of the files, where their content does not show it: compose, kubernetes, ecs,
    cloudformation, terraform or own."""
    profile: Annotated[tuple[str, ...], Typed(shape="<name>", repeats=True)] = ()
    """Compose profile to turn on; may be given several times, * turns on all."""
    env: Annotated[Paths, Typed(shape="<file>", repeats=True)] = ()
    """File of variables for compose, instead of the .env beside the compose file."""
    sizes: Annotated[Paths, Typed(shape="<file>", repeats=True)] = ()
    """Measured sizes, for containers whose files give none: the output of docker stats --no-stream
    --format json or of sim fit --sizes, or what KRR or a vertical pod autoscaler recommends."""
    override: Annotated[Paths, Typed(name="file", short="f", shape="<file>", repeats=True)] = ()
    """Another compose file, merged over those before it."""


@description
class ReadQuestion(HowRead):
    """What do these files say? Sizes, copies and order of the services in them."""

    files: Annotated[Paths, Typed(shape="FILE", argument=True, repeats=True)]
    """Compose files, Kubernetes manifests, ECS task definitions or services (JSON, CloudFormation,
    the plan of Terraform), an application file of your own, or a folder of them; - is standard
    input."""
    write: Annotated[Path | None, Typed(shape="<file>")] = None
    """Write what was understood to this file, as an application that you can edit by hand."""
