"""`sim density`: how many fit, as what, and what stops them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.catalog import apps, instance, instances
from sim.catalog import max_pods as max_pods_of
from sim.cli import explained
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, bar, hint, note, say, table, wrote
from sim.core.quantity import parse_bytes, parse_seconds, parse_vcpu, shown_memory
from sim.units import GiB

NAME = "density"


def command(
    *,
    instance_type: Annotated[
        str, typer.Option("--instance", help="EC2 type of the AWS rows.")
    ] = "m5.xlarge",
    host: Annotated[
        str | None,
        typer.Option(help="Bare machine of the vm and docker rows: m5.metal, 16x64GiB."),
    ] = None,
    app: Annotated[str, typer.Option(help="java, node, mysql or generic.")] = "generic",
    cpu: Annotated[str | None, typer.Option(help="vCPUs of one, such as 0.25 or 250m.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory of one, such as 512MiB.")] = None,
    by: Annotated[
        str,
        typer.Option(
            help="reservation (at once), use (simulated: minutes on a large host) or both."
        ),
    ] = "both",
    load: Annotated[
        str | None,
        typer.Option(
            help="Mean CPU use as a fraction of --cpu, counted in time of an m5 vCPU (0.2)."
        ),
    ] = None,
    slowdown: Annotated[str, typer.Option(help="Target for the p95 slow-down.")] = "2",
    window: Annotated[
        str | None,
        typer.Option(help="Simulated time of a probe; 60s up to 16 vCPU, then less, by default."),
    ] = None,
    cpu_weight_only: Annotated[
        bool, typer.Option("--cpu-weight-only", help="--cpu is a weight, not a quota.")
    ] = False,
    cpu_overcommit: Annotated[
        str, typer.Option(help="Reserved vCPUs per vCPU, vm and docker.")
    ] = "1",
    no_burstable: Annotated[
        bool, typer.Option("--no-burstable", help="No T types for the ec2 row.")
    ] = False,
    arch: Annotated[
        str | None, typer.Option(help="The only architecture of the image: amd64 or arm64.")
    ] = None,
    max_pods: Annotated[
        str | None, typer.Option(help="Of EKS nodes: 110, or 'default_enis * 10'.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Of the requests.")] = "1",
    replications: Annotated[str, typer.Option(help="Of the density by use.")] = "1",
    explain: Annotated[
        bool, typer.Option("--explain", help="List the numbers that moved it.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """How many of my containers fit on a machine, on every platform, and what stops them."""
    inputs = Inputs()
    asked: dict[str, Any] = {
        "instance": instance_type,
        "host": host,
        "app": inputs.choice("app", app, apps()),
        "cpu": inputs.read("cpu", cpu, parse_vcpu),
        "memory": inputs.read("memory", memory, parse_bytes),
        "by": inputs.choice("by", by, ("reservation", "use", "both")),
        "load": inputs.number("load", load, "above 0 and below 1", lambda x: 0 < x < 1),
        "slowdown": inputs.number("slowdown", slowdown, "at least 1", lambda x: 1 <= x < 1e9),
        "window": inputs.read("window", window, _some_seconds),
        "cpu_weight_only": cpu_weight_only,
        "cpu_overcommit": inputs.number(
            "cpu-overcommit", cpu_overcommit, "1 to 1000000", lambda x: 1.0 <= x <= 1e6
        ),
        "burstable": not no_burstable,
        "architecture": None if arch is None else inputs.choice("arch", arch, ("amd64", "arm64")),
        "max_pods": _max_pods(inputs, max_pods, instance_type),
        "seed": inputs.integer("seed", seed, 0),
        "replications": inputs.integer("replications", replications, 1),
        "explain": explain,
    }
    inputs.read("instance", instance_type, instance)
    inputs.folder("out", out)
    _check_host(inputs, host)
    inputs.check()
    from sim.studies.density.study import density

    try:
        answer = density(**asked)
    except ValueError as error:
        raise BadInput(str(error)) from error
    folder = answer.results().save(out)
    if json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        say(answer.sentence())
        show(answer)
        if answer.explained is not None:
            explained.show(answer.explained)
        wrote(folder)
    return 0 if answer.fits else 3


def _some_seconds(text: str) -> float:
    seconds = parse_seconds(text)
    if seconds == 0.0:
        raise ValueError(f"{text!r} is not allowed; above 0 seconds")
    return seconds


def _max_pods(inputs: Inputs, text: str | None, type_: str) -> int | None:
    """A number, or an expression over the instance type; an unknown type is told of elsewhere."""
    if type_ not in instances():
        return None
    return inputs.read("max-pods", text, lambda expression: max_pods_of(expression, type_))


def _check_host(inputs: Inputs, host: str | None) -> None:
    from sim.studies.bare_machine import bare_machine

    inputs.read("host", host, lambda text: bare_machine(text, "m5.xlarge"))


def show(answer: Any) -> None:
    """The table of an answer, and how to lift what stops each platform."""
    from sim.studies.density.row import how_to_lift

    most = max(row.count for row in answer.rows)
    service = answer.service
    title = f"{service.name}: {service.cpu:g} vCPU, {shown_memory(service.memory)} each"
    with_use = any(row.by_use is not None for row in answer.rows)
    columns = ["platform", "host", "fit", "", "stopped by", "RAM GiB", "$/h each"]
    columns += ["by use"] if with_use else []
    cells = [_cells(row, most, with_use) for row in answer.rows]
    table(columns, cells, title=title, right="llrllrrl")
    for row in answer.rows:
        hint(f"{row.platform}: {how_to_lift(row)}")
    if answer.pages_line():
        say(answer.pages_line())
    if with_use:
        say(answer.assumed_line())
        if answer.speed_line():
            say(answer.speed_line())
    say("Prices are compute only, on demand in us-east-1: no volumes, no public IPv4.")
    if answer.credits_line():
        say(answer.credits_line())


def _cells(row: Any, most: int, with_use: bool) -> list[str]:
    data = row.json()
    price = data.get("usd_per_container_hour")
    cells = [
        row.platform,
        row.host,
        "?" if row.unknown else str(row.count),
        bar(row.count, most, 8),
        _short(row.stopped_by),
        f"{data['memory_used_bytes'] / GiB:.2f}",
        "-" if price is None else f"{price:.4f}",
    ]
    if with_use and row.by_use:
        same = row.stopped_by_use == row.stopped_by
        cells.append(f"{row.count_by_use}" + ("" if same else f" ({_short(row.stopped_by_use)})"))
    return cells


def _short(limit: str) -> str:
    return limit.replace("one task per", "1 per").partition(" (")[0]
