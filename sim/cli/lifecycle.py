"""`sim lifecycle`: from a Dockerfile to a running container, and where the seconds go."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from sim import catalog
from sim.cli.image import find
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, bar, hint, note, say, table, wrote
from sim.core.quantity import parse_bytes, parse_vcpu, shown_bytes
from sim.image.dockerfile.parser import read_dockerfile
from sim.image.image import Image

NAME = "lifecycle"
MOST_CPU = 1e9
"""Core-seconds, 30 years: more is a slip."""

T = TypeVar("T")
Many = list[str] | None


def command(
    *,
    dockerfile: Annotated[Path, typer.Argument(metavar="DOCKERFILE", help="Or its folder.")],
    context: Annotated[
        Path | None, typer.Option(help="Folder that COPY reads; the Dockerfile's by default.")
    ] = None,
    registry: Annotated[str, typer.Option(help=f"{', '.join(catalog.registry_names())}.")] = "ecr",
    platform: Annotated[
        str, typer.Option(help="docker, ec2, ecs, fargate, eks or eks-fargate.")
    ] = "ecs",
    instance: Annotated[str, typer.Option(help="EC2 type that runs it.")] = "m5.xlarge",
    builder: Annotated[str, typer.Option(help="EC2 type that builds and pushes.")] = "m5.xlarge",
    arch: Annotated[
        str | None, typer.Option(help="Built for: amd64 or arm64; the builder's by default.")
    ] = None,
    run_size: Annotated[
        Many, typer.Option(help="N=SIZE: what the Nth RUN writes, or L7=SIZE for that of line 7.")
    ] = None,
    run_cpu: Annotated[
        Many, typer.Option(help="N=SECONDS: core-seconds of the Nth RUN, or L7=SECONDS.")
    ] = None,
    copy_size: Annotated[
        Many,
        typer.Option(help="N=SIZE: the Nth COPY or ADD, from a stage or the network; or L9=SIZE."),
    ] = None,
    build_arg: Annotated[Many, typer.Option(help="NAME=VALUE for an ARG.")] = None,
    target: Annotated[str | None, typer.Option(help="The stage to build.")] = None,
    base: Annotated[Many, typer.Option(help="NAME=FILE: the manifest of a base image.")] = None,
    startup_cpu: Annotated[
        str | None, typer.Option(help="Core-seconds from exec to the first healthy answer.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="Instead: java, node or mysql.")] = None,
    cpu: Annotated[str | None, typer.Option(help="vCPUs of the container.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory of the container.")] = None,
    change: Annotated[
        str | None, typer.Option(help="A file of the context that changes; then all over again.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Of all random numbers.")] = "1",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Build an image, push it, pull and run it: where do the seconds and the bytes go?"""
    from sim.studies.lifecycle.study import file_of
    from sim.studies.platforms import known

    inputs = Inputs()
    file = file_of(dockerfile)
    runs, copies = _lines_of(file, ("RUN",)), _lines_of(file, ("COPY", "ADD"))
    asked: dict[str, Any] = {
        "context": context,
        "registry": inputs.choice("registry", registry, catalog.registry_names()),
        "platform": inputs.read("platform", platform, lambda name: known(name, "lifecycle")),
        "instance": instance,
        "builder": builder,
        "architecture": None if arch is None else inputs.choice("arch", arch, ("amd64", "arm64")),
        "run_sizes": _pairs(inputs, "run-size", run_size, _size, _numbered("RUN", runs)),
        "run_cpus": _pairs(inputs, "run-cpu", run_cpu, _cpu, _numbered("RUN", runs)),
        "copy_sizes": _pairs(inputs, "copy-size", copy_size, _size, _numbered("COPY", copies)),
        "build_args": _pairs(inputs, "build-arg", build_arg, str, str),
        "bases": _pairs(inputs, "base", base, lambda text: _base(text, arch or "amd64"), str),
        "target": target,
        "startup_cpu": inputs.read("startup-cpu", startup_cpu, _cpu),
        "app": app if app is None else inputs.choice("app", app, _apps()),
        "cpu": inputs.read("cpu", cpu, parse_vcpu),
        "memory": inputs.read("memory", memory, parse_bytes),
        "change": change,
        "apart": out / NAME,
        "seed": inputs.integer("seed", seed, 0),
    }
    if startup_cpu is not None and app is not None:
        inputs.mistakes.append("app: not allowed beside --startup-cpu; it brings its own work")
    inputs.read("instance", instance, catalog.instance)
    inputs.read("builder", builder, catalog.instance)
    inputs.folder("out", out)
    inputs.check()
    return _answer(file, asked, out, json)


