"""`sim migrate`: our virtual machines elsewhere, every way beside the others."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.screen import IN_JSON, as_json, aside, hint, lead, note, notes, say, table, wrote
from sim.core.description import description
from sim.core.quantity import shown_seconds
from sim.core.question import Question, Typed, ask
from sim.experiment.storage.whole_file import write_whole
from sim.files.inventory.reading import read_inventory
from sim.files.question import Paths
from sim.report.said import keep
from sim.studies.migrate import study, tables
from sim.studies.migrate.answer import MigrateAnswer
from sim.studies.migrate.power_cut import Restart
from sim.studies.migrate.question import MigrateOptions, MigrateQuestion
from sim.studies.migrate.ways import Way

GUESTS = "guests.csv"
"""Every guest with its new size, in the folder of the run."""


@description
class InventoryFiles(Question):
    """Files that list virtual machines."""

    files: Annotated[Paths, Typed(shape="FILE", argument=True, repeats=True)]
    """An export of RVTools (xlsx, or its csv files), AWS Application Discovery, Azure Migrate,
    Migration Center or Prism; a table with columns such as name, vcpu, memory_gib, cpu_p95,
    memory_peak_gib; files of Bitbrains, or Azure's table of VMs. Or a folder; - is standard
    input."""


def command(
    own: InventoryFiles,
    asked: MigrateOptions,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """Show every way; 3 where there is none but today's."""
    inventory = read_inventory(*own.files)
    values = {each.name: getattr(asked, each.name) for each in fields(asked)}
    question = ask(MigrateQuestion, {"inventory": inventory, **values})
    with refusals(), runs_on(workers):
        answer = study.answer(question)
    folder = answer.results().save(to.out)
    write_whole(folder / GUESTS, answer.guest_table().to_csv(index=False))
    keep(folder, answer.sentence(), answer.lines(), **answer.json())
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        lead(answer.sentence())
        show(answer, explain=caveats.explain)
        wrote(folder, *_pictures(answer, folder))
    return 0 if answer.fits else 3


def show(answer: MigrateAnswer, *, explain: bool) -> None:
    """A row for each way; what is wasted, what stays, what a failure takes; what it rests on."""
    table(
        [
            "way",
            "instance",
            "hosts",
            "least",
            "stay",
            "stopped by",
            "vCPU used",
            "memory used",
            "USD/month",
        ],
        [_cells(way) for way in answer.ways],
        title="hosts: machines or Fargate tasks; stay: VMs that stay EC2 instances; least, where "
        "there is room for it: the fewest that any packing needs",
        right="llrrrlrrr",
        spare=["least"],
        dash="does not apply here, or the files do not say",
    )
    for way in answer.ways:
        if way.refused:
            hint(f"{way.name}: {way.refused}.")
    if answer.restarts:
        _show_restarts(answer)
    if answer.groups:
        _show_groups(answer)
    for line in answer.findings():
        say(line)
    if explain:
        for line in answer.caveats():
            say(line)
        notes(answer.question.inventory.notes)
    else:
        aside("--explain says where the sizes are from, and what the prices include.")


def _show_restarts(answer: MigrateAnswer) -> None:
    table(
        ["way", "boot", "warm start", "all up", "cold start", "all up "],
        [
            [
                each.way,
                shown_seconds(each.booted()),
                *_started(each, "warm"),
                *_started(each, "cold"),
            ]
            for each in answer.restarts
        ],
        title="after a power cut: the machines boot, then all containers start; warm: from images "
        "on disk, cold: pulled again",
        right="lrrrrr",
        dash="does not apply: an instance starts as a whole, and Fargate always pulls",
    )
    for each in answer.restarts:
        for image, why in each.failed.items():
            hint(f"{each.way}, {image} images: {why}.")
    hint("Medians; the start-up work of your programs is not known and comes on top.")


def _started(restart: Restart, image: str) -> list[str]:
    """Seconds of the containers alone and until all is up, unless some never came up."""
    if image in restart.failed and image in restart.containers:
        return ["-", "not all up"]
    return [shown_seconds(restart.part(image)), shown_seconds(restart.up(image))]


def _show_groups(answer: MigrateAnswer) -> None:
    names = [way.name for way in answer.ways[1:]]
    table(
        [str(answer.question.group), *names],
        [[name, *(_usd(way) for way in ways[1:])] for name, ways in answer.groups.items()],
        title="USD a month if each has machines of its own",
        right="l" + "r" * len(names),
        rest=IN_JSON,
    )


def _cells(way: Way) -> list[str]:
    return [
        way.name,
        way.instance or "-",
        _count(way.hosts),
        _count(way.lower_bound),
        str(len(way.stay)) if way.stay else "-",
        way.stopped_by or "-",
        _share(way.cpu_used),
        _share(way.memory_used),
        _usd(way),
    ]


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _usd(way: Way) -> str:
    return "-" if way.usd_per_month is None else f"{way.usd_per_month:,.0f}"


def _pictures(answer: MigrateAnswer, folder: Path) -> Iterator[Path]:
    """Asked against used, hosts before and after, and what each step saves."""
    used = tables.asked_and_used(answer)
    if not used.empty:
        yield picture(plots.asked_and_used(used), folder / "asked-and-used.png")
    hosts = tables.hosts(answer)
    if not hosts.empty:
        yield picture(plots.hosts_before_after(hosts), folder / "hosts.png")
    if steps := answer.steps():
        yield picture(plots.cost_steps(steps), folder / "cost.png")
