"""What each instruction of the Dockerfile reference allows: flags, JSON forms, numbers of words."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from sim.core.quantity import parse_size, parse_work
from sim.image.dockerfile.errors import InstructionError
from sim.image.dockerfile.parser import Instruction
from sim.image.dockerfile.variables import split, words_of

FLAGS: dict[str, tuple[str, ...]] = {
    "FROM": ("platform",),
    "COPY": ("from", "chown", "chmod", "link", "parents", "exclude"),
    "ADD": ("keep-git-dir", "checksum", "chown", "chmod", "link", "exclude", "unpack"),
    "RUN": ("mount", "network", "security", "device"),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "start-interval", "retries"),
}
WORDS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
COPIES = ("COPY", "ADD")
WITH_FILES = ("ADD", "COPY", "RUN", "WORKDIR")
"""Instructions that make a layer; all others change only the image's configuration."""


def works(raw: Instruction) -> str:
    """The instruction that does the work: that of the trigger, where it is ONBUILD."""
    return raw.rest.partition(" ")[0].upper() if raw.word == "ONBUILD" else raw.word


MOST_FLAGS = 100
"""Flags of one instruction."""

_SWITCHES = ("link", "parents", "keep-git-dir", "unpack")
_MANY = ("exclude", "mount", "device")
_JSON_OR_TEXT = ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "VOLUME")
MOST_WORDS = 10_000
"""Words of an instruction, far above any that was written."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_LIKE_JSON = re.compile(r"""\[['"]|\[\s*(['"])[^'"]*\1\s*[,\]]|\[\s*\]\s*$""")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOTE = re.compile(r"(size|cpu)=(\S+)")


@dataclass(frozen=True, slots=True)
class ParsedInstruction:
    """Flags and words of an instruction, its variables not yet put in."""

    raw: Instruction
    flags: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    ordinal: int = 0
    """Which RUN of the file it is, or which COPY or ADD, from 1."""

    def flag(self, name: str) -> str:
        """The value of a flag, or nothing."""
        return next((value for key, value in self.flags if key == name), "")

    def flags_of(self, name: str) -> list[str]:
        """All values of a flag that may stand more than once."""
        return [value for key, value in self.flags if key == name]


def parse_instruction(raw: Instruction, escape: str, ordinal: int = 0) -> ParsedInstruction:
    """Split an instruction into its flags and words.

    Raises:
        InstructionError: it is not known, or not written as the reference allows.
    """
    if raw.word not in WORDS:
        raise InstructionError(f"unknown instruction {raw.word[:80]!r}")
    flags, rest = _flags(raw, escape)
    from_json = _json(raw.word, rest)
    words = tuple(split(rest, escape) if from_json is None else from_json)
    if len(words) > MOST_WORDS:
        raise InstructionError(f"it has {len(words):,} words; at most {MOST_WORDS:,}")
    allowed, fits = _RULES.get(raw.word, ("", lambda _: True))
    if not fits(words):
        raise InstructionError(f"{raw.word} needs {allowed}")
    return ParsedInstruction(raw, flags, words, ordinal)


def sizes_of(annotation: str) -> tuple[float | None, float | None]:
    """Bytes and core-seconds in `size=120MB cpu=30`.

    Raises:
        InstructionError: it says something else.
    """
    amounts: dict[str, float] = {}
    for word in annotation.split():
        match = _NOTE.fullmatch(word)
        if match is None or match[1] in amounts:
            raise InstructionError(
                f"{word[:80]!r}: the annotation is # berthsim: size=120MB cpu=30"
            )
        try:
            amounts[match[1]] = parse_size(match[2]) if match[1] == "size" else parse_work(match[2])
        except ValueError as error:
            raise InstructionError(f"{match[1]}: {error}") from None
    return amounts.get("size"), amounts.get("cpu")


def _flags(raw: Instruction, escape: str) -> tuple[tuple[tuple[str, str], ...], str]:
    allowed, rest = FLAGS.get(raw.word, ()), raw.rest
    flags: list[tuple[str, str]] = []
    while allowed and rest.startswith("--"):
        if len(flags) == MOST_FLAGS:
            raise InstructionError(f"it has more than {MOST_FLAGS} flags")
        word = next(words_of(rest[:8192], escape))
        rest = rest[len(word) :].lstrip()
        if word == "--":
            break
        flags.append(_flag(word, allowed, [name for name, _ in flags]))
    return tuple(flags), rest


def _flag(word: str, allowed: tuple[str, ...], before: list[str]) -> tuple[str, str]:
    name, equals, value = word[2:].partition("=")
    if name not in allowed:
        known = ", ".join(f"--{flag}" for flag in allowed)
        raise InstructionError(f"unknown flag {word[:80]!r}; allowed: {known}")
    if name in before and name not in _MANY:
        raise InstructionError(f"the flag --{name} stands there twice")
    if name in _SWITCHES:
        if (value if equals else "true") not in ("true", "false"):
            raise InstructionError(f"the flag --{name} is true or false")
        return name, value or "true"
    if not value:
        raise InstructionError(f"the flag --{name} needs a value: --{name}=...")
    return name, value


def _json(word: str, rest: str) -> list[str] | None:
    """The words of an instruction in JSON form; None where it is in shell form."""
    inner = word
    if word == "HEALTHCHECK" and rest[:3].upper() == "CMD":
        inner, rest = "CMD", rest[3:].lstrip()
    if inner not in (*_JSON_OR_TEXT, "SHELL") or not rest.startswith("["):
        if word == "SHELL":
            raise InstructionError('SHELL needs the JSON form: SHELL ["/bin/bash", "-c"]')
        return None
    try:
        elements = json.loads(rest)
    except (ValueError, RecursionError):
        if inner == "SHELL" or _LIKE_JSON.match(rest):
            raise InstructionError(
                'malformed JSON form; it is ["a", "b"], with double quotes'
            ) from None
        return None
    if not isinstance(elements, list) or not all(isinstance(item, str) for item in elements):
        raise InstructionError("malformed JSON form; all its elements are texts")
    if any(_SURROGATE.search(item) for item in elements):
        raise InstructionError("malformed JSON form; one of its texts has half a character")
    return ["CMD", *elements] if word == "HEALTHCHECK" else elements


def _from(words: tuple[str, ...]) -> bool:
    if len(words) == 1:
        return True
    named = len(words) == 3 and words[1].upper() == "AS"
    return named and re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", words[2]) is not None


def _pairs(words: tuple[str, ...]) -> bool:
    if words and "=" not in words[0]:
        return len(words) > 1
    return bool(words) and all("=" in part and part[0] != "=" for part in words)


def _health(words: tuple[str, ...]) -> bool:
    kind = words[0].upper() if words else ""
    return (kind == "NONE" and len(words) == 1) or (kind == "CMD" and len(words) > 1)


def _onbuild(words: tuple[str, ...]) -> bool:
    word = words[0].upper() if words else ""
    return len(words) > 1 and word in WORDS and word not in ("ONBUILD", "FROM", "MAINTAINER")


def _args(words: tuple[str, ...]) -> bool:
    return bool(words) and all(_KEY.fullmatch(part.partition("=")[0]) for part in words)


def _some(words: tuple[str, ...]) -> bool:
    return bool(words)


def _one(words: tuple[str, ...]) -> bool:
    return len(words) == 1


_RULES: dict[str, tuple[str, Callable[[tuple[str, ...]], bool]]] = {
    "ADD": ("a source and a destination", lambda words: len(words) > 1),
    "ARG": ("names, each NAME or NAME=value", _args),
    "COPY": ("a source and a destination", lambda words: len(words) > 1),
    "ENV": ("NAME=value, once or more", _pairs),
    "EXPOSE": ("a port", _some),
    "FROM": ("an image: FROM image, or FROM image AS name", _from),
    "HEALTHCHECK": ("NONE, or CMD and a command", _health),
    "LABEL": ("name=value, once or more", _pairs),
    "MAINTAINER": ("a name", _some),
    "ONBUILD": ("an instruction other than ONBUILD, FROM and MAINTAINER", _onbuild),
    "RUN": ("a command", _some),
    "SHELL": ("a program", _some),
    "STOPSIGNAL": ("one signal", _one),
    "USER": ("one user", _one),
    "VOLUME": ("a path", _some),
    "WORKDIR": ("a path", _some),
}
