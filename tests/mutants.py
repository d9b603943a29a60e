"""Texts that are almost right: a driver that changes good ones at random."""

import random
from collections.abc import Callable, Iterator

NASTY = (
    *("", "0", "-1", "1e308", ".nan", ".inf", "9" * 400, "9" * 5000, "²", "①", "true", "null", "~"),
    *(
        "[",
        "]",
        "{",
        "}",
        "{a: 1}",
        "[1, 2]",
        "'",
        '"',
        "`",
        "$",
        "${",
        "$x",
        "$$",
        "{{ x }}",
        "%",
        "\\",
    ),
    *(
        "&a",
        "*a",
        "<<: *a",
        "!!int x",
        "!x",
        "---",
        "...",
        "#",
        ":",
        ": ",
        "?",
        "|",
        ">",
        "@",
        ",",
        "=",
        "==",
    ),
    *(
        "\x00",
        "\ud800",
        "\ufeff",
        "\u202e",
        "💯",
        "../../x",
        "/dev/zero",
        "/",
        ".",
        "..",
        "~/x",
        "a" * 5000,
    ),
    *(
        "512m",
        "1.5.2",
        "1GB",
        "-5MiB",
        "0x10",
        "1_000",
        "2026-13-01",
        "1e999",
        "0b_",
        "inf",
        "NaN",
        "1,5",
    ),
)

Change = Callable[[str, random.Random], str]


def _replace_a_word(text: str, draw: random.Random) -> str:
    words = text.split(" ")
    words[draw.randrange(len(words))] = draw.choice(NASTY)
    return " ".join(words)


def _insert(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + draw.choice(NASTY) + text[place:]


def _cut(text: str, draw: random.Random) -> str:
    begin = draw.randrange(len(text) + 1)
    return text[:begin] + text[begin + draw.randrange(40) :]


def _repeat_a_line(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    return "\n".join([*lines[:place], *[lines[place]] * draw.choice((2, 50)), *lines[place:]])


def _move_a_line(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    line = lines.pop(draw.randrange(len(lines)))
    lines.insert(draw.randrange(len(lines) + 1), draw.choice((line, "  " + line, line.strip())))
    return "\n".join(lines)


def _nest(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + draw.choice("[{(") * draw.choice((3, 600, 20_000)) + text[place:]


CHANGES: tuple[Change, ...] = (
    _replace_a_word,
    _insert,
    _cut,
    _repeat_a_line,
    _move_a_line,
    _nest,
)


def mutants(text: str, count: int, seed: int) -> Iterator[str]:
    """Texts that differ from a good one by one to three changes."""
    draw = random.Random(f"{seed}/{text}")
    for _ in range(count):
        changed = text
        for _ in range(draw.choice((1, 1, 2, 3))):
            changed = draw.choice(CHANGES)(changed, draw)
        yield changed
