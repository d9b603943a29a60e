"""How much of a scenario file is run: options that its verbs share, and what came of them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator

from sim import catalog
from sim.cli.options import WorkerOptions
from sim.cli.screen import note
from sim.core.description import description
from sim.core.quantity import number_in
from sim.core.question import Typed
from sim.experiment import RelativeHalfWidth
from sim.experiment.replication import Effort
from sim.experiment.storage.whole_file import in_words
from sim.scenario_file import Loaded, load_scenario
from sim.studies.kinds import CountOrNone, at_least


def _replications(value: object) -> int | RelativeHalfWidth:
    text = str(value)
    if text.partition(":")[0] != "auto":
        return at_least(1, value)
    share = text.partition(":")[2]
    if not share:
        return RelativeHalfWidth()
    target = number_in(share)
    if target is None or not 0.0 < target < 1.0:
        raise ValueError(f"{text[:40]!r} is not allowed; a number, auto, or such as auto:0.02")
    return RelativeHalfWidth(target)


def _loaded(path: str) -> Loaded:
    try:
        return load_scenario(path)
    except OSError as error:
        raise ValueError(in_words(error)) from error


ScenarioPath = Annotated[
    Loaded, PlainValidator(_loaded), Typed(argument=True, shape="SCENARIO.yaml")
]


@description
class Runs:
    """How many runs, with which random numbers."""

    replications: Annotated[
        int | RelativeHalfWidth | None, PlainValidator(_replications), Typed(shape="<integer>")
    ] = None
    """How many, instead of the file's; auto stops once the mean time to ready is known to 5%,
    auto:0.02 to 2%."""
    seed: CountOrNone | None = None
    """Seed for the random numbers, instead of the file's."""


def effort(loaded: Loaded, runs: Runs, workers: WorkerOptions, out: Path) -> Effort:
    """What the file says, unless the command line says otherwise."""
    options: Effort = {"catalogue": catalog.digest(), "jobs": workers.jobs, "out": out}
    options |= {"cluster": workers.cluster}
    options["seed"] = loaded.file.seed if runs.seed is None else runs.seed
    if isinstance(runs.replications, RelativeHalfWidth):
        options["until"] = runs.replications
    else:
        options["times"] = runs.replications or loaded.file.replications
    return options


def remark_on(loaded: Loaded) -> None:
    """Say of a service that is called as an app, and is none, that it is none."""
    service = loaded.data.get("service")
    if (
        not isinstance(service, dict)
        or "app" in service
        or service.get("name") not in catalog.apps()
    ):
        return
    name = service["name"]
    note(
        f"service.name: {name!r} is only a name; this service is a generic app without an image "
        f"or start-up work. 'app: {name}' takes those of {name}"
    )


def how_many(results: Any) -> str:
    """How many replications an interval has taken; empty where their number was given."""
    manifest = results.manifest
    if "target" not in manifest:
        return ""
    widest = max(manifest["relative_half_width"].values(), default=float("nan"))
    return (
        f"{manifest['replications']} replications: the mean of {manifest['metric']} is known to "
        f"{widest:.1%} (target {manifest['target']:.1%}, "
        f"{'' if manifest['reached'] else 'not '}reached)."
    )
