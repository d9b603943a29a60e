"""`sim isolation`: what the walls between sandboxes cost, and what still crosses them."""

from sim.cli.script import picture
from sim import plots
from sim.cli import fail
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.own_files import SAID_BY_FILES, ServiceOfFiles
from sim.cli.screen import as_json, hint, lead, note, say, table, wrote
from sim.report.said import keep
from sim.studies.fail.question import FailQuestion
from sim.studies.isolation import study
from sim.studies.isolation.sharing import HEADS
from sim.studies.isolation.study import IsolationAnswer, IsolationQuestion
from sim.studies.kinds import called
from sim.studies.neighbours.ways import WAYS


def command(
    own: ServiceOfFiles,
    question: IsolationQuestion,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """The ladder, each bad neighbour, and a dead host."""
    if own.files:
        question = own.of(question, SAID_BY_FILES)
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
    folder = answer.failed.results.save(to.out)
    keep(folder, answer.sentence())
    drawn = [
        picture(plots.isolation_matrix(answer.cells()), folder / "neighbours.png"),
        picture(
            plots.recovery(answer.failed.capacity, answer.failed.parts()), folder / "recovery.png"
        ),
    ]
    if to.json:
        as_json(answer.json())
        note("\n".join([answer.sentence(), *(f"wrote {path}" for path in drawn)]))
        return 0
    lead(answer.sentence())
    show(answer, explain=caveats.explain)
    wrote(*drawn)
    return 0


def show(answer: IsolationAnswer, *, explain: bool) -> None:
    """The ladder, the neighbours and the dead host."""
    question = answer.question
    table(
        ["isolation", "memory", "start", "density", "what still gets through"],
        [rung.cells() for rung in answer.rungs],
        title=f"overhead beside the app; density of {called(question.app)} on {question.instance}",
        right="lrrr",
    )
    ways = [way.name for way in WAYS]
    table(
        ["bad neighbour", *ways],
        [[each.question.bad, *_slow(answer, each.question.bad)] for each in answer.neighbours],
        title="slow-down of the others at p95 (1.00: none)",
        right="lrrrr",
    )
    notes = dict.fromkeys(n for each in answer.neighbours for n in each.notes())
    for line in notes if explain else ():
        say(line)
    table(
        HEADS,
        [path.cells() for path in answer.paths],
        title="between two containers: how long a call takes, by the size of its answer",
        right="llrr",
    )
    say(answer.volume.sentence())
    say(answer.failed.sentence())
    if question.instance != (usual := FailQuestion().instance):
        hint(f"Hosts are {question.instance} here; sim fail takes {usual} unless told otherwise.")
    fail.show(answer.failed, explain=explain)


def _slow(answer: IsolationAnswer, bad: str) -> list[str]:
    rows = next(each.rows for each in answer.neighbours if each.question.bad == bad)
    return [f"{row.killed} killed" if row.killed else f"{row.p95.value:.2f}" for row in rows]
