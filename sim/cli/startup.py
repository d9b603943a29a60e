"""`sim startup`: how soon is one ready, and which phase takes the time."""

from typing import Annotated

from pydantic import AfterValidator

from sim.cli import explained
from sim.cli.options import Files, WorkerOptions, refusals, runs_on
from sim.cli.own_files import OwnFiles
from sim.cli.screen import as_json, bar, note, say, table, wrote
from sim.cli.uptime import start_files
from sim.core.description import description
from sim.core.quantity import shown_memory, shown_seconds, shown_vcpu
from sim.core.question import Typed
from sim.studies import platforms
from sim.studies.startup import study
from sim.studies.startup.answer import StartupAnswer, StartupRow, requirement, unmet
from sim.studies.startup.question import StartupQuestion
from sim.workload import Service


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
    to: Files,
) -> int:
    """Start it everywhere; 3 where no start becomes ready."""
    if own.files:
        return start_files(own, question, workers, to, held=held.require is not None)
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(question)
        missed = None if held.require is None else unmet(answer, held.require)
    folder = answer.results.save(to.out)
    if to.json:
        as_json(answer.json())
        note(answer.assumed_line())
        for line in filter(None, (answer.account, *answer.remarks)):
            note(line)
        note(f"wrote {folder}")
    else:
        say(answer.sentence())
        show(answer)
        if answer.explained is not None:
            explained.show(answer.explained)
        wrote(folder)
    if missed is not None:
        note(missed)
        return 1
    return 0 if answer.started else 3


def show(answer: StartupAnswer) -> None:
    """The totals, the phases, and what they rest on."""
    table(
        [
            "platform",
            "host",
            "image",
            "running",
            "ready p50",
            "ready p95",
            "",
            "n",
            "refused",
            "killed",
        ],
        _totals(answer),
        title=f"{_size(answer.service)}: from request to ready (running: the sandbox is up)",
        right="lllrrrlrrr",
    )
    if answer.started:
        _show_phases(answer)
    for variant, reasons in answer.reasons().items():
        say(f"  {variant}, per run: {reasons}")
    if answer.started:
        say(answer.assumed_line())
    for line in filter(None, (answer.account, *answer.remarks)):
        say(line)


def _show_phases(answer: StartupAnswer) -> None:
    """A table of phases for one platform, a line each for many."""
    if len(answer.totals()) <= 2:
        table(
            ["platform", "image", "phase", "p50", "p95", "share", ""],
            _phases(answer),
            title="mean phases of the starts around p50 and p95; they sum to that start's total",
            right="lllrrrl",
        )
    else:
        table(
            ["platform", "image", "phases of the start around p50, seconds; they sum to its total"],
            _sums(answer),
        )


def _size(service: Service) -> str:
    return f"{service.name}, {shown_vcpu(service.cpu)}, {shown_memory(service.memory)}"


def _totals(answer: StartupAnswer) -> list[list[str]]:
    slowest = max((row.seconds.get("p50_s", 0.0) for row in answer.totals()), default=0.0)
    return [
        [
            row.platform,
            answer.hosts[f"{row.platform}-{row.image}"],
            _image(row),
            _seconds(answer.running(row), "p50_s"),
            _seconds(row, "p50_s"),
            _seconds(row, "p95_s"),
            bar(row.seconds.get("p50_s", 0.0), slowest, 8),
            str(row.n),
            str(row.refused),
            str(row.killed),
        ]
        for row in answer.totals()
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
    return shown_seconds(None if row is None else row.seconds.get(column), 2)


def _image(row: StartupRow) -> str:
    """Its temperature, or that the app is in an image which is always there."""
    here = row.image != "warm" and platforms.row(row.platform).has_image(row.image)
    return "installed" if here else row.image
