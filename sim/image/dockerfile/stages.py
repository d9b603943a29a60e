"""The stages of a Dockerfile, which of them a target needs, and the base image each starts from."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, get_args

from sim.core.names import Architecture
from sim.image.dockerfile.errors import InstructionError, one_line
from sim.image.dockerfile.grammar import (
    COPIES,
    ParsedInstruction,
    parse_instruction,
    sizes_of,
    works,
)
from sim.image.dockerfile.parser import MOST_INSTRUCTIONS, Dockerfile
from sim.image.dockerfile.variables import Globals
from sim.image.image import Image


@dataclass(slots=True)
class Stage:
    """The instructions from one FROM to the next."""

    number: int
    head: ParsedInstruction
    base: str
    """The image or stage after FROM, its variables expanded."""
    platform: str
    instructions: list[ParsedInstruction] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name after AS, in small letters; empty where there is none."""
        words = self.head.words
        return words[2].lower() if len(words) == 3 else ""


class Stages:
    """All stages of a file; each is found by its name at once, however many there are."""

    __slots__ = ("_all", "_numbers")

    def __init__(self) -> None:
        self._all: list[Stage] = []
        self._numbers: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Stage]:
        return iter(self._all)

    def add(self, stage: Stage) -> None:
        """Put one below all others."""
        self._numbers.setdefault(stage.name, []).append(len(self._all))
        self._all.append(stage)

    def last(self) -> Stage:
        """The one below all others."""
        return self._all[-1]

    def named(self, name: str, before: int) -> Stage | None:
        """The last stage of that name above a stage."""
        numbers = self._numbers.get(name.lower(), [])
        place = bisect_left(numbers, before)
        return self._all[numbers[place - 1]] if place else None

    def later(self, name: str, number: int) -> Stage | None:
        """A stage of that name at or below a stage."""
        numbers = self._numbers.get(name.lower(), [])
        place = bisect_left(numbers, number)
        return self._all[numbers[place]] if place < len(numbers) else None

    def source(self, name: str, number: int) -> Stage | None:
        """The stage that `--from` means in a stage; None where it is an image.

        Raises:
            InstructionError: it is not above.
        """
        if name.isascii() and name.isdigit():
            if len(name) > 6 or int(name) >= number:
                raise InstructionError(
                    f"unknown stage {name[:40]}: there is none of that number above"
                )
            return self._all[int(name)]
        above = self.named(name, number)
        later = self.later(name, number) if above is None else None
        if later is not None:
            where = f"line {later.head.raw.line}"
            raise InstructionError(f"stage {name!r} ({where}) is not above: stages in a circle")
        return above

    def target(self, name: str | None) -> Stage:
        """The stage to build: the last, or that of a name or number.

        Raises:
            InstructionError: there is none.
        """
        if name is None:
            return self.last()
        stage = self.named(name, len(self._all))
        if stage is None and name.isascii() and name.isdigit() and len(name) < 6:
            stage = self._all[int(name)] if int(name) < len(self._all) else None
        if stage is None:
            known = ", ".join(stage.name for stage in self._all if stage.name) or "none has a name"
            raise InstructionError(f"unknown stage {name[:80]!r} as target; stages: {known}")
        return stage

    def needed(self, target: Stage) -> list[Stage]:
        """The target and the stages it is built from, in the file's order."""
        wanted, left = {target.number}, [target]
        while left:
            for below in self._below(left.pop()):
                if below.number not in wanted:
                    wanted.add(below.number)
                    left.append(below)
        return [self._all[number] for number in sorted(wanted)]

    def _below(self, stage: Stage) -> list[Stage]:
        below = [self.named(stage.base, stage.number)]
        for name in (name for item in stage.instructions for name in sources_of(item)):
            try:
                below.append(self.source(name, stage.number))
            except InstructionError:
                continue
        return [one for one in below if one is not None]


