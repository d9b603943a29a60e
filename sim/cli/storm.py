"""`sim storm`: many sandboxes started at once on one host."""

from sim.cli.script import pictures
from sim.cli.options import Caveats, Plotted, WorkerOptions, refusals, runs_on
from sim.cli.screen import as_json, aside, hint, lead, note, say, table, wrote, wrote_aside
from sim.core.quantity import shown_gib
from sim.report.said import keep
from sim.studies.storm import study
from sim.studies.storm.host import NoMemory, virtualised
from sim.studies.storm.study import StormAnswer, StormQuestion, shown_ms


def command(question: StormQuestion, caveats: Caveats, workers: WorkerOptions, to: Plotted) -> int:
    """Start them; 3 where they do not fit in memory."""
    try:
        with refusals(NoMemory), runs_on(workers, to.out):
            answer = study.answer(question)
    except NoMemory as none:
        if to.json:
            as_json({"refused": {"memory_bytes": str(none)}, "fit": none.fit})
        else:
            say(f"{none}.")
        return 3
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    remark = virtualised(question.runtime, question.host)
    if remark:
        note(remark)
    drawn = pictures(answer.results, folder) if to.plot else ()
    if to.json:
        as_json(answer.json())
        wrote_aside(folder, *drawn)
    else:
        lead(answer.sentence())
        show(answer, explain=caveats.explain)
        wrote(folder, *drawn)
    return 0


def show(answer: StormAnswer, *, explain: bool) -> None:
    """The figures, and what they are of."""
    rows = [
        ["start, mean", shown_ms(answer.mean_ms)],
        ["start, p50", shown_ms(answer.p50_ms)],
        ["start, p99", shown_ms(answer.p99_ms)],
        ["first request to last ready", shown_ms(answer.makespan_ms)],
        ["host CPU per start", shown_ms(answer.host_cpu_ms_per_start)],
        ["memory of all that run at the end", shown_gib(answer.memory_bytes)],
    ]
    table(["figure", "value"], rows, title=answer.title(), right="lr")
    if not explain:
        if answer.outside():
            hint(f"{answer.outside()}.")
        aside("--explain says what this rests on.")
        return
    for line in answer.notes():
        hint(line)
