"""How much is run, and where: options that the verbs and the scenario scripts share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import BadInput, Inputs

if TYPE_CHECKING:
    from sim.experiment import RelativeHalfWidth
    from sim.experiment.replication import Effort

Replications = Annotated[
    str | None,
    typer.Option(
        help="A number, instead of the file's; auto: until the mean time to ready is known to "
        "5 %, auto:0.02: to 2 %."
    ),
]
Jobs = Annotated[
    str | None, typer.Option(help="Processes of this machine; one for each core where it pays.")
]
ClusterAddress = Annotated[
    str | None,
    typer.Option("--cluster", help="A Dask scheduler instead, as tcp://HOST:8786; or local."),
]


def effort(
    inputs: Inputs,
    *,
    replications: str | None,
    seed: str | None,
    jobs: str | None,
    cluster: str | None,
) -> "Effort":
    """What was asked for; what was not typed is absent."""
    asked: Effort = {}
    if replications is not None and replications.partition(":")[0] == "auto":
        asked["until"] = inputs.read("replications", replications, _until)
    elif replications is not None:
        asked["times"] = inputs.integer("replications", replications, 1)
    if seed is not None:
        asked["seed"] = inputs.integer("seed", seed, 0)
    if jobs is not None:
        asked["jobs"] = inputs.integer("jobs", jobs, 1)
    if cluster is not None:
        asked["cluster"] = cluster
    return asked


def _until(text: str) -> "RelativeHalfWidth":
    from sim.experiment import RelativeHalfWidth

    share = text.partition(":")[2]
    try:
        return RelativeHalfWidth(float(share)) if share else RelativeHalfWidth()
    except ValueError:
        raise ValueError(f"{text!r} is not allowed; a number, auto, or such as auto:0.02") from None


def made(run: Callable[[], object]) -> Any:
    """What was asked for, or what was wrong with it.

    Raises:
        BadInput: it cannot be run.
    """
    try:
        return run()
    except ValueError as error:
        raise BadInput(str(error)) from error


def how_many(results: Any) -> str:
    """How many replications an interval has taken; empty where their number was given."""
    told = results.manifest
    if "target" not in told:
        return ""
    widest = max(told["relative_half_width"].values(), default=float("nan"))
    return (
        f"{told['replications']} replications: the mean of {told['metric']} is known to "
        f"{widest:.1%} (target {told['target']:.1%}, {'' if told['reached'] else 'not '}reached)."
    )
