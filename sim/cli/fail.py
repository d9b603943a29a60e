"""`sim fail`: a process, a host or a zone dies; who notices when, and when is all served again?"""

from dataclasses import replace

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.own_files import SAID_BY_FILES, ServiceOfFiles
from sim.cli.screen import as_json, aside, hint, lead, note, say, table, wrote
from sim.core.quantity import shown_seconds
from sim.experiment.statistics.estimate import Estimate
from sim.report.said import keep
from sim.studies.fail import study
from sim.studies.fail.answer import FailAnswer, FailRow
from sim.studies.fail.question import FailQuestion
from sim.studies.kinds import called
from sim.workload.fault import PLANNED

SHORT = 0.05
"""Seconds below which a part of the way back is not named."""


def command(
    own: ServiceOfFiles,
    question: FailQuestion,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """Let it happen; 3 where no platform gets all of its tasks back."""
    copies = question.tasks
    if own.files:
        part = own.part(question, SAID_BY_FILES)
        question, copies = replace(question, app=part.service), part.copies
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    drawn = picture(plots.recovery(answer.capacity, answer.parts()), folder / "recovery.png")
    left = picture(plots.capacity_left(answer.capacity), folder / "capacity.png")
    if to.json:
        as_json(answer.json())
        note("\n".join([answer.sentence(), answer.assumed_line(), f"wrote {folder}"]))
    else:
        lead(answer.sentence())
        show(answer, explain=caveats.explain)
        if copies != question.tasks:
            hint(f"Your files have {copies} of it; --tasks {copies} asks about those.")
        wrote(folder, drawn, left)
    return 0 if any(row.serving is not None for row in answer.rows) else 3


def show(answer: FailAnswer, *, explain: bool) -> None:
    """A row a platform, the parts of the longest way, and what it rests on."""
    question = answer.question
    planned = question.kill in PLANNED
    seen = ["restarted", "all serve"] if planned else ["noticed", "restarted", "all serve"]
    last = [] if planned or question.balancer == "none" else ["errors until"]
    heads = ["platform", "missing" if planned else "lost", *seen, *last, "replaced by"]
    table(
        heads,
        [_cells(row, planned=planned, errors=bool(last)) for row in answer.rows],
        title=f"{question.tasks} {'task' if question.tasks == 1 else 'tasks'} of "
        f"{called(question.app)}: seconds since {'it began' if planned else 'the failure'}, "
        f"{_runs(question)}",
        right="l" + "r" * (len(heads) - 2) + "l",
    )
    for row in answer.rows:
        if row.parts:
            words = " + ".join(
                f"{part} {shown_seconds(seconds)}"
                for part, seconds in row.parts.items()
                if seconds >= SHORT
            )
            hint(f"{row.platform}: {words}")
    if last:
        say("errors until: requests to dead targets fail until the load balancer drops them.")
    for reason in dict.fromkeys(why for row in answer.rows for why in row.refused.values()):
        who = [row.platform for row in answer.rows if reason in row.refused.values()]
        say(f"{', '.join(who)}: {reason}.")
    for name, reason in answer.unfit.items():
        say(f"{name} is left out: {reason}.")
    if answer.advice:
        say(answer.advice)
    if explain:
        say(answer.assumed_line())
    else:
        aside("--explain says which clocks are assumed.")


def _runs(question: FailQuestion) -> str:
    count = question.replications
    return "one run" if count == 1 else f"means of {count} runs"


def _cells(row: FailRow, *, planned: bool, errors: bool) -> list[str]:
    lost = f"{row.lost} of {row.tasks}"
    times = [*([] if planned else [row.noticed]), row.replaced, row.serving]
    return [row.platform, lost, *map(_seconds, times + [row.errors] * errors), row.by]


def _seconds(time: Estimate | None) -> str:
    if time is None:
        return "never"
    return shown_seconds(time.value, 0 if time.value >= 10.0 else 1)
