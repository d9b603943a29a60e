"""From a Dockerfile to an image: each instruction becomes a step with a layer, cached or not."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path

from sim.core.cited import Cited, Number
from sim.core.names import Architecture, first_of
from sim.core.quantity import LARGEST_SIZE
from sim.image.dockerfile.context import Context, context_of
from sim.image.dockerfile.copy import (
    AddedFiles,
    CopyRequest,
    Tree,
    absolute,
    document,
    from_context,
    from_stage,
)
from sim.image.dockerfile.errors import InstructionError, printable
from sim.image.dockerfile.grammar import COPIES, WITH_FILES, ParsedInstruction, sizes_of, works
from sim.image.dockerfile.measured_steps import (
    HistoryStep,
    LoggedStep,
    history_of,
    log_of,
    seconds_from,
    sizes_from,
)
from sim.image.dockerfile.parser import Dockerfile, read_dockerfile
from sim.image.dockerfile.shrinking import together
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
from sim.image.image import Image, Layer, ends_of

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
    """One instruction of a build, and the layer it makes."""

    line: int
    word: str
    text: str
    stage: str
    """The stage's name, or its number where it has none."""
    layer: Layer
    """Its layer, of 0 bytes where the instruction writes no files."""
    cpu: float
    """Core-seconds."""
    cpu_given: bool
    """Whether the user gave the CPU work; where not, `cpu` is 0."""
    cached: bool
    needs: tuple[str, ...] = ()
    """Digests of what must be there first: the step below it, and what it copies from."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built, and how."""

    image: Image
    steps: tuple[BuildStep, ...]
    """Steps of the stages the target needs, in the file's order; FROM is not a step."""
    notes: tuple[str, ...]
    """Remarks for the user."""
    bases: tuple[tuple[str, Image], ...]
    """Images it starts from or copies from, each behind the digest under which steps need it."""

    @property
    def digests(self) -> frozenset[str]:
        """Digests that a later build finds in its cache."""
        return frozenset(step.layer.digest for step in self.steps)

    @property
    def cpu(self) -> float:
        """Core-seconds of the steps that were not cached."""
        return fsum(step.cpu for step in self.steps if not step.cached)


@dataclass(slots=True)
class BuildInput:
    """What the caller of a build gives, and what the build collects on its way."""

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
    history: Sequence[HistoryStep] | None = None
    log: Sequence[LoggedStep] | None = None
    bases: dict[str, Image] = field(default_factory=dict)
    """Images it has started from or copied from, by the digest under which steps need them."""


