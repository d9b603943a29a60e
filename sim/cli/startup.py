"""`sim startup`: how soon is one ready, and which phase takes the time."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.catalog import apps, instance
from sim.cli import explained
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, bar, note, say, table, wrote
from sim.core.quantity import parse_bytes, parse_vcpu, shown_memory

NAME = "startup"


def command(
    *,
    app: Annotated[str, typer.Option(help="java, node or mysql.")] = "java",
    platform: Annotated[
        str, typer.Option(help="vm, docker, ec2, ecs, fargate, eks, eks-fargate or all.")
    ] = "all",
    instance_type: Annotated[
        str,
        typer.Option("--instance", help="EC2 type of ECS and EKS; its size is the server's."),
    ] = "m5.xlarge",
    host: Annotated[
        str | None, typer.Option(help="Bare machine of the vm and docker rows.")
    ] = None,
    cpu: Annotated[str | None, typer.Option(help="vCPUs of one task.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory of one task.")] = None,
    tasks: Annotated[str, typer.Option(help="Started at once.")] = "1",
    network: Annotated[str, typer.Option(help="Of ECS: bridge, host or awsvpc.")] = "bridge",
    arch: Annotated[
        str | None, typer.Option(help="The only architecture of the image: amd64 or arm64.")
    ] = None,
    lazy: Annotated[
        bool, typer.Option("--lazy", help="Show lazy loading (SOCI) too: docker and fargate.")
    ] = False,
    require: Annotated[
        str | None, typer.Option(help='Exit 1 where it is not met: "p95<=30s".')
    ] = None,
    seed: Annotated[str, typer.Option(help="Of all random numbers.")] = "1",
    replications: Annotated[str, typer.Option(help="Independent runs.")] = "30",
    explain: Annotated[
        bool, typer.Option("--explain", help="List the numbers that moved it.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """How soon is my app ready, on every platform, from request to first healthy answer?"""
    from sim.studies.platforms import known
    from sim.studies.startup.answer import requirement

    inputs = Inputs()
    asked: dict[str, Any] = {
        "app": inputs.choice("app", app, [name for name in apps() if name != "generic"]),
        "platform": inputs.read("platform", platform, lambda name: known(name, "startup", "all")),
        "instance": instance_type,
        "host": host,
        "cpu": inputs.read("cpu", cpu, parse_vcpu),
        "memory": inputs.read("memory", memory, parse_bytes),
        "tasks": inputs.integer("tasks", tasks, 1),
        "network": inputs.choice("network", network, ("bridge", "host", "awsvpc")),
        "architecture": None if arch is None else inputs.choice("arch", arch, ("amd64", "arm64")),
        "lazy": lazy,
        "seed": inputs.integer("seed", seed, 0),
        "replications": inputs.integer("replications", replications, 1),
        "explain": explain,
    }
    inputs.read("instance", instance_type, instance)
    inputs.read("require", require, requirement)
    inputs.folder("out", out)
    _check_host(inputs, host)
    inputs.check()
    return _answer(asked, require, out, json)


def _answer(asked: dict[str, Any], require: str | None, out: Path, json: bool) -> int:
    from sim.studies.startup.answer import unmet
    from sim.studies.startup.study import startup

    try:
        answer = startup(**asked)
        missed = unmet(answer, require) if require is not None else None
    except ValueError as error:
        raise BadInput(str(error)) from error
    folder = answer.results.save(out)
    if json:
        as_json(answer.json())
        note(answer.assumed_line())
        if answer.account:
            note(answer.account)
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


def _check_host(inputs: Inputs, host: str | None) -> None:
    from sim.studies.bare_machine import bare_machine

    inputs.read("host", host, lambda text: bare_machine(text, "m5.xlarge"))


def show(answer: Any) -> None:
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
    if answer.account:
        say(answer.account)


def _show_phases(answer: Any) -> None:
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


def _size(service: Any) -> str:
    return f"{service.name}, {service.cpu:g} vCPU, {shown_memory(service.memory)}"


def _totals(answer: Any) -> list[list[str]]:
    slowest = max((row.seconds.get("p50_s", 0.0) for row in answer.totals()), default=0.0)
    running = {(r.platform, r.image): r for r in answer.rows if r.phase == "running"}
    rows = []
    for row in answer.totals():
        up = running.get((row.platform, row.image))
        rows.append(
            [
                row.platform,
                answer.hosts[f"{row.platform}-{row.image}"],
                row.image,
                _seconds(up, "p50_s"),
                _seconds(row, "p50_s"),
                _seconds(row, "p95_s"),
                bar(row.seconds.get("p50_s", 0.0), slowest, 8),
                str(row.n),
                str(row.refused),
                str(row.killed),
            ]
        )
    return rows


def _phases(answer: Any) -> list[list[str]]:
    totals = {(row.platform, row.image): row for row in answer.totals()}
    rows = []
    for row in answer.rows:
        total = totals[row.platform, row.image].seconds.get("p50_s", 0.0)
        if row.phase in ("running", "total") or total == 0.0:
            continue
        share = row.seconds["p50_s"] / total
        rows.append(
            [
                row.platform,
                row.image,
                row.phase,
                _seconds(row, "p50_s"),
                _seconds(row, "p95_s"),
                f"{share:.0%}",
                bar(share, 1.0, 30),
            ]
        )
    return rows


def _sums(answer: Any) -> list[list[str]]:
    rows = []
    for total in answer.totals():
        if "p50_s" not in total.seconds:
            continue
        parts = [
            f"{row.phase} {row.seconds['p50_s']:.2f}"
            for row in answer.rows
            if (row.platform, row.image) == (total.platform, total.image)
            and row.phase not in ("running", "total")
        ]
        rows.append([total.platform, total.image, " + ".join(parts)])
    return rows


def _seconds(row: Any, column: str) -> str:
    return f"{row.seconds[column]:.2f} s" if row is not None and column in row.seconds else "-"
