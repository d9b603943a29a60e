"""From a Dockerfile to an image: each instruction becomes a step with a layer, cached or not."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path

from sim.core.cited import Number, plain
from sim.core.quantity import LARGEST_SIZE
from sim.host.machine import Architecture
from sim.image.dockerfile.context import Context, context_of
from sim.image.dockerfile.copy import (
    AddedFiles,
    Request,
    Tree,
    absolute,
    document,
    from_context,
    from_stage,
)
from sim.image.dockerfile.errors import InstructionError, printable
from sim.image.dockerfile.grammar import COPIES, WITH_FILES, ParsedInstruction, sizes_of
from sim.image.dockerfile.parser import Dockerfile, read_dockerfile
from sim.image.dockerfile.stages import (
    Resolve,
    Stage,
    Stages,
    architectures_of,
    fetched,
    read_stages,
    resolved,
    sources_of,
)
from sim.image.dockerfile.variables import Globals, Variables
from sim.image.image import Image, Layer
from sim.image.manifest.docker_tools import unpacked_layer

MOST_LAYERS = 125
"""Layers of an image: what overlay file systems take, less two of a running container (moby,
layer_store.go)."""
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
class BuildStep:
    """One instruction, done."""

    line: int
    word: str
    text: str
    stage: str
    """Its name, or its number."""
    layer: Layer
    """What it made; 0 bytes where it makes no files."""
    cpu: float
    """Core-seconds."""
    cpu_given: bool
    cached: bool
    needs: tuple[str, ...] = ()
    """Digests of what it stands on and takes files from: other steps' layers, and bases."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built, and how."""

    image: Image
    steps: tuple[BuildStep, ...]
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


@dataclass(slots=True)
class BuildInput:
    """What a build is given."""

    resolve: Resolve
    ratio: Number
    run_sizes: dict[int, float]
    run_cpus: dict[int, float]
    copy_sizes: dict[int, float]
    build_args: dict[str, str]
    cache: frozenset[str]
    changed: str | None
    context: Context
    file: Dockerfile
    notes: list[str] = field(default_factory=list)
    bases: dict[str, Image] = field(default_factory=dict)
    """Images by the digest that steps know them by."""


