"""`sim scale`: from no task to thousands, where the machines have to come first, and back."""

from collections.abc import Mapping

from sim.cli.script import picture
from sim import plots
from sim.cli import explained
from sim.cli.options import Simulated, WorkerOptions, refusals, runs_on
from sim.cli.own_files import SAID_BY_FILES, ServiceOfFiles
from sim.cli.screen import as_json, aside, hint, lead, note, say, table, wrote
from sim.core.quantity import shown_size, shown_vcpu
from sim.report.said import keep
from sim.studies.cost.bill import Bill
from sim.studies.scale import ScaleQuestion
from sim.studies.scale_in import study as scale_in
from sim.studies.scale_in.answer import ScaleInAnswer, ScaleInRow
from sim.studies.scale_out import study as scale_out
from sim.studies.scale_out.answer import ScaleOutAnswer, ScaleOutRow
from sim.workload import Service
from sim.workload.task import task_size


def command(
    own: ServiceOfFiles, question: ScaleQuestion, workers: WorkerOptions, to: Simulated
) -> int:
    """Grow or shrink; 3 where not all tasks came up."""
    if own.files:
        question = own.of(question, SAID_BY_FILES | {"gpus", "image"})
    with refusals(), runs_on(workers, to.out):
        if question.to < question.begin:
            return _went(scale_in.answer(question), to)
        return _came(scale_out.answer(question), to)


def _came(answer: ScaleOutAnswer, to: Simulated) -> int:
    folder = answer.results.save(to.out)
    keep(folder, answer.sentence())
    wanted = [] if answer.starts.empty else [folder / "scale.png"]
    for path in wanted:
        picture(plots.scale_curves(answer.starts, begin=answer.begin), path)
    if to.json:
        as_json(answer.json())
        if answer.account:
            note(answer.account)
        note(f"wrote {folder}")
    else:
        lead(answer.sentence())
        show(answer)
        if answer.explained is not None:
            explained.show(answer.explained)
        wrote(folder, *wanted)
    return 0 if all("t90_s" in row.times for row in answer.rows) else 3


def _went(answer: ScaleInAnswer, to: Simulated) -> int:
    code = 3 if any(row.lacking for row in answer.rows) else 0
    folder = answer.results().save(to.out)
    keep(folder, answer.sentence())
    drawn = picture(plots.scale_in_curves(answer.hosts_over_time()), folder / "scale_in.png")
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
        return code
    lead(answer.sentence())
    table(
        ["platform", "hosts", "left", "50%", "90%", "last", "moved", "USD, hour 1", "USD/h then"],
        [_scale_in_cells(row) for row in answer.rows],
        title=(
            f"seconds until that share of the surplus hosts is gone: {answer.begin:,} to "
            f"{answer.to:,} tasks of {_size(answer.service)}; any of them may end"
        ),
        right="lrrrrrrrr",
    )
    say("moved: stopped on one host and started on another; ECS moves none.")
    _costs({row.platform: row.bill for row in answer.rows})
    wrote(folder, drawn)
    return code


def _scale_in_cells(row: ScaleInRow) -> list[str]:
    times = (row.times.get(key) for key in ("t50_s", "t90_s", "t100_s"))
    return [
        row.platform,
        f"{row.hosts_before.value:,.0f}",
        f"{row.hosts.value:,.0f}",
        *("none goes" if time is None else f"{time.value:.0f}" for time in times),
        f"{row.moved.value:,.0f}",
        *("?" if usd is None else f"{usd:.2f}" for usd in (row.usd_first_hour, row.usd_per_hour)),
    ]


def show(answer: ScaleOutAnswer) -> None:
    """The times, and what limited each stretch of each curve."""
    service, image = answer.service, answer.service.image
    name = "" if image is None else image.name
    table(
        ["platform", "10%", "25%", "50%", "75%", "90%", "90%: interval", "hosts", "USD/h"],
        [_cells(row) for row in answer.rows],
        title=(
            f"seconds until that share is ready: {answer.begin:,} to {answer.to:,} tasks "
            f"of {_size(service)}, {name}"
        ),
        right="lrrrrrrrr",
        spare=["90%: interval"],
    )
    if answer.on_arm:
        aside(
            f"Fargate runs arm64 tasks here, as {answer.instance} does; they cost less than x86 "
            "tasks, which an --instance such as m5.4xlarge asks for."
        )
    told = answer.explained is not None
    slowest = max(answer.rows, key=lambda row: row.slowness)
    say("What each part of the ramp-up waited for (share of the time added there):")
    for row in answer.rows if told else [slowest]:
        hint(row.sentence())
    for platform, reasons in answer.reasons().items():
        say(f"  {platform}, per run: {reasons}")
    if not told:
        aside("--explain says so of every platform, with its bill and the account's quotas.")
        return
    _costs({row.platform: row.bill for row in answer.rows})
    if answer.account:
        say(answer.account)


def _size(service: Service) -> str:
    """What a task reserves, all of its containers together."""
    size = task_size(service)
    return f"{shown_vcpu(size.cpu)}, {shown_size(size.reserved, 4)}"


def _costs(bills: Mapping[str, Bill]) -> None:
    """Item by item, in USD a month."""
    say("The bill, for as long as it runs:")
    for platform, bill in bills.items():
        hint(f"{platform}: {bill.sentence()}")


def _cells(row: ScaleOutRow) -> list[str]:
    shares = ("t10_s", "t25_s", "t50_s", "t75_s", "t90_s")
    times = [f"{row.times[key].value:.0f}" if key in row.times else "never" for key in shares]
    last = row.times.get("t90_s")
    interval = (
        "too few runs" if last is None or last.low is None else f"{last.low:.0f} to {last.high:.0f}"
    )
    price = "?" if row.usd_per_hour is None else f"{row.usd_per_hour:.2f}"
    return [row.platform, *times, interval, f"{row.hosts:,}", price]
