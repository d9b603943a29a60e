"""`sim startup FILE`: when is the whole application up, and who held it up."""

from pathlib import Path

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Simulated, WorkerOptions, refusals, runs_on
from sim.cli.own_files import OwnFiles, shared
from sim.cli.screen import (
    MOST_ROWS,
    as_json,
    aside,
    hint,
    lead,
    note,
    notes,
    table,
    wrote,
)
from sim.core.question import BadInput, ask
from sim.experiment.running.progress import progress
from sim.report.said import keep
from sim.studies import platforms
from sim.studies.startup.question import StartupQuestion
from sim.studies.uptime import study
from sim.studies.uptime.answer import UptimeAnswer, UptimeRow
from sim.studies.uptime.question import UptimeQuestion

HEEDED = ("platform", "instance", "replications", "seed")
"""Fields that have an effect on an application; `explain` has one on what is printed."""


def start_files(
    own: OwnFiles, asked: StartupQuestion, workers: WorkerOptions, to: Simulated, *, held: bool
) -> int:
    """Start all of it everywhere; 3 where it comes up nowhere."""
    if held:
        raise BadInput("require: not allowed beside files; sim plan FILE takes requirements")
    app = own.application(asked, (*HEEDED, "explain"))
    question = ask(UptimeQuestion, {"app": app, **shared(asked, HEEDED)})
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        lead(answer.sentence())
        show(answer, explain=asked.explain)
        wrote(folder, *_pictures(answer, folder))
    return 0 if answer.up else 3


def show(answer: UptimeAnswer, *, explain: bool) -> None:
    """When it is up on each platform, and the parts of one of them."""
    table(
        ["platform", "image", "up p50", "up p95", "critical path"],
        [_cells(row) for row in answer.rows if row.seconds],
        title=f"{answer.app.name}: seconds until all of it is up",
        right="llrrl",
    )
    if answer.up:
        _show_parts(answer, answer.up[-1])
    up = platforms.up_already((row.platform for row in answer.rows if row.seconds), "plan")
    for line in (
        *answer.not_up(),
        *filter(None, (answer.volume_line(), answer.in_order(), up, answer.app.silent_starts())),
    ):
        hint(line)
    for name, why in answer.refused.items():
        hint(f"{name}: {why}.")
    notes(answer.app.notes, explain=explain)
    if answer.app.notes and not explain:
        aside("--explain says how your files were read.")


def _show_parts(answer: UptimeAnswer, row: UptimeRow) -> None:
    """Of many parts those that are up last: they decide when all is."""
    parts = answer.parts(row)
    last = parts[-MOST_ROWS:]
    table(
        ["service", "copies", "up", "waited", "for", ""],
        [
            [
                each["part"],
                str(each["copies"]),
                f"{each['ready_s']:.1f}",
                f"{each['waited_s']:.1f}" if each["for"] else "",
                each["for"],
                "on the critical path" if each["on_path"] else "",
            ]
            for each in last
        ],
        title=f"each service {row.where}: seconds in the run nearest to the median",
        right="lrrrll",
    )
    if len(parts) > len(last):
        hint(f"and {len(parts) - len(last):,} that are up sooner; the tables of the run have all.")


def _cells(row: UptimeRow) -> list[str]:
    path = " > ".join(link.part for link in row.path)
    values = [row.at(q) for q in (0.5, 0.95)]
    shown = ["too few" if value is None else f"{value:.1f}" for value in values]
    image = platforms.image_name(row.platform, row.image)
    return [row.platform, image, *shown, path]


def _pictures(answer: UptimeAnswer, folder: Path) -> list[Path]:
    drawn = []
    with progress("drawing", "picture", total=len(answer.up)) as told:
        for row in answer.up:
            label = platforms.label(row.platform)
            where = row.where.replace(platforms.row(row.platform).label, label)
            where = where.replace(" (", ", ").removesuffix(")")
            title = f"{answer.app.name} is up after {row.at(0.5):.1f} s {where} (median)"
            axes = plots.uptime(answer.gantt(row), title=title)
            drawn.append(picture(axes, folder / f"uptime-{row.platform}-{row.image}.png"))
            told.update()
    return drawn
