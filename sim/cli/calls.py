"""`sim calls`: services that call each other; what users wait for, and what stops them."""

from collections.abc import Iterator, Set
from dataclasses import fields
from pathlib import Path
from typing import Annotated

from sim.cli.script import picture
from sim import plots
from sim.cli.options import Caveats, Simulated, WorkerOptions, refusals, runs_on
from sim.cli.screen import IN_JSON, as_json, aside, hint, lead, note, notes, say, table, wrote
from sim.core.description import description
from sim.core.question import BadInput, Mistake, Question, Typed, ask
from sim.files.calls.beside import with_calls, with_calls_of
from sim.files.calls.proposals import accepted, proposals
from sim.files.reading import read_application
from sim.files.traces.reading import is_traces, read_traces
from sim.report.said import keep
from sim.studies.calls import study, words
from sim.studies.calls.answer import CallsAnswer, EntryAnswer, shown_time
from sim.studies.calls.question import CallsOptions, CallsQuestion, Rate
from sim.studies.calls.study import TooMuch
from sim.workload import Application

MOST_SHOWN = 20
"""Proposals that are listed one by one."""


@description
class CallsFiles(Question):
    """Where the services and their calls stand."""

    file: Annotated[Path, Typed(argument=True, shape="FILE")] | None = None
    """An application with its calls (entry:, parts:); or compose, Kubernetes or ECS files, with
    `calls`, `learn` or `accept`."""
    calls: Annotated[Path, Typed(shape="<file>")] | None = None
    """A file with the calls of the services in FILE: entry:, and parts: with what each does."""
    learn: Annotated[Path, Typed(name="from", shape="<traces>")] | None = None
    """Traces to learn the calls from (Jaeger, OpenTelemetry, Zipkin; Alibaba's MSCallGraph); sizes
    come from FILE, or are assumed."""
    accept: bool = False
    """Accept the calls suggested by environment variables, such as CART_ADDR: cart:7070."""
    cpu_share: Annotated[Rate, Typed(shape="<share>")] | None = None
    """With traces: which share of a service's own time is CPU work; 0.5 is assumed."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:  # noqa: ARG002 (as all questions)
        """Something has to say who calls whom."""
        if self.file is None and self.learn is None:
            yield Mistake(
                ("file", "learn"), "it is missing; give an application, or traces with --from"
            )
        if self.calls is not None and self.file is None:
            yield Mistake(("calls", "file"), "not allowed without FILE, which has the services")


def command(
    files: CallsFiles,
    asked: CallsOptions,
    caveats: Caveats,
    workers: WorkerOptions,
    to: Simulated,
) -> int:
    """Answer; 3 where a service cannot take as much."""
    application = application_of(files)
    values = {field.name: getattr(asked, field.name) for field in fields(asked)}
    question = ask(CallsQuestion, {"application": application, **values})
    try:
        with refusals(TooMuch), runs_on(workers, to.out):
            answer = study.answer(question)
    except TooMuch as much:
        if to.json:
            as_json({"refused": {"rate": str(much)}, "possible_per_s": much.possible})
        else:
            say(f"{much}.")
        return 3
    folder = answer.results.save(to.out)
    keep(folder, " ".join(words.sentences(answer)))
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        show(answer, explain=caveats.explain)
        with runs_on(workers):
            wrote(folder, *_pictures(answer, folder))
    return 0 if answer.keeps_up else 3


def application_of(files: CallsFiles) -> Application:
    """The services, with their calls.

    Raises:
        BadInput: all that is wrong with the files.
    """
    traces = files.learn
    if traces is None and files.file is not None and is_traces(files.file):
        traces = files.file
    if traces is not None:
        learnt = read_traces(traces, cpu_share=files.cpu_share)
        if files.file in (None, traces):
            return learnt
        return with_calls_of(read_application(files.file or traces), learnt, str(traces))
    path = files.file or Path()
    application = read_application(path)
    if files.calls is not None:
        return with_calls(application, files.calls)
    return application if application.operations else _guessed(application, path, files.accept)


def _guessed(application: Application, path: Path, accept: bool) -> Application:
    """What environment values propose, where that was accepted.

    Raises:
        BadInput: it was not, or there is nothing to accept.
    """
    edges = proposals([path], application)
    if accept and edges:
        return accepted(application, edges)
    lines = [
        f"{path}: it does not say which services call each other; describe that in a file for "
        "--calls"
    ]
    if edges:
        lines[0] += ", or use --accept to take what environment variables suggest:"
        lines += [f"  {edge}" for edge in edges[:MOST_SHOWN]]
        more = len(edges) - MOST_SHOWN
        lines += [f"  and {more} more"] if more > 0 else []
    raise BadInput("\n".join(lines))


def _pictures(answer: CallsAnswer, folder: Path) -> Iterator[Path]:
    """The graph, the request around p95, latency against the rate, and copies over time."""
    if len(answer.services) <= plots.MOST_IN_GRAPH:
        graph = plots.call_graph(answer.uses(), answer.calls())
        yield picture(graph, folder / "graph.png")
    if not answer.results.spans.empty:
        title = "A request around p95, step by step"
        steps = plots.request_waterfall(answer.paths(), title=title)
        yield picture(steps, folder / "waterfall.png")
    first = answer.bottleneck
    if first is not None:
        points, theory = answer.curve()
        curve = plots.latency_curve(
            points, theory, knee=first.saturates_per_s, stopped_by=first.name
        )
        yield picture(curve, folder / "latency.png")
    if answer.scaling is not None:
        copies = plots.copies_over_time(answer.scaling.results.samples)
        yield picture(copies, folder / "copies.png")


def show(answer: CallsAnswer, *, explain: bool) -> None:
    """The sentences, a row for each service and each entry, and what it rests on."""
    first, *others = words.sentences(answer)
    lead(first)
    for line in (*others, *words.warnings(answer)):
        say(line)
    table(
        ["service", "copies", "CPU", "visits", "of p50", "of p95", "saturates", "by", "one more"],
        [_service(answer, number) for number in range(len(answer.services))],
        title=f"services, {words.where(answer)}",
        right="lrrrrrrlr",
        spare=["of p50", "visits"],
        dash="no CPU work, too few requests, or too small a part of p95 to be tried",
        rest=IN_JSON,
    )
    table(
        ["entry", "p50", "p95", "interval", "p99", "mean"],
        [_entry(entry) for entry in (*answer.entries, answer.all)],
        title="how long users wait",
        right="lrrlrr",
        dash="too few requests or runs to say",
        rest=IN_JSON,
    )
    for line in words.caveats(answer) if explain else ():
        hint(line)
    notes(answer.question.application.notes, explain=explain)
    if not explain:
        aside("--explain says what the columns mean, and what this rests on.")


def _service(answer: CallsAnswer, number: int) -> list[str]:
    each = answer.services[number]
    more = answer.one_more.get(each.name)
    return [
        each.name,
        str(each.copies),
        f"{each.use:.0%}",
        f"{each.visits:.2f}",
        shown_time(each.p50_part_s),
        shown_time(each.p95_part_s),
        words.shown_rate(each.saturates_per_s) if each.saturates_per_s < float("inf") else "-",
        each.stopped_by,
        "-" if more is None else words.shown_difference(more.difference_s.value),
    ]


def _entry(entry: EntryAnswer) -> list[str]:
    times = entry.times
    p95 = times.get("p95_s")
    return [
        entry.name,
        *(shown_time(times[key].value) if key in times else "-" for key in ("p50_s", "p95_s")),
        "-" if p95 is None or p95.low is None else words.shown_interval(p95),
        *(shown_time(times[key].value) if key in times else "-" for key in ("p99_s", "mean_s")),
    ]
