"""`sim startup`: how soon is one ready, and which phase takes the time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from sim.cli.script import picture
from sim.cli import explained
from sim.cli.columns import stops, won
from sim.cli.options import Plotted, WorkerOptions, refusals, runs_on
from sim.cli.own_files import OwnFiles
from sim.cli.screen import as_json, aside, bar, hint, lead, note, table, wrote, wrote_aside
from sim.cli.uptime import start_files
from sim.core.description import description
from sim.core.quantity import shown_memory, shown_seconds, shown_vcpu
from sim.core.question import Typed
from sim.report.said import keep
from sim.studies import platforms
from sim.studies.influence import Assumed
from sim.studies.startup import study
from sim.studies.startup.answer import StartupAnswer, StartupRow, requirement, unmet
from sim.studies.startup.question import StartupQuestion
from sim.workload import Service

FEW = 2
"""Platforms and images of which all phases are shown at once."""


def _readable(text: str) -> str:
    requirement(text)
    return text


@description
class Requirement:
    """What an answer is held to."""

    require: Annotated[str, AfterValidator(_readable), Typed(shape="<limit>")] | None = None
    """Exit 1 where it is not met: "p95<=30s"."""


def command(
    own: OwnFiles,
    question: StartupQuestion,
    held: Requirement,
    workers: WorkerOptions,
    to: Plotted,
) -> int:
    """Start it everywhere; 3 where no start becomes ready."""
    if own.files:
        return start_files(own, question, workers, to, held=held.require is not None)
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
        rests = answer.assumed_line()  # tried where the runs are made
        missed = None if held.require is None else unmet(answer, held.require)
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    drawn = tuple(_drawn(answer, folder)) if to.plot and answer.started else ()
    if to.json:
        as_json(answer.json())
        note(rests)
        for line in filter(None, (answer.account, *answer.remarks)):
            note(line)
        wrote_aside(folder, *drawn)
    else:
        lead(answer.sentence())
        show(answer)
        wrote(folder, *drawn)
    if missed is not None:
        note(missed)
        return 1
    return 0 if answer.started else 3


def _drawn(answer: StartupAnswer, folder: Path) -> Iterator[Path]:
    """How soon each is ready, and where the time goes."""
    from sim import plots

    app = answer.service.name
    yield picture(plots.ready_ecdf(answer.starts(), app=app), folder / "ready.png")
    phases = plots.waterfalls(answer.results.tiling(), app=app)
    yield picture(phases, folder / "phases.png")


def show(answer: StartupAnswer) -> None:
    """The totals, then the phases of few platforms; of many where that was asked for."""
    totals = answer.totals()
    few, told = len(totals) <= FEW, answer.explained is not None
    columns = ["platform", "host", "image", "running", "p50", "p95", "", "mostly", "n"]
    lost = any(row.refused or row.killed for row in totals)
    table(
        [*columns, *(["refused", "killed"] if lost else [])],
        _totals(answer, lost=lost),
        title=f"{_size(answer.service)}: from the request to running and to ready "
        "(first healthy answer)",
        right="lllrrrllrrr",
        spare=["", "n", "host", "mostly"],
    )
    if any(row.seconds for row in totals) and (few or told):
        _show_phases(answer, few=few)
    for variant, reasons in answer.reasons().items():
        hint(f"{variant}, per run: {reasons}")
    up = platforms.up_already((row.platform for row in totals), "scale")
    if up:
        hint(up)
    if answer.explained is not None:
        for line in filter(None, (_rests(answer), answer.account, *answer.remarks)):
            hint(line)
        explained.show(answer.explained)
    elif answer.started:
        if answer.assumed:
            aside(_strongest(answer.assumed))
        more = "" if few else "--platform NAME shows its phases, "
        aside(f"{more}--explain what this rests on.")


def _strongest(assumed: Sequence[Assumed]) -> str:
    """The assumed number that does most, and how many there are."""
    if len(assumed) == 1:
        return f"It rests on an assumed number: {assumed[0]}."
    return f"It rests on {len(assumed)} assumed numbers, most on {assumed[0]}."


def _rests(answer: StartupAnswer) -> str:
    return answer.assumed_line() if answer.started else ""


def _show_phases(answer: StartupAnswer, *, few: bool) -> None:
    """A table of phases for one platform, a line each for many."""
    if few:
        table(
            ["platform", "image", "phase", "p50", "p95", "share", ""],
            _phases(answer),
            title="phases of the starts around p50 and p95; they sum to the time to ready",
            right="lllrrrl",
            spare=[""],
        )
    else:
        table(
            ["platform", "image", "phases of the start around p50, seconds; they sum to its total"],
            _sums(answer),
        )


def _size(service: Service) -> str:
    return f"{service.name}, {shown_vcpu(service.cpu)}, {shown_memory(service.memory)}"


def _totals(answer: StartupAnswer, *, lost: bool) -> list[list[str]]:
    totals = answer.totals()
    times = [row.seconds["p50_s"] for row in totals if "p50_s" in row.seconds]
    return [_total(answer, row, times, lost=lost) for row in totals]


def _total(
    answer: StartupAnswer, row: StartupRow, times: Sequence[float], *, lost: bool
) -> list[str]:
    median = row.seconds.get("p50_s")
    p50 = _seconds(row, "p50_s")
    mostly = ""
    if median is not None:
        phase, share = answer.largest(row)
        mostly = f"{phase} {share:.0%}"
    return [
        row.platform,
        answer.hosts[f"{row.platform}-{row.image}"],
        platforms.image_name(row.platform, row.image),
        _seconds(answer.running(row), "p50_s"),
        won(p50) if median is not None and median == min(times) else p50,
        _seconds(row, "p95_s"),
        bar(median or 0.0, max(times, default=0.0), 8),
        mostly,
        str(row.n),
        *([stops(row.refused), stops(row.killed)] if lost else []),
    ]


def _phases(answer: StartupAnswer) -> list[list[str]]:
    return [
        [
            row.platform,
            row.image,
            row.phase,
            _seconds(row, "p50_s"),
            _seconds(row, "p95_s"),
            f"{share:.0%}",
            bar(share, 1.0, 30),
        ]
        for total in answer.totals()
        for row, share in answer.shares(total)
    ]


def _sums(answer: StartupAnswer) -> list[list[str]]:
    rows = []
    for total in answer.totals():
        parts = [f"{row.phase} {row.seconds['p50_s']:.2f}" for row, _ in answer.shares(total)]
        if parts:
            rows.append([total.platform, total.image, " + ".join(parts)])
    return rows


def _seconds(row: StartupRow | None, column: str) -> str:
    seconds = None if row is None else row.seconds.get(column)
    if seconds is None:
        return "none" if row is None or row.n == 0 else "too few"
    return shown_seconds(seconds)
