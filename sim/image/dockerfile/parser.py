"""A Dockerfile as its instructions: directives, comments, continued lines and heredocs read."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from sim.image.dockerfile.errors import BadDockerfile, Mistakes, printable
from sim.image.dockerfile.variables import split

LARGEST = 2 * 10**6
"""Bytes of a Dockerfile with its heredocs."""
MOST_INSTRUCTIONS = 5_000
"""Instructions of a Dockerfile, far above any that was written."""

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+)")
_DIRECTIVES = ("syntax", "escape", "check")
_ANNOTATION = re.compile(r"#\s*berthsim\s*:\s*(.*)", re.IGNORECASE)
_HEREDOC = re.compile(r"[0-9]*<<(-?)(['\"]?)([A-Za-z_][A-Za-z0-9_.]*)\2")
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A file written inside the Dockerfile."""

    name: str
    body: str
    literal: bool
    """Quoted: no variables in it."""
    mark: str
    """The word that opens it, such as `<<EOF`."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its continued lines joined."""

    line: int
    word: str
    """In capitals."""
    rest: str
    text: str
    """Its first line as written, for a message."""
    heredocs: tuple[Heredoc, ...] = ()
    annotation: str = ""
    """What a comment `# berthsim: ...` above it says."""


@dataclass(slots=True)
class Dockerfile:
    """All instructions of a file."""

    mistakes: Mistakes
    escape: str = "\\"
    instructions: list[Instruction] = field(default_factory=list)


def read_dockerfile(path: str | Path) -> Dockerfile:
    """The instructions in a file; what is wrong with its lines is in `mistakes`.

    Raises:
        BadDockerfile: it cannot be read at all.
    """
    label = printable(str(path))
    try:
        if not Path(path).is_file():
            raise BadDockerfile(f"{label}: there is no such file")
        with Path(path).open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDockerfile(f"{label}:1: it is not UTF-8 text (byte {error.start})") from None
    except (OSError, ValueError) as error:
        if isinstance(error, BadDockerfile):
            raise
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadDockerfile(f"{label}: it cannot be read: {printable(why)}") from None
    if len(data) > LARGEST:
        raise BadDockerfile(f"{label}: it is larger than 2 MB, which no Dockerfile is")
    return parse(text, str(path))


def parse(text: str, label: str) -> Dockerfile:
    """The instructions in a text."""
    lines = text.replace("\r\n", "\n").split("\n")
    dockerfile = Dockerfile(Mistakes(label))
    _directives(lines, dockerfile)
    _Lines(lines, dockerfile).read()
    return dockerfile


def _directives(lines: list[str], dockerfile: Dockerfile) -> None:
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None or (key := match[1].lower()) not in _DIRECTIVES:
            return
        if key in seen:
            dockerfile.mistakes.add(number, f"the directive {key} stands there twice", line)
        seen.add(key)
        if key == "escape" and match[2] not in ("\\", "`"):
            dockerfile.mistakes.add(number, "escape is \\ or `", line)
        elif key == "escape":
            dockerfile.escape = match[2]


class _Lines:
    """The lines of a file, taken one after the other."""

    __slots__ = ("_annotation", "_continued", "_dockerfile", "_lines", "_place")

    def __init__(self, lines: list[str], dockerfile: Dockerfile) -> None:
        self._lines = lines
        self._dockerfile = dockerfile
        self._place = 0
        self._annotation = ""
        sign = re.escape(dockerfile.escape)
        self._continued = re.compile(rf"(?:^|(?<!{sign})){sign}[ \t]*$")

    def read(self) -> None:
        """Take all instructions."""
        while self._place < len(self._lines):
            line = self._lines[self._place]
            if not line.strip() or line.lstrip().startswith("#"):
                self._note(line)
                self._place += 1
            elif len(self._dockerfile.instructions) == MOST_INSTRUCTIONS:
                message = f"it has more than {MOST_INSTRUCTIONS:,} instructions; no more are read"
                self._dockerfile.mistakes.add(self._place + 1, message, line)
                return
            else:
                self._instruction()

    def _note(self, line: str) -> None:
        match = _ANNOTATION.fullmatch(line.strip())
        if match is not None:
            self._annotation = f"{self._annotation} {match[1]}".strip()

    def _instruction(self) -> None:
        number, first = self._place + 1, self._lines[self._place]
        joined = self._joined()
        word, _, rest = joined.strip().partition(" ")
        if len(parts := joined.split(None, 1)) == 2:
            word, rest = parts
        word, rest = word.upper(), rest.strip()
        heredocs = self._heredocs(number, word, rest, first)
        self._dockerfile.instructions.append(
            Instruction(number, word, rest, first.strip(), heredocs, self._annotation)
        )
        self._annotation = ""

    def _joined(self) -> str:
        joined: list[str] = []
        while self._place < len(self._lines):
            line = self._lines[self._place]
            self._place += 1
            if joined and (not line.strip() or line.lstrip().startswith("#")):
                continue
            match = self._continued.search(line)
            joined.append(line if match is None else line[: match.start()])
            if match is None:
                break
        return "".join(joined)

    def _heredocs(self, number: int, word: str, rest: str, first: str) -> tuple[Heredoc, ...]:
        if word not in _WITH_HEREDOCS or "<<" not in rest or rest.startswith("["):
            return ()
        marks = [_HEREDOC.fullmatch(part) for part in split(rest, self._dockerfile.escape)]
        return tuple(self._body(number, mark, first) for mark in marks if mark is not None)

    def _body(self, number: int, mark: re.Match[str], first: str) -> Heredoc:
        lines: list[str] = []
        while self._place < len(self._lines):
            line = self._lines[self._place]
            line = line.lstrip("\t") if mark[1] else line
            self._place += 1
            if line == mark[3]:
                break
            lines.append(line)
        else:
            self._dockerfile.mistakes.add(number, f"the heredoc {mark[3]} has no end", first)
        body = "".join(f"{line}\n" for line in lines)
        return Heredoc(mark[3], body, bool(mark[2]), mark[0])
