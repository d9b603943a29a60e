"""One stage of a build: its instructions become steps, each with a layer."""

import hashlib
import json
from dataclasses import dataclass, field

from sim.core.cited import Number, plain
from sim.host.machine import Architecture
from sim.image.dockerfile._variables import Globals, Variables
from sim.image.dockerfile.context import Context
from sim.image.dockerfile.copy import Brought, Request, document, from_context, from_stage
from sim.image.dockerfile.errors import BadWord
from sim.image.dockerfile.grammar import WITH_FILES, sizes_of
from sim.image.dockerfile.parser import Dockerfile
from sim.image.dockerfile.sources import Resolve, architectures_of, fetched, resolved
from sim.image.dockerfile.stages import Line, Stage, Stages, sources_of
from sim.image.dockerfile.tree import Tree, absolute
from sim.image.image import Image, Layer
from sim.image.manifest.docker_tools import unpacked_layer

MOST_LAYERS = 125
"""Layers of an image: what overlay file systems take, less two of a running container (moby,
layer_store.go)."""


@dataclass(frozen=True, slots=True)
class Step:
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


@dataclass(slots=True)
class Given:
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
        given: Given,
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
        self.steps: list[Step] = []
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
        for line in self._stage.lines:
            try:
                self._take(line)
            except BadWord as error:
                self._wrong(line, error)

    @property
    def unpacked(self) -> float:
        """Bytes of all its files."""
        return sum(layer.unpacked for layer in self.layers)

    def _wrong(self, line: Line, error: BadWord) -> None:
        self._given.file.mistakes.add(line.given.line, str(error), line.given.text)

    def _start(self) -> None:
        try:
            image = resolved(self._stage, self._stages, self._given.resolve)
            self.layers = list(image.layers)
            self.architectures = architectures_of(
                image, self._stage, self._given.build_args.get("TARGETPLATFORM", "")
            )
            self.chain = self._known(image, self._stage.platform)
        except BadWord as error:
            self._wrong(self._stage.head, error)

    def _take(self, line: Line) -> None:
        word = line.given.word
        size, cpu = sizes_of(line.given.annotation)
        if word != "RUN" and (
            cpu is not None or (size is not None and word not in ("COPY", "ADD"))
        ):
            self._wrong(line, BadWord(f"{word} has neither CPU work nor a size to be told"))
        if word == "RUN":
            brought, cpu = self._run(line, size, cpu)
        elif word in ("COPY", "ADD"):
            brought = self._copied(line, size)
        else:
            brought = Brought(content=self._described(line))
        self._append(line, brought, cpu)

    def _append(self, line: Line, brought: Brought, cpu: float | None) -> None:
        flags = [f"{key}={self._variables.put_in(value)}" for key, value in line.parts.flags]
        needs = (self.chain, *brought.needs)
        self.chain = _digest(self.chain, line.given.word, flags, brought.content)
        layer = _layer(self.chain, brought, self._given.ratio)
        cached = layer.digest in self._given.cache
        item, name = line.given, self._stage.name or str(self._stage.number)
        told = cpu is not None
        self.steps.append(
            Step(item.line, item.word, item.text, name, layer, cpu or 0.0, told, cached, needs)
        )
        if item.word in WITH_FILES:
            self.layers.append(layer)
            if len(self.layers) == MOST_LAYERS + 1:
                self._wrong(line, BadWord(f"the image has more than {MOST_LAYERS} layers here"))

    def _run(
        self, line: Line, size: float | None, cpu: float | None
    ) -> tuple[Brought, float | None]:
        size = self._given.run_sizes.get(line.ordinal, size)
        cpu = self._given.run_cpus.get(line.ordinal, cpu)
        bodies = [heredoc.body for heredoc in line.given.heredocs]
        origins = [self._origin(self._variables.put_in(name))[2] for name in sources_of(line)]
        if size is None:
            raise BadWord(
                f"RUN {line.ordinal} has no size: give it with --run-size {line.ordinal}=SIZE, "
                "or in a comment above it: # berthsim: size=120MB cpu=30"
            )
        self.tree.certain = self.tree.certain and size == 0.0
        said = [line.given.rest, *bodies, *origins, f"{size:.0f}"]
        return Brought(float(round(size)), content=said, needs=tuple(origins)), cpu

    def _described(self, line: Line) -> list[str]:
        """What an instruction that makes no files says."""
        word, words = line.given.word, line.parts.words
        if word == "ARG":
            return self._variables.declare(words)
        if word == "ENV":
            return self._variables.export(words)
        if word == "WORKDIR":
            self._workdir, _ = absolute(self._variables.put_in(" ".join(words)), self._workdir)
            return [self._workdir]
        if word in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "SHELL"):
            return [line.given.rest]
        return [self._variables.put_in(part) for part in words]

    def _copied(self, line: Line, size: float | None) -> Brought:
        put_in, marks = self._variables.put_in, {item.mark for item in line.given.heredocs}
        *sources, place = (word if word in marks else put_in(word) for word in line.parts.words)
        place, folder = absolute(place, self._workdir)
        request = Request(
            given=line.given,
            sources=tuple(name for name in sources if name not in marks),
            place=place + "/" * folder,
            exclude=tuple(put_in(name) for name in line.parts.flags_of("exclude")),
            unpacks=line.given.word == "ADD" and line.parts.flag("unpack") != "false",
            size=self._given.copy_sizes.get(line.ordinal, size),
            ordinal=line.ordinal,
        )
        if "from" in dict(line.parts.flags):
            brought = from_stage(request, *self._origin(put_in(line.parts.flag("from"))))
            self.tree.certain = False
        else:
            seen, escape = self._variables.seen(), self._given.file.escape
            documents = [document(item, seen, escape) for item in line.given.heredocs]
            brought = from_context(request, self._given.context, self.tree, documents)
        brought.content += [*sources, request.place]
        return brought

    def _origin(self, name: str) -> tuple[Tree | None, float, str]:
        """What is known of a stage or image that files are taken from."""
        stage = self._stages.source(name, self._stage.number)
        if stage is not None:
            built = self._done.get(stage.number)
            if built is None:
                raise BadWord(f"stage {name[:80]!r} is named by a variable, which is not followed")
            return built.tree, built.unpacked, built.chain
        image: Image = fetched(name, self._given.resolve)
        return None, image.unpacked, self._known(image)

    def _known(self, image: Image, *more: str) -> str:
        digest = _digest([layer.digest for layer in image.layers], *more)
        self._given.bases[digest] = image
        return digest


def _digest(*parts: object) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def _layer(chain: str, brought: Brought, ratio: Number) -> Layer:
    """Bytes of files are those unpacked; an archive is taken as large on the wire as it is."""
    size = brought.size + float(round(brought.packed * plain(ratio)))
    return unpacked_layer(chain, size, ratio)
