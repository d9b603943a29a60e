"""`sim storm`: many sandboxes started at once on one host."""

from sim.cli.options import Files, WorkerOptions, refusals, runs_on
from sim.cli.screen import as_json, note, say, table, wrote
from sim.core.quantity import shown_gib
from sim.studies.storm.host import NoMemory, virtualised
from sim.studies.storm.study import StormAnswer, StormQuestion, answer, shown_ms


def command(question: StormQuestion, workers: WorkerOptions, to: Files) -> int:
    """Start them; 3 where they do not fit in memory."""
    try:
        with refusals(NoMemory), runs_on(workers, to.out):
            found = answer(question)
    except NoMemory as none:
        if to.json:
            as_json({"refused": {"memory_bytes": str(none)}, "fit": none.fit})
        else:
            say(f"{none}.")
        return 3
    folder = found.results.save(to.out)
    remark = virtualised(question.runtime, question.host)
    if remark:
        note(remark)
    if to.json:
        as_json(found.json())
        note(f"wrote {folder}")
    else:
        say(found.sentence())
        show(found)
        wrote(folder)
    return 0


def show(found: StormAnswer) -> None:
    """The figures, and what they are of."""
    rows = [
        ["start, mean", shown_ms(found.mean_ms)],
        ["start, p50", shown_ms(found.p50_ms)],
        ["start, p99", shown_ms(found.p99_ms)],
        ["first request to last ready", shown_ms(found.makespan_ms)],
        ["host CPU a start", shown_ms(found.host_cpu_ms_per_start)],
        ["memory of all that run at the end", shown_gib(found.memory_bytes)],
    ]
    table(["", ""], rows, title=found.title(), right="lr")
    for line in found.notes():
        say(line)
