"""What tools have measured of a build: sizes from `docker history`, seconds from BuildKit's log."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.core.quantity import parse_docker_size
from sim.image.dockerfile.errors import InstructionError, printable
from sim.image.dockerfile.grammar import COPIES, ParsedInstruction
from sim.image.dockerfile.stages import Stage, Stages

LARGEST_OUTPUT = 16 * 10**6
"""Bytes of a log or history that are read at most."""

_MEASURED = ("RUN", *COPIES)
_OLD = re.compile(r"/bin/sh -c #\(nop\)\s+([A-Z]+)\b")
_STEP = re.compile(r"#(\d+) \[(?:\S+/\S+ )?(?:([\w.-]+) )?(\d{1,6})/\d+\] ([A-Z]+) ", re.ASCII)
_DONE = re.compile(r"#(\d+) DONE (\d{1,9}(?:\.\d+)?)s", re.ASCII)


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A step of an image that may have files."""

    word: str
    size: float
    """Bytes of its files, unpacked."""


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """A step of a build that was timed."""

    stage: str
    """The stage's name or `stage-N`; empty in a file of one stage."""
    place: int
    """Its number within the stage."""
    word: str
    seconds: float | None
    """Wall time; None: it was cached, or had not ended."""


def history_of(path: Path) -> list[HistoryStep]:
    """RUN, COPY and ADD of `docker history`, as table or JSON, from the base up.

    Raises:
        ValueError: it cannot be read, or is something else.
    """
    text = _text(path)
    lines = [line for line in text.splitlines() if line.strip()]
    entries = _from_json(lines, path) if text.lstrip()[:1] in "{[" else _from_table(lines, path)
    return [
        HistoryStep(word, size)
        for made_by, size in reversed(list(entries))
        if (word := _word(made_by)) in _MEASURED
    ]


def log_of(path: Path) -> list[LoggedStep]:
    """The steps in a log of BuildKit (`docker build --progress=plain`), by stage and place.

    Raises:
        ValueError: it cannot be read, or has no step.
    """
    steps: dict[str, re.Match[str]] = {}
    seconds: dict[str, float] = {}
    for line in _text(path).splitlines():
        if step := _STEP.match(line):
            steps.setdefault(step[1], step)
        elif done := _DONE.match(line):
            seconds[done[1]] = float(done[2])
    if not steps:
        raise ValueError(
            f"{printable(str(path))}: no step such as '#7 [2/5] RUN ...' is in it; "
            "docker build --progress=plain prints them"
        )
    found = [
        LoggedStep(step[2] or "", int(step[3]), step[4], seconds.get(number))
        for number, step in steps.items()
    ]
    return sorted(found, key=lambda step: (step.stage, step.place))


def sizes_from(
    history: Sequence[HistoryStep], target: Stage, stages: Stages
) -> tuple[dict[int, float], dict[int, float]]:
    """Bytes of RUN, and of COPY and ADD whose files are not seen, by their number in the file.

    The last steps of an image are those of the target and of the stages it stands on.

    Raises:
        InstructionError: they are not.
    """
    mine = list(_own_steps(target, stages))
    last = history[len(history) - len(mine) :] if len(mine) <= len(history) else history
    words, theirs = [item.raw.word for item in mine], [step.word for step in last]
    if words != theirs:
        raise InstructionError(
            f"--history: its last steps are not those of {target.head.raw.text!r}: "
            f"{', '.join(theirs) or 'none'}, where the file has {', '.join(words) or 'none'}"
        )
    runs, copies = dict[int, float](), dict[int, float]()
    for item, step in zip(mine, last, strict=True):
        if item.raw.word == "RUN":
            runs[item.ordinal] = step.size
        elif item.flag("from"):
            copies[item.ordinal] = step.size
    return runs, copies


def seconds_from(log: Sequence[LoggedStep], stages: Stages) -> dict[int, float]:
    """Seconds of each RUN that was timed, by its number in the file.

    Raises:
        InstructionError: the log is of another file.
    """
    found: dict[int, float] = {}
    logged = defaultdict[str, list[LoggedStep]](list)
    for step in log:
        if step.word == "RUN":
            logged[step.stage.lower()].append(step)
    for stage in stages:
        names = {stage.name, f"stage-{stage.number}"} | ({""} if len(stages) == 1 else set())
        timed = [step for name in sorted(names) for step in logged.get(name, ())]
        runs = [item for item in stage.instructions if item.raw.word == "RUN"]
        if timed and len(timed) != len(runs):
            raise InstructionError(
                f"--build-log: {stage.head.raw.text!r} has {len(runs)} RUN, in the log {len(timed)}"
            )
        for item, step in zip(runs, timed, strict=False):
            if step.seconds is not None:
                found[item.ordinal] = step.seconds
    return found


def _own_steps(target: Stage, stages: Stages) -> Iterator[ParsedInstruction]:
    """Instructions with files of a stage, after those of the stage it stands on."""
    chain = [target]
    while below := stages.named(chain[-1].base, chain[-1].number):
        chain.append(below)
    for stage in reversed(chain):
        yield from (item for item in stage.instructions if item.raw.word in _MEASURED)


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError(f"{printable(str(path))}: it is a folder, a device or a pipe")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_OUTPUT + 1)
    except OSError as error:
        raise ValueError(f"{printable(str(path))}: it cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_OUTPUT:
        raise ValueError(f"{printable(str(path))}: it is larger than {LARGEST_OUTPUT // 10**6} MB")
    return data.decode("utf-8", "replace").replace("\r", "")


def _from_json(lines: list[str], path: Path) -> Iterator[tuple[str, float]]:
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            yield str(entry["CreatedBy"]), _size(str(entry["Size"]), path, number)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, ValueError) and str(error).startswith(printable(str(path))):
                raise
            raise ValueError(
                f"{printable(str(path))}:{number}: it is no line of docker history --format json, "
                "which has CreatedBy and Size"
            ) from None


def _from_table(lines: list[str], path: Path) -> Iterator[tuple[str, float]]:
    head = lines[0] if lines else ""
    made, size, comment = (head.find(word) for word in ("CREATED BY", "SIZE", "COMMENT"))
    if made < 0 or size < made:
        raise ValueError(
            f"{printable(str(path))}:1: it is no output of docker history, whose first line is "
            "IMAGE CREATED CREATED BY SIZE COMMENT"
        )
    for number, line in enumerate(lines[1:], 2):
        end = comment if comment > size else len(line)
        yield line[made:size].strip(), _size(line[size:end].strip(), path, number)


def _size(text: str, path: Path, number: int) -> float:
    try:
        return parse_docker_size(text)
    except ValueError:
        raise ValueError(
            f"{printable(str(path))}:{number}: {text[:40]!r} is no size such as 77.4MB"
        ) from None


def _word(made_by: str) -> str:
    """The instruction that a step was made by, in the words of BuildKit or of the older builder."""
    old = _OLD.match(made_by)
    if old is not None:
        return old[1]
    if made_by.startswith(("/bin/sh -c", "|")):
        return "RUN"
    return made_by.partition(" ")[0]
