"""`sim demo`: the whole comparison, small, with pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.script import picture
from sim import plots
from sim.cli.columns import stops, won
from sim.cli.options import Simulated, WorkerOptions, runs_on
from sim.cli.screen import again, as_json, aside, hint, lead, note, say, table
from sim.core.description import description
from sim.report.said import keep
from sim.studies import platforms
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.study import density
from sim.studies.kinds import Replications, Seed
from sim.studies.one_server import memory_of_one_server, one_server
from sim.studies.startup.answer import StartupAnswer
from sim.studies.startup.study import startup
from sim.units import MiB

if TYPE_CHECKING:
    from matplotlib.axes import Axes


NEXT = (
    "sim density --cpu 1 --memory 2GiB --instance m7g.2xlarge",
    "sim startup --app node --platform fargate",
    "sim plan compose.yaml",
)


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
        keep(folders[0], many.sentence())
        keep(folders[1], soon.sentence())
        pictures = _pictures(many, soon, seed, to.out / "demo")
    if to.json:
        as_json({"density": many.json(), "startup": soon.json()})
        note("\n".join(f"wrote {path}" for path in (*folders, *pictures)))
        return 0
    lead(f"{many.sentence(with_use=False)} {soon.sentence()}")
    show(many, soon)
    say(f"Tables: {', '.join(map(str, folders))}. Pictures:")
    hint(f"{to.out / 'demo'}/{{{','.join(path.stem for path in pictures)}}}.png")
    again()
    say("")
    aside("Try next, with your own sizes, app and files:")
    for words in NEXT:
        hint(words)
    return 0


def show(many: DensityAnswer, soon: StartupAnswer) -> None:
    """A row a platform: how many fit on a host, what stops them, how soon one is ready."""
    totals = {(row.platform, str(row.image)): row.seconds.get("p50_s") for row in soon.totals()}
    known = [seconds for seconds in totals.values() if seconds is not None]
    cells = []
    for platform in dict.fromkeys(row.platform for row in soon.totals()):
        row = many.row(platforms.row(platform).density[0].name)
        first = row.limits[0]
        then = f"{first.then} at {row.count + first.gain_if_lifted}"
        cells.append(
            [
                platform,
                won(row.count) if row.count == max(r.count for r in many.rows) else str(row.count),
                stops(row.stopped_by.replace("one task per", "1 per")),
                "" if row.own_host else then,
                f"{row.usd_per_container_hour:.4f}" if row.usd_per_container_hour else "not known",
                *(_ready(totals, known, platform, image) for image in ("cold", "warm")),
            ]
        )
    table(
        ["platform", "fit", "stopped by", "next", "$/h each", "ready cold", "ready warm"],
        cells,
        title="How many of 0.25 vCPU, 512 MiB fit on one host; how soon a Java app of 2 vCPU, "
        "4 GiB is ready, where the image is pulled (cold) or there already (warm)",
        right="lrllrrr",
    )


def _ready(
    totals: Mapping[tuple[str, str], float | None],
    known: Sequence[float],
    platform: str,
    image: str,
) -> str:
    row = platforms.row(platform)
    always_there = row.has_image("cold")
    if image == "cold" and always_there:
        return "no pull"
    at = "cold" if always_there else image
    if (platform, at) not in totals:
        return "always cold" if row.own_host else "not run"
    seconds = totals[platform, at]
    if seconds is None:
        return "too few"
    return won(f"{seconds:.1f} s") if seconds == min(known) else f"{seconds:.1f} s"


def _memory(many: DensityAnswer) -> Axes:
    """With as many apps in containers as in VMs, where VMs hold one at all."""
    if not many.row("vm").count:
        return plots.memory_budget(many.budgets())
    return plots.memory_budget(many.budgets(alike=True), title=many.alike_title())


def _pictures(many: DensityAnswer, soon: StartupAnswer, seed: int, folder: Path) -> list[Path]:
    served = one_server(seed=seed, replications=1, serve=20.0)
    fargate = soon.results.tiling()
    fargate = fargate[fargate["variant"] == "fargate-cold"]
    together = plots.one_machine(memory_of_one_server(), served.runs)
    return [
        picture(together, folder / "one_machine.png"),
        picture(plots.density_bars(many.table()), folder / "density.png"),
        picture(_memory(many), folder / "memory.png"),
        picture(plots.ready_ecdf(soon.starts(), app="java"), folder / "ready.png"),
        picture(plots.waterfalls(soon.results.tiling(), app="java"), folder / "phases.png"),
        picture(plots.waterfall(fargate, title="java on Fargate"), folder / "waterfall.png"),
    ]