def _answer(file: Path, asked: dict[str, Any], out: Path, json: bool) -> int:
    from sim import plots
    from sim.cli.script import picture
    from sim.studies.lifecycle.study import lifecycle

    try:
        answer = lifecycle(file, **asked)
    except ValueError as error:
        raise BadInput(str(error)) from error
    results = answer.results()
    folder = results.save(out)
    drawn = picture(
        plots.lifecycle(results.summary, title=_title(answer)), folder / "waterfall.png"
    )
    lines = (answer.assumed_line(), *answer.notes)
    if json:
        as_json(answer.json())
        note("\n".join([answer.sentence(), *lines, f"wrote {folder}", f"wrote {drawn}"]))
    else:
        say(answer.sentence())
        show(answer)
        for line in lines:
            hint(line)
        wrote(folder, drawn)
    return 0 if answer.up else 3


def show(answer: Any) -> None:
    """Each phase with its time and bytes; those of one step may overlap."""
    rows = answer.json()
    for number in range(1, len(answer.rounds) + 1):
        mine = [row for row in rows if row.get("round", 1) == number]
        if mine:
            _show(
                mine,
                "after the change"
                if number > 1
                else "phases; those of a step may overlap; what takes no time is left out",
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
        ["step", "phase", "start", "end", "takes", "bytes", ""], cells, title=title, right="llrrrrl"
    )


def _phase(row: dict[str, Any]) -> str:
    if "line" in row:
        text = row["text"] if len(row["text"]) <= 36 else row["text"][:35] + "…"
        return f"{row['line']}  {text}" + ("  (cached)" if row["cached"] else "")
    if "pull_s" in row:
        return "total without the pull"
    return f"{row['phase']} {row['image']}" if "image" in row else str(row["phase"])


def _title(answer: Any) -> str:
    return f"{Path(answer.dockerfile).name} to {answer.registry} to {answer.platform}"


def _pairs(
    inputs: Inputs,
    field: str,
    texts: Many,
    value: Callable[[str], T],
    key: Callable[[str], Any],
) -> dict[Any, T]:
    """`NAME=VALUE` as often as it was given."""
    made: dict[Any, T] = {}
    for text in texts or ():
        name, equals, rest = text.partition("=")
        try:
            if not equals or not name:
                raise ValueError(f"{text!r} is not allowed; NAME=VALUE")
            if key(name) in made:
                raise ValueError(f"{name!r} is given twice")
            made[key(name)] = value(rest)
        except ValueError as error:
            inputs.mistakes.append(f"{field}: {text!r}: {error}")
    return made


def _lines_of(file: Path, words: tuple[str, ...]) -> dict[int, int]:
    """Which of some instructions stands on which line; a file that cannot be read has none."""
    try:
        found = read_dockerfile(file).instructions
    except ValueError:
        return {}
    lines = [item.line for item in found if item.word in words]
    return {line: number for number, line in enumerate(lines, 1)}


def _numbered(word: str, lines: dict[int, int]) -> Callable[[str], int]:
    """What reads the number of an instruction, given as such or by its line."""

    def number(name: str) -> int:
        digits = name[1:] if name[:1] in "Ll" else name
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise ValueError(f"{name!r} is no {word}; its number such as 1, or its line such as L7")
        if name[:1] not in "Ll":
            return int(digits)
        if int(digits) not in lines:
            known = ", ".join(f"L{line}" for line in lines) or "there is none"
            raise ValueError(f"no {word} begins on line {digits}; {word}: {known}")
        return lines[int(digits)]

    return number


def _size(text: str) -> float:
    return 0.0 if text == "0" else parse_bytes(text)


def _cpu(text: str) -> float:
    try:
        work = float(text.removesuffix("s"))
    except ValueError:
        work = -1.0
    if not 0.0 <= work <= MOST_CPU:
        raise ValueError(f"{text!r} is not allowed; core-seconds such as 30")
    return work


def _base(text: str, architecture: str) -> Image:
    return find("base", text, "arm64" if architecture == "arm64" else "amd64").image


def _apps() -> list[str]:
    return [name for name in catalog.apps() if name != "generic"]