def read_stages(
    file: Dockerfile, build_args: Mapping[str, str]
) -> tuple[Stages, Globals, frozenset[str]]:
    """The stages of a file, the ARGs before them, and the names of all ARGs in it.

    An instruction that cannot be read is noted as a mistake of the file, and left out.
    """
    values, stages = Globals(build_args), Stages()
    runs, copies, triggered, declared = 0, 0, 0, set[str]()
    for raw in file.instructions:
        word = works(raw)
        runs += word == "RUN"
        copies += word in COPIES
        try:
            sizes_of(raw.annotation)
            ordinal = copies if word in COPIES else runs
            instruction = parse_instruction(raw, file.escape, ordinal)
            if raw.word == "ARG":
                declared |= {word.partition("=")[0] for word in instruction.words}
            if raw.word == "FROM":
                base = values.expand(instruction.words[0], file.escape)
                platform = values.expand(instruction.flag("platform"), file.escape)
                stages.add(Stage(len(stages), instruction, base, platform))
                triggers = _triggers(stages)
                triggered += len(triggers)
                if triggered > MOST_INSTRUCTIONS:
                    raise InstructionError(f"ONBUILD runs more than {MOST_INSTRUCTIONS:,} times")
                stages.last().instructions += [_trigger(item, file.escape) for item in triggers]
            elif stages:
                stages.last().instructions.append(instruction)
            elif raw.word == "ARG":
                values.declare(instruction.words, file.escape)
            else:
                raise InstructionError(f"there is no FROM before {raw.word}")
        except InstructionError as error:
            file.mistakes.add(raw.line, str(error), raw.text)
    return stages, values, frozenset(declared)


def _triggers(stages: Stages) -> list[ParsedInstruction]:
    """ONBUILD of the stage that the last one stands on: it runs there, before all else."""
    new = stages.last()
    below = stages.named(new.base, new.number)
    own = [] if below is None else below.instructions
    return [item for item in own if item.raw.word == "ONBUILD"]


def _trigger(item: ParsedInstruction, escape: str) -> ParsedInstruction:
    word, _, rest = item.raw.rest.partition(" ")
    raw = replace(item.raw, word=word.upper(), rest=rest.strip())
    return parse_instruction(raw, escape, item.ordinal)


def sources_of(instruction: ParsedInstruction) -> list[str]:
    """Stages and images an instruction takes files from: COPY --from, and mounts of RUN."""
    if instruction.raw.word == "COPY":
        return instruction.flags_of("from")
    if instruction.raw.word != "RUN":
        return []
    options = (part for mount in instruction.flags_of("mount") for part in mount.split(","))
    return [part.partition("=")[2] for part in options if part.startswith("from=")]


Resolve: TypeAlias = Callable[[str], Image]


def fetched(name: str, resolve: Resolve) -> Image:
    """The image of a name; `scratch` is empty.

    Raises:
        InstructionError: there is none; it says what the resolver says.
    """
    if not name:
        raise InstructionError("the image's name is empty once its variables are put in")
    if name == "scratch":
        return Image(name=name, layers=())
    try:
        return resolve(name)
    except (ValueError, LookupError, OSError) as error:
        why = str(error.args[0]) if error.args else type(error).__name__
        raise InstructionError(f"unknown base {name[:120]!r}: {one_line(why)}") from None


def resolved(stage: Stage, stages: Stages, resolve: Resolve) -> Image:
    """The image a stage starts from.

    Raises:
        InstructionError: there is none, or it is a stage further down.
    """
    try:
        return fetched(stage.base, resolve)
    except InstructionError as error:
        later = stages.later(stage.base, stage.number)
        if later is None:
            raise
        where = f"stage {stage.base!r} (line {later.head.raw.line}) is not above"
        raise InstructionError(f"{where}: stages in a circle; {error}") from None


def architectures_of(image: Image, stage: Stage, target_platform: str) -> tuple[Architecture, ...]:
    """What a stage runs on: the base's, or the one of `--platform`.

    Raises:
        InstructionError: the platform is not modelled, or the base is not for it.
    """
    fixed = stage.platform and "TARGETPLATFORM" not in stage.head.flag("platform")
    platform = stage.platform if fixed else target_platform
    if not platform:
        return image.architectures
    known: tuple[Architecture, ...] = get_args(Architecture)
    fitting = [name for name in known if platform.split("/")[:2] in (["linux", name], [name])]
    if not fitting:
        raise InstructionError(
            f"platform {platform[:60]!r} is not allowed; linux/amd64 or linux/arm64"
        )
    if fitting[0] not in image.architectures:
        offered = ", ".join(image.architectures)
        raise InstructionError(f"{image.name!r} is not for {platform}; it is for {offered}")
    return (fitting[0],)