class StageBuild:
    """A stage while it is built."""

    __slots__ = (
        *("_done", "_given", "_stage", "_stages", "_variables", "_workdir"),
        *("architectures", "chain", "layers", "steps", "tree"),
    )

    def __init__(
        self,
        stage: Stage,
        stages: Stages,
        done: "dict[int, StageBuild]",
        given: BuildInput,
        values: Globals,
    ) -> None:
        self._stage = stage
        self._stages = stages
        self._done = done
        self._given = given
        below = stages.named(stage.base, stage.number)
        base: StageBuild | None = done.get(below.number) if below is not None else None
        env: dict[str, str] = base.env if base else {}
        self._variables: Variables = Variables(values, env, given.file.escape)
        self._workdir: str = base._workdir if base else "/"
        self.tree: Tree = Tree(base.tree if base else None)
        self.layers: list[Layer] = list(base.layers) if base else []
        self.architectures: tuple[Architecture, ...] = ("amd64", "arm64")
        self.chain: str = base.chain if base else ""
        self.steps: list[BuildStep] = []
        if base is not None:
            self.architectures = base.architectures
        else:
            self._start()

    @property
    def env(self) -> dict[str, str]:
        """What its ENV instructions set, which a stage built on it has too."""
        return self._variables.env

    def build(self) -> None:
        """Take all its instructions; what is wrong is noted, and the next is looked at."""
        for instruction in self._stage.instructions:
            try:
                self._take(instruction)
            except InstructionError as error:
                self._wrong(instruction, error)

    @property
    def unpacked(self) -> float:
        """Bytes of all its files."""
        return sum(layer.unpacked for layer in self.layers)

    def _wrong(self, instruction: ParsedInstruction, error: InstructionError) -> None:
        self._given.file.mistakes.add(instruction.raw.line, str(error), instruction.raw.text)

    def _start(self) -> None:
        try:
            image = resolved(self._stage, self._stages, self._given.resolve)
            self.layers = list(image.layers)
            self.architectures = architectures_of(
                image, self._stage, self._given.build_args.get("TARGETPLATFORM", "")
            )
            self.chain = self._known(image, self._stage.platform)
        except InstructionError as error:
            self._wrong(self._stage.head, error)

    def _take(self, instruction: ParsedInstruction) -> None:
        word = instruction.raw.word
        size, cpu = sizes_of(instruction.raw.annotation)
        if word != "RUN" and (
            cpu is not None or (size is not None and word not in ("COPY", "ADD"))
        ):
            self._wrong(
                instruction, InstructionError(f"{word} has neither CPU work nor a size to be told")
            )
        if word == "RUN":
            brought, cpu = self._run(instruction, size, cpu)
        elif word in ("COPY", "ADD"):
            brought = self._copied(instruction, size)
        else:
            brought = AddedFiles(content=self._described(instruction))
        self._append(instruction, brought, cpu)

    def _append(
        self, instruction: ParsedInstruction, brought: AddedFiles, cpu: float | None
    ) -> None:
        flags = [f"{key}={self._variables.put_in(value)}" for key, value in instruction.flags]
        needs = (self.chain, *brought.needs)
        self.chain = _digest(self.chain, instruction.raw.word, flags, brought.content)
        layer = _layer(self.chain, brought, self._given.ratio)
        cached = layer.digest in self._given.cache
        raw, name = instruction.raw, self._stage.name or str(self._stage.number)
        self.steps.append(
            BuildStep(
                line=raw.line,
                word=raw.word,
                text=raw.text,
                stage=name,
                layer=layer,
                cpu=cpu or 0.0,
                cpu_given=cpu is not None,
                cached=cached,
                needs=needs,
            )
        )
        if raw.word in WITH_FILES:
            self.layers.append(layer)
            if len(self.layers) == MOST_LAYERS + 1:
                self._wrong(
                    instruction,
                    InstructionError(f"the image has more than {MOST_LAYERS} layers here"),
                )

    def _run(
        self, instruction: ParsedInstruction, size: float | None, cpu: float | None
    ) -> tuple[AddedFiles, float | None]:
        ordinal = instruction.ordinal
        size = self._given.run_sizes.get(ordinal, size)
        cpu = self._given.run_cpus.get(ordinal, cpu)
        bodies = [heredoc.body for heredoc in instruction.raw.heredocs]
        names = [self._variables.put_in(name) for name in sources_of(instruction)]
        origins = [self._origin(name)[2] for name in names]
        if size is None:
            raise InstructionError(
                f"RUN {ordinal} has no size: give it with --run-size {ordinal}=SIZE, "
                "or in a comment above it: # berthsim: size=120MB cpu=30"
            )
        self.tree.certain = self.tree.certain and size == 0.0
        said = [instruction.raw.rest, *bodies, *origins, f"{size:.0f}"]
        return AddedFiles(float(round(size)), content=said, needs=tuple(origins)), cpu

    def _described(self, instruction: ParsedInstruction) -> list[str]:
        """What an instruction that makes no files says."""
        word, words = instruction.raw.word, instruction.words
        if word == "ARG":
            return self._variables.declare(words)
        if word == "ENV":
            return self._variables.export(words)
        if word == "WORKDIR":
            self._workdir, _ = absolute(self._variables.put_in(" ".join(words)), self._workdir)
            return [self._workdir]
        if word in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "SHELL"):
            return [instruction.raw.rest]
        return [self._variables.put_in(part) for part in words]

    def _copied(self, instruction: ParsedInstruction, size: float | None) -> AddedFiles:
        put_in, marks = self._variables.put_in, {item.mark for item in instruction.raw.heredocs}
        *sources, place = (word if word in marks else put_in(word) for word in instruction.words)
        place, folder = absolute(place, self._workdir)
        request = Request(
            given=instruction.raw,
            sources=tuple(name for name in sources if name not in marks),
            place=place + "/" * folder,
            exclude=tuple(put_in(name) for name in instruction.flags_of("exclude")),
            unpacks=instruction.raw.word == "ADD" and instruction.flag("unpack") != "false",
            size=self._given.copy_sizes.get(instruction.ordinal, size),
            ordinal=instruction.ordinal,
        )
        if "from" in dict(instruction.flags):
            brought = from_stage(request, *self._origin(put_in(instruction.flag("from"))))
            self.tree.certain = False
        else:
            seen, escape = self._variables.seen(), self._given.file.escape
            documents = [document(item, seen, escape) for item in instruction.raw.heredocs]
            brought = from_context(request, self._given.context, self.tree, documents)
        brought.content += [*sources, request.place]
        return brought

    def _origin(self, name: str) -> tuple[Tree | None, float, str]:
        """What is known of a stage or image that files are taken from."""
        stage = self._stages.source(name, self._stage.number)
        if stage is not None:
            built = self._done.get(stage.number)
            if built is None:
                raise InstructionError(
                    f"stage {name[:80]!r} is named by a variable, which is not followed"
                )
            return built.tree, built.unpacked, built.chain
        image: Image = fetched(name, self._given.resolve)
        return None, image.unpacked, self._known(image)

    def _known(self, image: Image, *more: str) -> str:
        digest = _digest([layer.digest for layer in image.layers], *more)
        self._given.bases[digest] = image
        return digest