class StageBuild:
    """A stage while it is built.

    `chain` is the digest of its last step. It covers every step below, as BuildKit's cache keys do,
    so a changed instruction changes the digests of all that follow.
    """

    __slots__ = (
        *("_done", "_input", "_stage", "_stages", "_variables", "_workdir"),
        *("architectures", "chain", "layers", "steps", "tree"),
    )

    def __init__(
        self,
        stage: Stage,
        stages: Stages,
        done: "dict[int, StageBuild]",
        build_input: BuildInput,
        values: Globals,
    ) -> None:
        self._stage = stage
        self._stages = stages
        self._done = done
        self._input = build_input
        below = stages.named(stage.base, stage.number)
        base: StageBuild | None = done.get(below.number) if below is not None else None
        env: dict[str, str] = base.env if base else {}
        self._variables: Variables = Variables(values, env, build_input.file.escape)
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
        """Variables its ENV instructions set; a stage built on it inherits them."""
        return self._variables.env

    def build(self) -> None:
        """Take its instructions one by one; a mistake is noted and does not hide the next."""
        for instruction in self._stage.instructions:
            try:
                self._take(instruction)
            except InstructionError as error:
                self._wrong(instruction, error)
            if len(self.layers) > MOST_LAYERS:
                return

    def _wrong(self, instruction: ParsedInstruction, error: InstructionError) -> None:
        self._input.file.mistakes.add(instruction.raw.line, str(error), instruction.raw.text)

    def _start(self) -> None:
        try:
            image = resolved(self._stage, self._stages, self._input.resolve)
            self.layers = list(image.layers)
            self.architectures = architectures_of(
                image, self._stage, self._input.build_args.get("TARGETPLATFORM", "")
            )
            self.chain = self._known(image, self._stage.platform)
        except InstructionError as error:
            self._wrong(self._stage.head, error)

    def _take(self, instruction: ParsedInstruction) -> None:
        word = instruction.raw.word
        size, cpu = sizes_of(instruction.raw.annotation)
        does = works(instruction.raw)  # what is told of ONBUILD is told of its trigger
        if does != "RUN" and (cpu is not None or (size is not None and does not in COPIES)):
            self._wrong(
                instruction, InstructionError(f"{word} has neither CPU work nor a size to be told")
            )
        if word == "RUN":
            added, cpu = self._run(instruction, size, cpu)
        elif word in COPIES:
            added = self._copied(instruction, size)
        else:
            added = AddedFiles(content=self._described(instruction))
        self._append(instruction, added, cpu)

    def _append(self, instruction: ParsedInstruction, added: AddedFiles, cpu: float | None) -> None:
        flags = [f"{key}={self._variables.expand(value)}" for key, value in instruction.flags]
        needs = (self.chain, *added.needs)
        self.chain = _digest(self.chain, instruction.raw.word, flags, added.content)
        parts = [(size, self._input.ratio if r is None else r) for size, r in added.parts]
        ratio = together(parts, f"image.line_{instruction.raw.line}.unpack_ratio")
        layer = Layer(
            digest=self.chain,
            files=float(round(added.size)),
            unpack_ratio=ratio,
            count=None if added.count is None else float(added.count),
        )
        cached = layer.digest in self._input.cache
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
        size = self._input.run_sizes.get(ordinal, size)
        cpu = self._input.run_cpus.get(ordinal, cpu)
        bodies = [heredoc.body for heredoc in instruction.raw.heredocs]
        names = [self._variables.expand(name) for name in sources_of(instruction)]
        origins = [self._origin(name)[2] for name in names]
        if size is None:
            raise InstructionError(
                f"RUN {ordinal} has no size: give it with --run-size {ordinal}=SIZE, "
                "or write '# berthsim: size=120MB cpu=30' on the line above it"
            )
        # A RUN that writes anything may have written anywhere.
        self.tree.certain = self.tree.certain and size == 0.0
        content = [instruction.raw.rest, *bodies, *origins, f"{size:.0f}"]
        return AddedFiles([(float(round(size)), None)], content, tuple(origins)), cpu

    def _described(self, instruction: ParsedInstruction) -> list[str]:
        """Take an instruction without files; returns what it says, for the digest."""
        word, words = instruction.raw.word, instruction.words
        if word == "ARG":
            return self._variables.declare(words)
        if word == "ENV":
            return self._variables.export(words)
        if word == "WORKDIR":
            self._workdir, _ = absolute(self._variables.expand(" ".join(words)), self._workdir)
            return [self._workdir]
        if word in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "SHELL"):
            return [instruction.raw.rest]
        return [self._variables.expand(part) for part in words]

    def _copied(self, instruction: ParsedInstruction, size: float | None) -> AddedFiles:
        expand, marks = self._variables.expand, {item.mark for item in instruction.raw.heredocs}
        *sources, place = (word if word in marks else expand(word) for word in instruction.words)
        place, folder = absolute(place, self._workdir)
        request = CopyRequest(
            raw=instruction.raw,
            sources=tuple(name for name in sources if name not in marks),
            place=place + "/" * folder,
            exclude=tuple(expand(name) for name in instruction.flags_of("exclude")),
            unpacks=instruction.raw.word == "ADD" and instruction.flag("unpack") != "false",
            size=self._input.copy_sizes.get(instruction.ordinal, size),
            ordinal=instruction.ordinal,
        )
        if "from" in dict(instruction.flags):
            added = from_stage(request, *self._origin(expand(instruction.flag("from"))))
            self.tree.certain = False
        else:
            documents = [
                document(item, item.body if item.literal else expand(item.body, quotes=False))
                for item in instruction.raw.heredocs
            ]
            added = from_context(request, self._input.context, self.tree, documents)
        added.content += [*sources, request.place]
        return added

    def _origin(self, name: str) -> tuple[Tree | None, Sequence[Layer], str]:
        """A stage or image to copy from: its files (None: not known), its layers, its digest."""
        stage = self._stages.source(name, self._stage.number)
        if stage is not None:
            built = self._done.get(stage.number)
            if built is None:
                raise InstructionError(
                    f"stage {name[:80]!r} is named by a variable, which is not followed"
                )
            return built.tree, built.layers, built.chain
        image: Image = fetched(name, self._input.resolve)
        return None, image.layers, self._known(image)

    def _known(self, image: Image, *more: str) -> str:
        digest = _digest([layer.digest for layer in image.layers], *more)
        self._input.bases[digest] = image
        return digest


