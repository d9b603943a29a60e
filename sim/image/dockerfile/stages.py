"""The stages of a Dockerfile, and which of them a target needs."""

from dataclasses import dataclass, field

from sim.image.dockerfile.errors import BadWord
from sim.image.dockerfile.grammar import Parts
from sim.image.dockerfile.parser import Instruction


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction with its parts."""

    given: Instruction
    parts: Parts
    ordinal: int = 0
    """Of a RUN, or of a COPY or ADD: which of the file's it is, from 1."""


@dataclass(slots=True)
class Stage:
    """What stands between a FROM and the next."""

    number: int
    head: Line
    base: str
    """The image or stage after FROM, variables put in."""
    platform: str
    lines: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As later stages call it; empty where it has none."""
        words = self.head.parts.words
        return words[2].lower() if len(words) == 3 else ""


class Stages:
    """All of a file."""

    __slots__ = ("_all",)

    def __init__(self, stages: list[Stage]) -> None:
        self._all = stages

    def named(self, name: str, before: int) -> Stage | None:
        """The last stage of that name above a stage."""
        found = [stage for stage in self._all[:before] if stage.name == name.lower()]
        return found[-1] if found else None

    def later(self, name: str, number: int) -> Stage | None:
        """A stage of that name at or below a stage."""
        return next((stage for stage in self._all[number:] if stage.name == name.lower()), None)

    def source(self, name: str, number: int) -> Stage | None:
        """The stage that `--from` means in a stage; None where it is an image.

        Raises:
            BadWord: it is not above.
        """
        if name.isascii() and name.isdigit():
            if len(name) > 6 or int(name) >= number:
                raise BadWord(f"unknown stage {name[:40]}: there is none of that number above")
            return self._all[int(name)]
        found = self.named(name, number)
        later = self.later(name, number) if found is None else None
        if later is not None:
            where = f"line {later.head.given.line}"
            raise BadWord(f"stage {name!r} ({where}) is not above: stages in a circle")
        return found

    def target(self, name: str | None) -> Stage:
        """The stage to build: the last, or that of a name or number.

        Raises:
            BadWord: there is none.
        """
        if name is None:
            return self._all[-1]
        found = self.named(name, len(self._all))
        if found is None and name.isascii() and name.isdigit() and len(name) < 6:
            found = self._all[int(name)] if int(name) < len(self._all) else None
        if found is None:
            known = ", ".join(stage.name for stage in self._all if stage.name) or "none has a name"
            raise BadWord(f"unknown stage {name[:80]!r} as target; stages: {known}")
        return found

    def needed(self, target: Stage) -> list[Stage]:
        """The stages a target is built from, in the file's order; itself among them."""
        wanted, left = {target.number}, [target]
        while left:
            for below in self._below(left.pop()):
                if below.number not in wanted:
                    wanted.add(below.number)
                    left.append(below)
        return [self._all[number] for number in sorted(wanted)]

    def _below(self, stage: Stage) -> list[Stage]:
        found = [self.named(stage.base, stage.number)]
        for name in (name for line in stage.lines for name in sources_of(line)):
            try:
                found.append(self.source(name, stage.number))
            except BadWord:
                continue
        return [one for one in found if one is not None]


def sources_of(line: Line) -> list[str]:
    """The stages or images an instruction takes files from."""
    if line.given.word == "COPY":
        return line.parts.flags_of("from")
    if line.given.word != "RUN":
        return []
    options = (part for mount in line.parts.flags_of("mount") for part in mount.split(","))
    return [part.partition("=")[2] for part in options if part.startswith("from=")]