def _digest(*parts: object) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def _layer(chain: str, brought: AddedFiles, ratio: Number) -> Layer:
    """Bytes of files are those unpacked; an archive is taken as large on the wire as it is."""
    size = brought.size + float(round(brought.packed * plain(ratio)))
    return unpacked_layer(chain, size, ratio)


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
    given = BuildInput(
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


def _built(given: BuildInput, target: str | None, name: str) -> Built:
    file = given.file
    stages, values, declared = read_stages(file, given.build_args)
    _check_options(given, declared)
    if not stages:
        file.mistakes.add(1, "it has no FROM", "")
        file.mistakes.check()
    every = Stages(stages)
    try:
        wanted = every.target(target)
    except InstructionError as error:
        file.mistakes.add(stages[-1].head.raw.line, str(error), stages[-1].head.raw.text)
        wanted = stages[-1]
    done: dict[int, StageBuild] = {}
    for stage in every.needed(wanted):
        done[stage.number] = StageBuild(stage, every, done, given, values)
        done[stage.number].build()
    file.mistakes.check()
    last = done[wanted.number]
    steps = tuple(step for stage in done.values() for step in stage.steps)
    layers = tuple({layer.digest: layer for layer in last.layers}.values())
    image = Image(name=name, layers=layers, architectures=last.architectures)
    notes = tuple(dict.fromkeys(_notes(given, steps)))
    return Built(image, steps, notes, dict(given.bases))


def _notes(given: BuildInput, steps: tuple[BuildStep, ...]) -> list[str]:
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


def _check_options(given: BuildInput, declared: Collection[str]) -> None:
    """Note options of the caller that mean nothing in this file.

    Args:
        declared: names of its ARGs; those of platforms and proxies need none.
    """
    words, add = [raw.word for raw in given.file.instructions], given.file.mistakes.add
    runs, copies = words.count("RUN"), sum(word in COPIES for word in words)
    for flag, amounts, word, there in (
        ("--run-size", given.run_sizes, "RUN", runs),
        ("--run-cpu", given.run_cpus, "RUN", runs),
        ("--copy-size", given.copy_sizes, "COPY or ADD", copies),
    ):
        for ordinal, amount in amounts.items():
            if not 1 <= ordinal <= there:
                add(1, f"{flag} {ordinal}: there is no such {word}; it has {there}", "")
            if not 0.0 <= amount < LARGEST_SIZE:
                add(1, f"{flag} {ordinal}={amount}: it is not allowed", "")
    for name in given.build_args:
        if name not in declared and name.upper() not in PREDEFINED:
            known = ", ".join(sorted(declared)[:20]) or "it has no ARG"
            flag = f"--build-arg {printable(name)}"
            add(1, f"{flag}: there is no ARG of that name; ARGs: {known}", "")
