"""Files that are almost right: a driver that changes them as bytes, and mixes kinds of file.

Beside `mutants` (letters and words) and `tree_mutants` (values): here signs are replaced by others
that look alike, control characters and features of YAML stand where a value stood, lines of
another kind of file lie between those of this one, and the text has another encoding.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

Change: TypeAlias = Callable[[str, random.Random], str]

SIGNS = "aeocpi0125K-: .,\"'/=#$m"
LOOK = (
    "\u0430\u0435\u043e\u0441\u0440\u0456\uff10\uff11\u00b2\u0665\u212a\u2013"
    "\uff1a\u00a0\uff0e\uff0c\u201c\u2019\uff0f\uff1d\uff03\uff04\uff4d"
)
ALIKE = dict(zip(SIGNS, LOOK, strict=True))
CONTROL = (
    *("\0", "\x08", "\x0b", "\x1b]0;x\x07", "\x7f", "\x85", "\u2028", "\ufeff", "\u200b", "\u202e"),
    *("\ud800", "\ufffe", "\U0010ffff", "\r", "\t", "\u3000"),
)
VALUES = (
    *("9" * 310, "9" * 4301, "0" * 5000, "1e+1000000000", "4.9e-324", "18446744073709551616"),
    *("1_0", "0b1", "1:2:3", "+.inf", "NaN%", "\uff11\uff12", "½", "1.0.0", "-1e-9", "1e30Ei"),
    *("!!binary aGk=", "!!omap [a: 1]", "!!timestamp 2026-13-01", "!!map []", "!!null x", "!Ref"),
    *("!Sub [a, {b: *c}]", "!Select [x, [a]]", "!Join [1, 2]", "{Ref: {Ref: a}}", "{Ref: a, b: 1}"),
    *("&a [*a]", "<<: [*a, *b]", "{<<: {<<: 1}}", "? {a: b}\n: c", "|+9\n x", '"\\U00110000"'),
    *("%YAML 9.9\n---\n", "...\n", "{? a, ? b}", "[,]", "true: 1", "~: ~", "=", "a\nb"),
    *("${A:-${B:-${C}}}", "${A:?}", "${A", "$$A", "${A:-" * 50, "${é}", "$batch/$metadata", "$^$"),
    *("../" * 400, "/dev/stdin", "a" * 300, "~root", "s3://b/x", "[bold]", "<script>", "", " "),
)
MOST = 3_000_000
"""Characters of a file."""
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252", "cp037", "shift_jis")
_WORD = re.compile(r"[\w.:/$%{}+-]+|\"[^\"]*\"")


def _value(text: str, draw: random.Random) -> str:
    begin, end = draw.choice([match.span() for match in _WORD.finditer(text)] or [(0, 0)])
    return text[:begin] + draw.choice(VALUES) + text[end:]


def _alike(text: str, draw: random.Random) -> str:
    at = [place for place, sign in enumerate(text) if sign in ALIKE] or [0]
    chosen = {*draw.sample(at, min(len(at), draw.choice((1, 1, 30))))}
    return "".join(ALIKE.get(s, s) if place in chosen else s for place, s in enumerate(text))


def _control(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + draw.choice(CONTROL) * draw.choice((1, 1, 500)) + text[place:]


def _long(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text) + 1)
    more = draw.choice(("x", " ", "\n", "# ", "a,", "a: 1\n", "\\\n", "$x", "é", "'", "0", "- "))
    return text[:place] + more * draw.choice((200, 5000, 100_000)) + text[place:]


def _many(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    place, times = draw.randrange(len(lines)), draw.choice((2, 100, 3000))
    times = min(times, MOST // (len(lines[place]) + 1) + 1)
    word = re.search(r"\w+", lines[place])
    end = word.end() if word else 0
    made = [f"{lines[place][:end]}{n if word else ''}{lines[place][end:]}" for n in range(times)]
    return "\n".join([*lines[:place], *made, *lines[place:]])


def _anchored(text: str, draw: random.Random) -> str:
    places = [match.start() for match in re.finditer(r"(?<=: )[\w\[{\"']", text)]
    if len(places) < 2:
        return _value(text, draw)
    one, two = sorted(draw.sample(places, 2))
    again = draw.choice(("*q ", "*r", "&q ", "[*q, *q] #"))
    return f"{text[:one]}&q {text[one:two]}{again}{text[two:]}"


def _foreign(others: Sequence[str]) -> Change:
    def mixed(text: str, draw: random.Random) -> str:
        other = draw.choice(others)
        lines, theirs = text.split("\n"), other.split("\n")
        at, begin = draw.randrange(len(lines) + 1), draw.randrange(len(theirs))
        some = theirs[begin : begin + draw.choice((1, 3, 999))]
        between = "\n".join([*lines[:at], *some, *lines[at:]])
        return draw.choice((between, f"{text}\n---\n{other}", text[: len(text) // 2] + other))

    return mixed


def mutants(text: str, others: Sequence[str], count: int, seed: int) -> Iterator[bytes]:
    """Files that differ from a good one by one to four changes.

    Args:
        others: good files of other kinds.
    """
    draw = random.Random(f"bytes/{seed}/{text}")
    changes = (_value, _value, _value, _alike, _control, _long, _many, _anchored, _foreign(others))
    for _ in range(count):
        changed = text
        for _ in range(draw.choice((1, 1, 2, 4))):
            changed = draw.choice(changes)(changed, draw)[:MOST]
        yield _encoded(changed, draw)


def _encoded(text: str, draw: random.Random) -> bytes:
    if draw.random() < 0.05:
        text = text.replace("\n", draw.choice(("\r\n", "\r", "\u2028")))
    if draw.random() < 0.1:
        return text.encode("utf-8", "replace").decode().encode(draw.choice(ENCODINGS), "replace")
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if data and draw.random() < 0.05:
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data[: draw.randrange(len(data) + 1)] if draw.random() < 0.03 else data)
