"""`sim demo`: the whole comparison, small, with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim import plots
from sim.cli import density as density_verb
from sim.cli import startup as startup_verb
from sim.cli.options import Simulated, WorkerOptions, runs_on
from sim.cli.screen import as_json, note, say, wrote
from sim.cli.script import picture
from sim.core.description import description
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.study import density
from sim.studies.kinds import Replications, Seed
from sim.studies.one_server import one_server
from sim.studies.startup.answer import StartupAnswer
from sim.studies.startup.study import startup
from sim.units import MiB

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@description
class DemoQuestion:
    """VMs, Docker, EC2, ECS, EKS and Fargate on one machine: how many, how soon, how much?"""

    seed: Seed = 1
    replications: Replications = 30
    """Replications of the starts."""


def command(question: DemoQuestion, workers: WorkerOptions, to: Simulated) -> int:
    """Ask for density and start-up, and draw both."""
    seed = question.seed
    many = density(cpu=0.25, memory=512 * MiB, window=20.0, use_on=("vm", "docker"), seed=seed)
    with runs_on(workers, to.out):
        soon = startup(app="java", replications=question.replications, seed=seed)
        folders = [many.results().save(to.out), soon.results.save(to.out)]
        pictures = _pictures(many, soon, seed, to.out / "demo")
    if to.json:
        as_json({"density": many.json(), "startup": soon.json()})
        note("\n".join(f"wrote {path}" for path in (*folders, *pictures)))
        return 0
    say(many.sentence())
    density_verb.show(many)
    say("")
    say(soon.sentence())
    startup_verb.show(soon)
    wrote(*folders, *pictures)
    return 0


def _memory(many: DensityAnswer) -> Axes:
    """With as many apps in containers as in VMs, where VMs hold one at all."""
    if not many.row("vm").count:
        return plots.memory_budget(many.budgets())
    return plots.memory_budget(many.budgets(alike=True), title=many.alike_title())


def _pictures(many: DensityAnswer, soon: StartupAnswer, seed: int, folder: Path) -> list[Path]:
    served = one_server(seed=seed, replications=1, serve=20.0)
    samples = served.samples[served.samples["variant"] == "docker"]
    fargate = soon.results.tiling()
    fargate = fargate[fargate["variant"] == "fargate-cold"]
    return [
        picture(plots.density_bars(many.table()), folder / "density.png"),
        picture(_memory(many), folder / "memory.png"),
        picture(plots.ready_ecdf(soon.starts()), folder / "ready.png"),
        picture(plots.waterfalls(soon.results.tiling()), folder / "phases.png"),
        picture(plots.waterfall(fargate, title="java on Fargate"), folder / "waterfall.png"),
        picture(plots.host_timeline(samples)[0], folder / "host.png"),
    ]
