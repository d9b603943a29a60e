"""`sim fit`: the phases of one's own starts, and how far off they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats
from sim.cli.screen import IN_JSON, as_json, aside, hint, lead, note, table, wrote
from sim.core.description import description
from sim.core.quantity import shown_mib, shown_plain
from sim.core.question import BadInput, Question, Typed
from sim.files.records.fitting import OwnFigures, own_figures
from sim.studies.fit import words
from sim.studies.fit.answer import FitAnswer
from sim.studies.fit.estimates.held_out import BAR
from sim.studies.fit.estimates.phases import FittedPhase
from sim.studies.fit.figures import key_of, was
from sim.studies.fit.question import FitQuestion
from sim.studies.fit.sizes import RuledSize


@description
class RecordFiles(Question):
    """Where the records stand."""

    files: Annotated[tuple[Path, ...], Typed(shape="FILE", argument=True, repeats=True)]
    """Records: aws ecs describe-tasks, kubectl get pods or events -o json, docker events or stats
    --format json, Container Insights, kube-burner, node-latency-for-k8s, a Prometheus range query,
    recommendations of a VPA or KRR; - is standard input."""


@description
class FitFile:
    """Where the fit goes."""

    out: Annotated[Path, Typed(shape="<file>")] = Path("fit.yaml")
    """The file to write, for --with and --sizes of the other verbs; pictures go next to it."""
    json: bool = False
    """JSON on standard output."""


def command(files: RecordFiles, asked: FitQuestion, caveats: Caveats, to: FitFile) -> int:
    """Read the records, fit, judge, and write the fit."""
    if to.out.is_dir():
        raise BadInput(f"out: {str(to.out)!r} is not allowed; a file, such as fit.yaml")
    own = own_figures(asked, files.files)
    saved = [own.save(to.out)] if own.fit.fitted or own.fit.sizes else []
    if to.json:
        as_json(own.json())
        for path in saved:
            note(f"wrote {path}")
        return 0
    show(own.answer, explain=caveats.explain)
    wrote(*saved, *_pictures(own.answer, to.out))
    _use(own, to.out)
    return 0


def _pictures(answer: FitAnswer, out: Path) -> Iterator[Path]:
    """Measured phases over what was fitted; what was held out, with its bar."""
    if answer.starts:
        phases = plots.fitted_phases(
            answer.measured(), answer.fitted(), title="Measured phases, and what was fitted"
        )
        yield picture(phases, out.with_suffix(".png"))
    rows = answer.held_out()
    if len(rows):
        judged = plots.held_out(rows, bar=BAR, title="The last starts, and what the first said")
        yield picture(judged, out.with_name(f"{out.stem}-held-out.png"))


def _use(own: OwnFigures, out: Path) -> None:
    """What to do with it."""
    if own.fit.fitted:
        hint(f"use: sim startup --with {out}")
    elif own.answer.groups:
        hint(
            "no fit.yaml is written: these phases depend on the image, the app and the load, and "
            "the catalogue has no figures for them; --sizes fits memory and CPU from docker "
            "stats, Prometheus, VPA or KRR"
        )
    if own.fit.sizes:
        named = "" if own.answer.question.names else " (--names keeps names, to match services)"
        hint(f"use: sim read compose.yaml --sizes {out}{named}")


def show(answer: FitAnswer, *, explain: bool) -> None:
    """The sentences; phases, quantiles that were held out, sizes; then what the fit rests on."""
    lead(" ".join(words.sentences(answer)))
    if answer.groups:
        table(
            ["phase", "n", "median", "95% interval", "spread", "catalogue"],
            [_phase(each.group.where, phase, name) for each, phase, name in answer.named()],
            right="lrrrrl",
            dash="too few starts for an interval",
            rest=IN_JSON,
        )
    _held_out(answer)
    if explain:
        _show_corners(answer)
    if answer.sizes:
        table(
            ["container", "n", "memory p50", "p95", "peak", "CPU p95", "memory", "CPU"],
            [_size(each) for each in answer.sizes],
            title="use, and the size that the rule makes of it",
            right="lrrrrrrr",
            dash="not in the records",
            rest=IN_JSON,
        )
    for line in words.warnings(answer):
        hint(_sentence(line))
    if explain:
        for line in words.notes(answer):
            hint(_sentence(line))
    else:
        aside("--explain says what the fit rests on.")


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."


def _show_corners(answer: FitAnswer) -> None:
    corners = [(answer.before(each), one) for each in answer.groups for one in each.corners]
    if corners:
        table(
            ["the last starts", "n", "p50", "p90", "at once, at most"],
            [
                [
                    f"{before}{one.starts}",
                    one.n,
                    *map(words.shown, (one.p50_s, one.p90_s)),
                    one.at_once,
                ]
                for before, one in corners
            ],
            right="lrrrr",
        )


def _held_out(answer: FitAnswer) -> None:
    rows = [(answer.before(each), row) for each in answer.groups for row in each.judged.rows]
    if rows:
        table(
            ["held out", "n", "", "measured", "predicted", "error", ""],
            [
                [
                    f"{before}{row.phase}",
                    row.n,
                    f"p{100 * row.quantile:.0f}",
                    words.shown(row.measured_s),
                    words.shown(row.predicted_s),
                    f"{row.error_pct:+.0f}%",
                    words.verdict(row),
                ]
                for before, row in rows
            ],
            right="lrlrrrl",
            rest=IN_JSON,
        )
    for line in dict.fromkeys(words.held_out(answer)):
        hint(line)


def _phase(where: str, phase: FittedPhase, name: str) -> list[object]:
    before = was(key_of(where, phase.phase))  # type: ignore[arg-type]
    return [
        name,
        phase.n,
        words.shown(phase.median_s),
        words.interval(phase),
        "-" if phase.spread is None else f"{phase.spread:.2f}",
        "no figure" if before is None else before.shown(),
    ]


def _size(each: RuledSize) -> list[object]:
    memory, cpu = each.memory, each.cpu
    once = memory.instant
    return [
        each.name,
        each.n,
        *(
            "-" if value is None else shown_mib(value)
            for value in (memory.p50, memory.p95, memory.peak or once)
        ),
        "-" if cpu.p95 is None else f"{shown_plain(cpu.p95, 3)}",
        "-" if each.memory_bytes is None else shown_mib(each.memory_bytes),
        "-" if each.cpu_vcpu is None else f"{shown_plain(each.cpu_vcpu, 3)} vCPU",
    ]
