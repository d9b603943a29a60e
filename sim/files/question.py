"""What is asked of a reader."""

from pathlib import Path
from typing import Annotated, TypeAlias

from sim.core.description import description
from sim.core.question import Question, Typed
from sim.files.recognition import Dialect

Paths: TypeAlias = tuple[Path, ...]


@description
class HowRead(Question):
    """How files of an application are read."""

    dialect: Annotated[Dialect | None, Typed(name="as", shape="<dialect>")] = None
    """What they are, where their content does not tell: compose, kubernetes, ecs, cloudformation,
    terraform or own."""
    profile: Annotated[tuple[str, ...], Typed(shape="<name>", repeats=True)] = ()
    """Profile of compose that is on; may be given several times, * is all."""
    env: Annotated[Paths, Typed(shape="<file>", repeats=True)] = ()
    """File of variables for compose, instead of the .env beside it."""
    sizes: Annotated[Paths, Typed(shape="<file>", repeats=True)] = ()
    """What containers use, where the files do not tell what they need: docker stats --no-stream
    --format json, what sim fit --sizes writes, or what KRR or a vertical pod autoscaler
    recommend."""
    override: Annotated[Paths, Typed(name="file", short="f", shape="<file>", repeats=True)] = ()
    """Another compose file, merged over those before it."""


@description
class ReadQuestion(HowRead):
    """What do these files say? Sizes, copies and order of the services in them."""

    files: Annotated[Paths, Typed(shape="<file>", argument=True, repeats=True)]
    """Compose files, Kubernetes manifests, ECS task definitions or services (JSON, CloudFormation,
    the plan of Terraform), an application of one's own, or a folder of them; - is standard
    input."""
    write: Annotated[Path | None, Typed(shape="<file>")] = None
    """Write what was understood as an application of one's own, to be changed by hand."""
