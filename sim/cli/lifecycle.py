"""`sim lifecycle`: from a Dockerfile to a running container, and where the seconds go."""

from dataclasses import replace
from typing import Any

from sim.cli.script import picture
from sim import plots
from sim.cli import explained
from sim.cli.options import Simulated, WorkerOptions, refusals, runs_on
from sim.cli.screen import IN_JSON, as_json, aside, bar, hint, lead, note, table, wrote
from sim.core.quantity import shown_bytes
from sim.report.said import keep
from sim.studies.lifecycle import study
from sim.studies.lifecycle.answer import LifecycleAnswer
from sim.studies.lifecycle.question import LifecycleQuestion
from sim.studies.platforms import row


def command(question: LifecycleQuestion, workers: WorkerOptions, to: Simulated) -> int:
    """Build and run it; 3 where the container does not come up."""
    if question.exclude is None:
        question = replace(question, exclude=to.out / "lifecycle")
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
        # tried where the runs are made, and only where it is told
        rests = answer.assumed_line() if to.json or question.explain else ""
    results = answer.results()
    folder = results.save(to.out)
    keep(folder, answer.sentence())
    title = f"From {question.file.name} to running {row(question.platform).phrase}"
    drawn = picture(plots.lifecycle(results.summary, title=title), folder / "waterfall.png")
    lines = (rests, *answer.notes)
    if to.json:
        as_json(answer.json())
        note("\n".join([answer.sentence(), *lines, f"wrote {folder}", f"wrote {drawn}"]))
    else:
        lead(answer.sentence())
        show(answer)
        if answer.explained is not None:
            explained.show([answer.explained])
        if question.explain:
            for line in lines:
                hint(line)
        else:
            aside("--explain says what this rests on.")
        wrote(folder, drawn)
    return 0 if answer.up else 3


def show(answer: LifecycleAnswer) -> None:
    """Each phase with its time and bytes; those of one step may overlap."""
    rows = answer.json()
    for number in range(1, len(answer.rounds) + 1):
        mine = [row for row in rows if row.get("round", 1) == number]
        if mine:
            _show(
                mine,
                "after the change"
                if number > 1
                else "phases of each step, which may overlap; those that take no time are left out",
            )


def _show(rows: list[dict[str, Any]], title: str) -> None:
    longest = max(row["end_s"] - row["start_s"] for row in rows if row["phase"] != "total")
    cells = [
        [
            row["step"],
            _phase(row),
            f"{row['start_s']:.2f}",
            f"{row['end_s']:.2f}",
            f"{row.get('seconds', row['end_s'] - row['start_s']):.2f} s",
            shown_bytes(row["bytes"]) if row["bytes"] else "",
            "" if row["phase"] == "total" else bar(row["end_s"] - row["start_s"], longest, 16),
        ]
        for row in rows
        if row["end_s"] > row["start_s"] or row["bytes"] or row.get("cached")
    ]
    table(
        ["step", "phase", "start", "end", "takes", "bytes", ""],
        cells,
        title=title,
        right="llrrrrl",
        rest=IN_JSON,
    )


def _phase(row: dict[str, Any]) -> str:
    if "line" in row:
        text = row["text"] if len(row["text"]) <= 36 else row["text"][:33] + "..."
        return f"{row['line']}  {text}" + ("  (cached)" if row["cached"] else "")
    if "pull_s" in row:
        return "total without the pull"
    return f"{row['phase']} {row['image']}" if "image" in row else str(row["phase"])
