"""From a Dockerfile to an image: own layers on top of a base image's, and what of it is cached."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from sim.core.cited import Number
from sim.image.dockerfile._variables import Globals
from sim.image.dockerfile.build import Given, StageBuild, Step
from sim.image.dockerfile.errors import BadWord, printable
from sim.image.dockerfile.grammar import sizes_of, take_apart
from sim.image.dockerfile.ignored import context_of
from sim.image.dockerfile.parser import Dockerfile, read_dockerfile
from sim.image.dockerfile.sources import Resolve
from sim.image.dockerfile.stages import Line, Stage, Stages
from sim.image.image import Image, Layer

COPIES = ("COPY", "ADD")

PREDEFINED = (
    *(
        f"{side}{part}"
        for side in ("TARGET", "BUILD")
        for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
    ),
    *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH"),
)
"""Build arguments that need no ARG."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built, and how."""

    image: Image
    steps: tuple[Step, ...]
    """Of the stages the target needs, in the file's order; FROM is none of them."""
    notes: tuple[str, ...]
    """What its user should know."""
    bases: Mapping[str, Image]
    """Images it starts from and copies from, by the digest that steps need."""

    @property
    def digests(self) -> frozenset[str]:
        """What a later build has in its cache."""
        return frozenset(step.layer.digest for step in self.steps)

    @property
    def cpu(self) -> float:
        """Core-seconds of the steps that were not cached."""
        return fsum(step.cpu for step in self.steps if not step.cached)


def build_file(
    path: str | Path,
    *,
    context: str | Path | None = None,
    resolve: Resolve,
    ratio: Number,
    run_sizes: Mapping[int, float] | None = None,
    run_cpus: Mapping[int, float] | None = None,
    copy_sizes: Mapping[int, float] | None = None,
    target: str | None = None,
    build_args: Mapping[str, str] | None = None,
    cache: Collection[str] | None = None,
    changed: str | None = None,
    apart: Path | None = None,
) -> Built:
    """Build a Dockerfile.

    Args:
        context: the folder COPY and ADD read; the Dockerfile's where it is not given.
        resolve: the base image of a name; what it raises for an unknown one is told to the user.
        ratio: unpacked over compressed bytes of the layers made.
        run_sizes: unpacked bytes by RUN, the file's first being 1; before an annotation.
        run_cpus: core-seconds, likewise.
        copy_sizes: unpacked bytes by COPY or ADD, the file's first being 1, where its files do not
            say: from another stage or image, or from the network.
        target: the stage to build; the last where it is not given.
        cache: digests of steps that earlier builds made.
        changed: a path inside the context that is taken as it was before its last change.
        apart: a folder that is not part of the context, such as that of the answers.

    Raises:
        BadDockerfile: all that is wrong with it, one mistake a line.
    """
    file = read_dockerfile(path)
    folder = Path(context) if context is not None else Path(path).parent
    given = Given(
        resolve=resolve,
        ratio=ratio,
        run_sizes=dict(run_sizes or {}),
        run_cpus=dict(run_cpus or {}),
        copy_sizes=dict(copy_sizes or {}),
        build_args=dict(build_args or {}),
        cache=frozenset(cache or ()),
        changed=changed,
        context=context_of(Path(path), folder, file.mistakes, changed, apart),
        file=file,
    )
    return _built(given, target, Path(path).absolute().parent.name or "image")


def _built(given: Given, target: str | None, name: str) -> Built:
    file = given.file
    stages, values = _stages(file, given)
    if not stages:
        file.mistakes.add(1, "it has no FROM", "")
        file.mistakes.check()
    every = Stages(stages)
    try:
        wanted = every.target(target)
    except BadWord as error:
        file.mistakes.add(stages[-1].head.given.line, str(error), stages[-1].head.given.text)
        wanted = stages[-1]
    done: dict[int, StageBuild] = {}
    for stage in every.needed(wanted):
        done[stage.number] = StageBuild(stage, every, done, given, values)
        done[stage.number].build()
    file.mistakes.check()
    last = done[wanted.number]
    steps = tuple(step for stage in done.values() for step in stage.steps)
    image = Image(name=name, layers=_distinct(last.layers), architectures=last.architectures)
    notes = tuple(dict.fromkeys(_notes(given, steps)))
    return Built(image, steps, notes, dict(given.bases))


def _notes(given: Given, steps: tuple[Step, ...]) -> list[str]:
    silent = [f"{step.line}" for step in steps if step.word == "RUN" and not step.cpu_given]
    if silent:
        given.notes.append(
            f"The CPU work of RUN is not told (line {', '.join(silent)}): only the writing of its "
            "files is timed; give it with --run-cpu N=SECONDS."
        )
    if given.changed is not None and not given.context.used_changed:
        given.notes.append(f"No instruction takes {printable(given.changed)}: nothing is new.")
    links = given.context.outgoing_links()
    if links:
        more = f" and {len(links) - 5} more" if len(links) > 5 else ""
        given.notes.append(
            f"Links that lead out of the context are copied as links: {', '.join(links[:5])}{more}."
        )
    return given.notes


def _distinct(layers: list[Layer]) -> tuple[Layer, ...]:
    return tuple({layer.digest: layer for layer in layers}.values())


def _stages(file: Dockerfile, given: Given) -> tuple[list[Stage], Globals]:
    """All stages of a file; instructions that cannot be read are noted and left out."""
    values, stages = Globals(given.build_args), list[Stage]()
    runs, copies, declared = 0, 0, set[str]()
    for item in file.instructions:
        runs += item.word == "RUN"
        copies += item.word in COPIES
        try:
            sizes_of(item.annotation)
            line = Line(
                item, take_apart(item, file.escape), copies if item.word in COPIES else runs
            )
            if item.word == "ARG":
                declared |= {word.partition("=")[0] for word in line.parts.words}
            if item.word == "FROM":
                stages.append(_stage(line, len(stages), values, file.escape))
            elif stages:
                stages[-1].lines.append(line)
            elif item.word == "ARG":
                values.declare(line.parts.words, file.escape)
            else:
                raise BadWord(f"there is no FROM before {item.word}")
        except BadWord as error:
            file.mistakes.add(item.line, str(error), item.text)
    _unused(given, "--run-size", given.run_sizes, "RUN", runs)
    _unused(given, "--run-cpu", given.run_cpus, "RUN", runs)
    _unused(given, "--copy-size", given.copy_sizes, "COPY or ADD", copies)
    _undeclared(given, declared)
    return stages, values


def _stage(line: Line, number: int, values: Globals, escape: str) -> Stage:
    base = values.put_in(line.parts.words[0], escape)
    platform = values.put_in(line.parts.flag("platform"), escape)
    return Stage(number, line, base, platform)


def _unused(given: Given, flag: str, said: Mapping[int, float], word: str, there: int) -> None:
    for ordinal, amount in said.items():
        if not 1 <= ordinal <= there:
            message = f"{flag} {ordinal}: there is no such {word}; it has {there}"
            given.file.mistakes.add(1, message, "")
        if not 0.0 <= amount < 2.0**50:
            given.file.mistakes.add(1, f"{flag} {ordinal}={amount}: it is not allowed", "")


def _undeclared(given: Given, declared: set[str]) -> None:
    """Build arguments that no ARG takes; those of platforms and proxies need none."""
    for name in given.build_args:
        if name not in declared and name.upper() not in PREDEFINED:
            known = ", ".join(sorted(declared)[:20]) or "it has no ARG"
            said = f"--build-arg {printable(name)}: there is no ARG of that name; ARGs: {known}"
            given.file.mistakes.add(1, said, "")
