"""`sim neighbours`: one asks for all it can get; how much slower are the others?"""

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.own_files import SAID_BY_FILES, ServiceOfFiles
from sim.cli.screen import as_json, aside, hint, lead, note, say, table, wrote
from sim.report.said import keep
from sim.studies.kinds import called
from sim.studies.neighbours import study
from sim.studies.neighbours.answer import NeighboursAnswer, WayRow
from sim.studies.neighbours.question import NeighboursQuestion


def command(
    own: ServiceOfFiles,
    question: NeighboursQuestion,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """Let it misbehave, in every way to run beside it."""
    if own.files:
        question = own.of(question, SAID_BY_FILES)
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    drawn = picture(plots.isolation_matrix(answer.cells()), folder / "neighbours.png")
    if to.json:
        as_json(answer.json())
        note("\n".join([answer.sentence(), *answer.notes(), f"wrote {folder}"]))
        return 0
    lead(answer.sentence())
    show(answer, explain=caveats.explain)
    wrote(folder, drawn)
    return 0


def show(answer: NeighboursAnswer, *, explain: bool) -> None:
    """A row a way, and what stands between them."""
    question = answer.question
    unmeasured = any(row.p95_high is not None for row in answer.rows)
    table(
        ["way", "p50", "p95", *(["up to"] if unmeasured else []), "killed", "places"],
        [_cells(row, unmeasured=unmeasured) for row in answer.rows],
        title=f"slow-down of requests of {called(question.app)} on {question.instance} by a "
        f"neighbour that hogs the {question.bad} (1.00: none)",
        right="lrrrrr",
    )
    say(f"What holds back a neighbour that hogs the {question.bad}:")
    for row in answer.rows:
        hint(f"{row.way}: {row.between}")
    if not explain:
        aside("--explain says what was not measured and what is left out.")
        return
    for line in answer.notes():
        say(line)


def _cells(row: WayRow, *, unmeasured: bool) -> list[str]:
    high = "measured" if row.p95_high is None else f"{row.p95_high:.2f}"
    own = [row.way, f"{row.p50.value:.2f}", f"{row.p95.value:.2f}"]
    return [*own, *([high] if unmeasured else []), str(row.killed), str(row.places)]
