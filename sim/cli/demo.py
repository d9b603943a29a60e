"""`sim demo`: the whole comparison, small, with pictures."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import density as density_verb
from sim.cli import startup as startup_verb
from sim.cli.options import Inputs
from sim.cli.screen import as_json, note, say, wrote
from sim.units import MiB

NAME = "demo"


def command(
    *,
    seed: Annotated[str, typer.Option(help="Of all random numbers.")] = "1",
    replications: Annotated[str, typer.Option(help="Of the starts.")] = "30",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """VMs, Docker, EC2, ECS, EKS and Fargate on one machine: how many, how soon, how much."""
    inputs = Inputs()
    number, times = inputs.integer("seed", seed, 0), inputs.integer("replications", replications, 1)
    inputs.folder("out", out)
    inputs.check()
    from sim.studies.density.study import density
    from sim.studies.startup.study import startup

    many = density(
        instance="m5.xlarge",
        cpu=0.25,
        memory=512 * MiB,
        window=20.0,
        use_on=("vm", "docker"),
        seed=number,
    )
    soon = startup(app="java", instance="m5.xlarge", replications=times, seed=number)
    folders = [many.results().save(out), soon.results.save(out)]
    pictures = _pictures(many, soon, number, out / "demo")
    if json:
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


def _pictures(many: Any, soon: Any, seed: int, folder: Path) -> list[Path]:
    from sim import plots
    from sim.cli.script import picture
    from sim.studies.one_server import one_server

    served = one_server(seed=seed, replications=1, serve=20.0)
    samples = served.samples[served.samples["variant"] == "docker"]
    fargate = soon.results.tiling()
    fargate = fargate[fargate["variant"] == "fargate-cold"]
    return [
        picture(plots.density_bars(many.table()), folder / "density.png"),
        picture(plots.memory_budget(many.budgets()), folder / "memory.png"),
        picture(plots.ready_ecdf(soon.starts()), folder / "ready.png"),
        picture(plots.waterfalls(soon.results.tiling()), folder / "phases.png"),
        picture(plots.waterfall(fargate, title="java on Fargate"), folder / "waterfall.png"),
        picture(plots.host_over_time(samples)[0], folder / "host.png"),
    ]