def _digest(*parts: object) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


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
    outside: Path | None = None,
    history: str | Path | None = None,
    build_log: str | Path | None = None,
) -> Built:
    """Build a Dockerfile.

    Args:
        context: the folder COPY and ADD read from; the Dockerfile's own by default.
        resolve: finds the base image of a name; the message it raises for an unknown one is shown.
        ratio: unpacked over compressed bytes of the layers whose files are not seen: those of RUN,
            of what is downloaded, and of what comes from another image or a RUN of a stage.
        run_sizes: unpacked bytes a RUN writes, by its number in the file from 1; goes before an
            annotation.
        run_cpus: core-seconds of a RUN, likewise.
        copy_sizes: unpacked bytes of a COPY or ADD, by its number in the file from 1, where they
            cannot be seen: from another stage or image, or from the network.
        target: the stage to build; the last by default.
        cache: digests of steps that earlier builds made.
        changed: a path inside the context that counts as edited since the last build.
        outside: a folder that is not part of the context, such as that of the results.
        history: `docker history` of the image, in a file: sizes of what is not given otherwise.
        build_log: BuildKit's plain log of the build, in a file: seconds of RUN, taken for CPU work.

    Raises:
        ValueError: history or log cannot be read.
        BadDockerfile: every mistake in it, one a line.
    """
    file = read_dockerfile(path)
    folder = Path(context) if context is not None else Path(path).parent
    build_input = BuildInput(
        resolve=resolve,
        ratio=ratio,
        run_sizes=dict(run_sizes or {}),
        run_cpus=dict(run_cpus or {}),
        copy_sizes=dict(copy_sizes or {}),
        build_args=dict(build_args or {}),
        cache=frozenset(cache or ()),
        changed=changed,
        context=context_of(Path(path), folder, file.mistakes, changed, outside),
        file=file,
        history=None if history is None else history_of(Path(history)),
        log=None if build_log is None else log_of(Path(build_log)),
    )
    return _built(build_input, target, Path(path).absolute().parent.name or "image")


def _built(build_input: BuildInput, target: str | None, name: str) -> Built:
    file = build_input.file
    stages, values, declared = read_stages(file, build_input.build_args)
    _check_options(build_input, declared)
    if not stages:
        file.mistakes.add(1, "it has no FROM", "")
        file.mistakes.check()
    try:
        wanted = stages.target(target)
    except InstructionError as error:
        wanted = stages.last()
        file.mistakes.add(wanted.head.raw.line, str(error), wanted.head.raw.text)
    _measured(build_input, wanted, stages)
    done: dict[int, StageBuild] = {}
    for stage in stages.needed(wanted):
        done[stage.number] = StageBuild(stage, stages, done, build_input, values)
        done[stage.number].build()
    file.mistakes.check()
    last = done[wanted.number]
    steps = tuple(step for stage in done.values() for step in stage.steps)
    layers = tuple({layer.digest: layer for layer in last.layers}.values())
    image = Image(name=name, layers=layers, architectures=last.architectures)
    return Built(
        image, steps, tuple(_notes(build_input, steps, image)), tuple(build_input.bases.items())
    )


