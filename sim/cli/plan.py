"""`sim plan`: my own application in, one platform out, with its machines and what they cost."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.screen import as_json, aside, hint, lead, note, notes, say, table, wrote
from sim.core.description import description
from sim.core.names import Dialect
from sim.core.quantity import shown_seconds
from sim.core.question import BadInput, Mistake, Typed, ask
from sim.experiment.statistics.estimate import needed
from sim.experiment.storage.whole_file import write_new, write_whole
from sim.files.example import EXAMPLE
from sim.files.question import Paths, ReadQuestion
from sim.files.reading import understood_as
from sim.report.figures import MACHINES
from sim.report.said import keep
from sim.studies import platforms
from sim.studies.plan import study
from sim.studies.plan.answer import PlanAnswer
from sim.studies.plan.question import PlanOptions, PlanQuestion
from sim.studies.plan.row import PlanRow
from sim.workload.application import Application

if TYPE_CHECKING:
    import pandas as pd

START = Path("application.yaml")
"""What `--init` writes."""


@description
class PlanFiles(ReadQuestion):
    """Files that describe an application, or the wish for one to start from."""

    files: Annotated[Paths, Typed(shape="FILE", argument=True, repeats=True)] = ()
    """Compose files, Kubernetes manifests, ECS task definitions or services, an application of
    one's own, or a folder of them; - is standard input."""
    init: bool = False
    """Write application.yaml, a small application to start from, and end."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Either there are files, or one is wanted."""
        yield from ReadQuestion.conflicts(self, given)
        if not (self.files or self.init):
            words = (
                "it is missing; give compose files, manifests or task definitions, or --init for "
                "an example"
            )
            yield Mistake(("files",), words)


def command(
    files: PlanFiles,
    asked: PlanOptions,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """Plan it; 1 where no platform meets what is required, 3 where none can run it."""
    if files.init:
        return _write_example()
    app, dialect = understood_as(files)
    with refusals(), runs_on(workers, to.out):
        answer = study.answer(_question(app, dialect, asked))
    folder = answer.results().save(to.out)
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        lead(answer.sentence())
        show(answer, explain=caveats.explain)
        wrote(folder, *_pictures(answer, folder))
    _keep(answer, folder)
    if answer.missed:
        note(answer.missed)
        return 1
    return 0 if answer.fits else 3


def _question(app: Application, dialect: Dialect | None, asked: PlanOptions) -> PlanQuestion:
    values = {field.name: getattr(asked, field.name) for field in fields(asked)}
    return ask(PlanQuestion, {"app": app, "dialect": dialect, **values})


def _write_example() -> int:
    try:
        write_new(START, EXAMPLE)
    except FileExistsError:
        raise BadInput(f"init: {START} is there already; it is not overwritten") from None
    say(f"wrote {START}, three services to start from. Next: sim plan {START}")
    return 0


def show(answer: PlanAnswer, *, explain: bool) -> None:
    """Machines and cost, readiness, what could turn the recommendation; then what it rests on."""
    table(
        ["platform", "instance", "n", "least", "USD/month", "full use", "stopped by", "next"],
        [_cost(row) for row in (*answer.rows, answer.at_spot()) if row and row.hosts is not None],
        title="n: whole machines, or microVMs; least: the fewest that any placement could use",
        right="llrrrrll",
        spare=["next", "full use", "least"],
    )
    if started := [row for row in answer.rows if row.ready]:
        _show_ready(started)
        for line in filter(None, (answer.in_order(), answer.probed())):
            hint(line)
    for row in answer.rows:
        if row.hosts is None:
            hint(f"{row.name}: {row.refused}.")
    for line in answer.warnings():
        say(line)
    for line in answer.caveats() if explain else ():
        say(line)
    notes(answer.app.notes, explain=explain)
    if explain:
        return
    about = "--explain says what could change this, what the prices include"
    aside(f"{about}{', and how your files were read' if answer.app.notes else ''}.")


def _show_ready(started: Sequence[PlanRow]) -> None:
    table(
        ["platform", "cold p50", "cold p95", "warm p50", "warm p95", "last one up"],
        [_ready(row) for row in started],
        title="from the request until all of it is ready",
        right="lrrrrl",
        dash="no such start: new machines have no warm image, and a VM has its app built in",
    )
    fewest = min(len(ready.seconds) for row in started for ready in row.ready.values())
    if fewest < needed(0.95):
        hint(f"too few: p50 takes {needed(0.5)} runs, p95 {needed(0.95)} (--replications)")


def _cost(row: PlanRow) -> list[str]:
    data = row.json()
    full = data.get("usd_per_month_full")
    return [
        row.name,
        _types(data["instance"]),
        str(data["machines"]),
        str(data["lower_bound"]),
        _usd(data.get("usd_per_month")),
        _usd(full),
        _short(data["stopped_by"]),
        _short(data.get("then", "")),
    ]


def _ready(row: PlanRow) -> list[str]:
    last = next(iter(row.ready.values())).last.most_common(1)
    quantiles = [(image, q) for image in ("cold", "warm") for q in (0.5, 0.95)]
    return [
        row.name,
        *(_seconds(row, image, q) for image, q in quantiles),
        last[0][0] if last else "-",
    ]


def _seconds(row: PlanRow, image: str, q: float) -> str:
    """A time, or why there is none."""
    seconds = row.ready_at(image, q)
    if seconds is not None or image not in row.ready:
        return shown_seconds(seconds)
    ready = row.ready[image]
    return "not all up" if ready.short > len(ready.seconds) else "too few"


def _types(instance: str) -> str:
    """Short enough not to be folded: several are in the JSON and the table on disk."""
    several = "sizes" if " vCPU" in instance else "types"
    return f"{instance.count('+') + 1} {several}" if "+" in instance else instance


def _usd(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.0f}"


def _short(limit: str) -> str:
    return limit.replace("one task per", "1 per").partition(" (")[0]


def _keep(answer: PlanAnswer, folder: Path) -> None:
    """What the page of the run needs besides its tables."""
    keep(folder, answer.sentence(), answer.lines(), **answer.json())
    best = _best_packed(answer)
    if not best.empty:
        write_whole(folder / MACHINES, best.to_csv(index=False))


def _best_packed(answer: PlanAnswer) -> "pd.DataFrame":
    """The machines of the best platform that has some of its own."""
    table = answer.machines()
    return table if table.empty else table[table["platform"] == table["platform"].iloc[0]]


def _pictures(answer: PlanAnswer, folder: Path) -> list[Path]:
    """The machines of the best platform that has some, and all platforms beside each other."""
    drawn, best = [], _best_packed(answer)
    if not best.empty:
        title = f"What is on each machine, {platforms.row(best['platform'].iloc[0]).phrase}"
        drawn.append(picture(plots.machines(best, title=title), folder / "machines.png"))
    if answer.runs is not None:
        drawn.append(picture(plots.cost_and_readiness(answer.marked()), folder / "platforms.png"))
    return drawn
