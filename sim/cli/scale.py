"""`sim scale`: from no task to thousands, where the machines have to come first."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.catalog import image as known_image
from sim.catalog import instance
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, hint, note, say, table, wrote
from sim.core.quantity import parse_bytes, parse_vcpu, shown_memory

NAME = "scale"


def command(
    *,
    platform: Annotated[
        str, typer.Option(help="fargate, eks-fargate, ecs-asg, eks-karpenter, eks-cas or all.")
    ] = "all",
    begin: Annotated[str, typer.Option("--from", help="Tasks that run already.")] = "0",
    to: Annotated[str, typer.Option(help="Tasks that shall run.")] = "500",
    cpu: Annotated[str, typer.Option(help="vCPUs of one task.")] = "1",
    memory: Annotated[str, typer.Option(help="Memory of one task.")] = "2GiB",
    instance_type: Annotated[
        str, typer.Option("--instance", help="EC2 type of the instances that come.")
    ] = "c6g.4xlarge",
    image: Annotated[str, typer.Option(help="Image of the tasks.")] = "python:3.12",
    services: Annotated[str, typer.Option(help="Over which the tasks are split.")] = "1",
    quota: Annotated[
        list[str] | None,
        typer.Option(help="A figure of your account: fargate.launch.refill=20; repeatable."),
    ] = None,
    seed: Annotated[str, typer.Option(help="Of all random numbers.")] = "1",
    replications: Annotated[str, typer.Option(help="Independent runs.")] = "5",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """How long from 0 to 500 tasks, when the machines have to come first? And from 500 to 200?"""
    from sim.studies import platforms

    inputs = Inputs()
    asked: dict[str, Any] = {
        "platform": inputs.read(
            "platform", platform, lambda name: platforms.known(name, "scale", "all")
        ),
        "begin": inputs.integer("from", begin, 0),
        "to": inputs.integer("to", to, 0),
        "cpu": inputs.read("cpu", cpu, parse_vcpu),
        "memory": inputs.read("memory", memory, parse_bytes),
        "instance": instance_type,
        "image": image,
        "services": inputs.integer("services", services, 1),
        "quotas": dict(filter(None, (inputs.read("quota", text, _quota) for text in quota or []))),
        "seed": inputs.integer("seed", seed, 0),
        "replications": inputs.integer("replications", replications, 1),
    }
    inputs.read("instance", instance_type, instance)
    inputs.read("image", image, known_image)
    inputs.folder("out", out)
    inputs.check()
    if asked["to"] < asked["begin"]:
        return _scale_in(asked, out, json)
    return _answer(asked, out, json)


def _quota(text: str) -> tuple[str, float]:
    """Key and value of `fargate.launch.refill=20`, in base units.

    Raises:
        ValueError: it cannot be read.
    """
    from sim.catalog import figure, figures
    from sim.core.cited import SCALES
    from sim.studies.scaling import unknown_quota

    key, _, number = text.partition("=")
    value = float(number) if number.replace(".", "", 1).isdigit() else 0.0
    if not value > 0.0:
        allowed = "a figure's key and a positive number, such as fargate.launch.refill=20"
        raise ValueError(f"quota: {text!r} is not allowed; {allowed}")
    if key not in figures():
        raise unknown_quota(key, figures())
    return key, value * SCALES.get(figure(key).unit, 1.0)


def _answer(asked: dict[str, Any], out: Path, json: bool) -> int:
    from sim.plots import save, scale_curves
    from sim.studies.scale_out.study import scale_out

    try:
        answer = scale_out(**asked)
    except ValueError as error:
        raise BadInput(str(error)) from error
    folder = answer.results.save(out)
    wanted = [] if answer.starts.empty else [folder / "scale.png"]
    for path in wanted:
        save(scale_curves(answer.starts, begin=answer.begin), path)
    if json:
        as_json(answer.json())
        if answer.account:
            note(answer.account)
        note(f"wrote {folder}")
    else:
        say(answer.sentence())
        show(answer)
        wrote(folder, *wanted)
    return 0 if all("t90_s" in row.times for row in answer.rows) else 3


def _scale_in(asked: dict[str, Any], out: Path, json: bool) -> int:
    from sim.plots import save, shrink_curves
    from sim.studies.scale_in.study import scale_in

    if asked.pop("services") != 1:
        raise BadInput("services: only tasks that come are split over services; leave it out")
    try:
        answer = scale_in(**asked)
    except ValueError as error:
        raise BadInput(str(error)) from error
    code = 3 if any(row.lacking for row in answer.rows) else 0
    folder = answer.results().save(out)
    drawn = folder / "scale_in.png"
    save(shrink_curves(answer.hosts_over_time()), drawn)
    if json:
        as_json(answer.json())
        note(f"wrote {folder}")
        return code
    say(answer.sentence())
    table(
        ["platform", "hosts", "left", "50 %", "90 %", "last", "moved", "USD, hour 1", "USD/h then"],
        [_scale_in_cells(row) for row in answer.rows],
        title=(
            f"seconds until a share of the hosts that go has gone: {answer.begin:,} to "
            f"{answer.to:,} tasks of {answer.service.cpu:g} vCPU, "
            f"{shown_memory(answer.service.memory)}; any of them may end"
        ),
        right="lrrrrrrrr",
    )
    say("moved: ended on one host and made anew on another; ECS moves none.")
    wrote(folder, drawn)
    return code


def _scale_in_cells(row: Any) -> list[str]:
    times = (row.times.get(key) for key in ("t50_s", "t90_s", "t100_s"))
    return [
        row.platform,
        f"{row.hosts_before.value:,.0f}",
        f"{row.hosts.value:,.0f}",
        *("-" if time is None else f"{time.value:.0f}" for time in times),
        f"{row.moved.value:,.0f}",
        *("?" if usd is None else f"{usd:.2f}" for usd in (row.usd_first_hour, row.usd_per_hour)),
    ]


def show(answer: Any) -> None:
    """The times, and what limited each stretch of each curve."""
    service = answer.service
    table(
        ["platform", "10 %", "25 %", "50 %", "75 %", "90 %", "90 %: interval", "hosts", "USD/h"],
        [_cells(row) for row in answer.rows],
        title=(
            f"seconds until a share of the tasks is ready: {answer.begin:,} to {answer.to:,} tasks "
            f"of {service.cpu:g} vCPU, {shown_memory(service.memory)}, {service.image.name}"
        ),
        right="lrrrrrrrr",
    )
    say("what limited each stretch: the waits that grew (share of all that grew):")
    for row in answer.rows:
        hint(row.sentence())
    for platform, reasons in answer.reasons().items():
        say(f"  {platform}, per run: {reasons}")
    if answer.account:
        say(answer.account)


def _cells(row: Any) -> list[str]:
    shares = ("t10_s", "t25_s", "t50_s", "t75_s", "t90_s")
    times = [f"{row.times[key].value:.0f}" if key in row.times else "-" for key in shares]
    last = row.times.get("t90_s")
    interval = "-" if last is None or last.low is None else f"{last.low:.0f} to {last.high:.0f}"
    price = "?" if row.usd_per_hour is None else f"{row.usd_per_hour:.2f}"
    return [row.platform, *times, interval, f"{row.hosts:,}", price]