def _measured(build_input: BuildInput, target: Stage, stages: Stages) -> None:
    """Take what tools have measured where the caller has said nothing himself."""
    try:
        if build_input.history is not None:
            runs, copies = sizes_from(build_input.history, target, stages)
            build_input.run_sizes = runs | build_input.run_sizes
            build_input.copy_sizes = copies | build_input.copy_sizes
        if build_input.log is not None:
            build_input.run_cpus = seconds_from(build_input.log, stages) | build_input.run_cpus
    except InstructionError as error:
        build_input.file.mistakes.add(target.head.raw.line, str(error), target.head.raw.text)


def _notes(build_input: BuildInput, steps: tuple[BuildStep, ...], image: Image) -> list[str]:
    notes: list[str] = []
    silent = [f"{step.line}" for step in steps if step.word == "RUN" and not step.cpu_given]
    if silent:
        notes.append(
            f"The CPU work of RUN is not told (line {', '.join(silent)}): only the writing of its "
            "files is timed; give it with --run-cpu N=SECONDS."
        )
    if build_input.log is not None:
        notes.append(
            "Seconds of the build log are taken for CPU work of one thread on the builder: an "
            "upper bound where a RUN waits for the network."
        )
    notes += _wire_notes(steps, image)
    if build_input.changed is not None and not build_input.context.used_changed:
        notes.append(f"No instruction takes {printable(build_input.changed)}: nothing is new.")
    links = build_input.context.outgoing_links()
    if links:
        notes.append(
            f"Links that lead out of the context are copied as links: {first_of(links, 5)}."
        )
    return notes


def _wire_notes(steps: tuple[BuildStep, ...], image: Image) -> list[str]:
    """How far each layer shrinks on the wire, and whether somebody has looked at its files."""
    mine = {layer.digest for layer in image.layers if layer.unpacked}
    seen, unseen = dict[str, None](), dict[str, list[str]]()
    for step in steps:
        ratio = step.layer.ratio
        if step.layer.digest not in mine or not isinstance(ratio, Cited):
            continue
        value, low, high = (f"{each:.2f}" for each in (ratio.value, *ends_of(ratio)))
        shown = value if low == high else f"{value} ({low} to {high})"
        if ratio.standing == "assumed":
            unseen.setdefault(shown, []).append(f"{step.line}")
        else:
            seen[f"line {step.line}: {shown}"] = None
    notes = []
    if seen:
        notes.append(
            f"Unpacked over compressed bytes, by gzip of the files themselves: {'; '.join(seen)}."
        )
    notes += [
        f"Unpacked over compressed bytes of files that are not seen (line {', '.join(lines)}) are "
        f"assumed: {shown}."
        for shown, lines in unseen.items()
    ]
    return notes


def _check_options(build_input: BuildInput, declared: Collection[str]) -> None:
    """Note options of the caller that mean nothing in this file.

    Args:
        declared: names of its ARGs; those of platforms and proxies need none.
    """
    words, add = (
        [works(raw) for raw in build_input.file.instructions],
        build_input.file.mistakes.add,
    )
    runs, copies = words.count("RUN"), sum(word in COPIES for word in words)
    for flag, amounts, word, there in (
        ("--run-size", build_input.run_sizes, "RUN", runs),
        ("--run-cpu", build_input.run_cpus, "RUN", runs),
        ("--copy-size", build_input.copy_sizes, "COPY or ADD", copies),
    ):
        for ordinal, amount in amounts.items():
            if not 1 <= ordinal <= there:
                add(1, f"{flag} {ordinal}: there is no such {word}; it has {there}", "")
            if not 0.0 <= amount < LARGEST_SIZE:
                add(1, f"{flag} {ordinal}={amount}: it is not allowed", "")
    for name in build_input.build_args:
        if name not in declared and name.upper() not in PREDEFINED:
            known = ", ".join(sorted(declared)[:20]) or "it has no ARG"
            flag = f"--build-arg {printable(name)}"
            add(1, f"{flag}: there is no ARG of that name; ARGs: {known}", "")
