"""ARG and ENV: which variables an instruction sees, and its words with them expanded.

Words are split as a shell does. Quotes hide blanks and keep `$` (single) or let it through
(double); `${x:-y}`, `${x:+y}`, `${x:?y}` and their forms without the colon, `${x#y}`, `${x%y}` and
`${x/y/z}` are known.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence

from sim.image.dockerfile.dockerignore import as_regex
from sim.image.dockerfile.errors import InstructionError

LARGEST = 64 * 1024
"""Characters of one value; ENV lines that double each other grow without end."""
LARGEST_SUM = 8 * 2**20
"""Characters of all values of a file that have variables in them."""
MOST_EDITS = 1_000
"""Values of a file that are edited by a pattern."""
MOST_VARIABLES = 1_000
"""Variables of a stage: a stage on top of it has them all, too."""
DEEPEST = 20
"""Values inside values: `${a:-${b:-${c}}}` is three."""
DEFAULT_PLATFORM = "linux/amd64"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_MODIFIER = re.compile(r":?[-+?]|##?|%%?|//?")
_EDIT = re.compile(r"\$\{\w+[#%/]")


def split(text: str, escape: str) -> list[str]:
    """Words between blanks that are outside quotes; quotes and escapes stay as they are."""
    return list(words_of(text, escape))


def words_of(text: str, escape: str) -> Iterator[str]:
    """The same, one after the other."""
    begun, quote, place = 0, "", 0
    while place < len(text):
        sign = text[place]
        step = 2 if sign == escape and quote != "'" else 1
        if sign.isspace() and not quote:
            if begun < place:
                yield text[begun:place]
            begun = place + 1
        else:
            quote = _quote_after(sign, quote)
        place += step
    if begun < len(text):
        yield text[begun:]


def expand(text: str, values: Mapping[str, str], escape: str, *, quotes: bool = True) -> str:
    """A word with its variables expanded and its quotes taken off.

    Args:
        quotes: whether quotes are signs of their own; in a heredoc they are not.

    Raises:
        InstructionError: a quote or a brace is not closed, a value is too large, or `${x:?}` is
            not set.
    """
    reader = _Reader(text, values, escape, quotes, 0)
    return reader.until("")


def _quote_after(sign: str, quote: str) -> str:
    if quote:
        return "" if sign == quote else quote
    return sign if sign in "'\"" else ""


class _Reader:
    """One pass over a text, from left to right."""

    __slots__ = ("_depth", "_escape", "_place", "_quotes", "_text", "_values")

    def __init__(
        self, text: str, values: Mapping[str, str], escape: str, quotes: bool, depth: int
    ) -> None:
        self._text = text
        self._values = values
        self._escape = escape
        self._quotes = quotes
        self._depth = depth
        self._place = 0

    def until(self, end: str) -> str:
        """The expanded text up to a sign, or to the end."""
        pieces: list[str] = []
        size = 0
        while self._place < len(self._text):
            if end and self._text[self._place] == end:
                self._place += 1
                return "".join(pieces)
            pieces.append(self._next())
            size += len(pieces[-1])
            if size > LARGEST:
                raise InstructionError(f"a value grows above {LARGEST // 1024} KiB")
        if end:
            raise InstructionError(f"a {end} is missing at the end")
        return "".join(pieces)

    def _next(self) -> str:
        sign = self._take()
        if sign == self._escape:
            return self._take() if self._place < len(self._text) else sign
        if sign == "$":
            return self._variable()
        if sign == "'" and self._quotes:
            return self._single()
        return self._double() if sign == '"' and self._quotes else sign

    def _take(self) -> str:
        sign = self._text[self._place]
        self._place += 1
        return sign

    def _single(self) -> str:
        end = self._text.find("'", self._place)
        if end < 0:
            raise InstructionError("a ' is missing at the end")
        inner, self._place = self._text[self._place : end], end + 1
        return inner

    def _double(self) -> str:
        pieces: list[str] = []
        size = 0
        while self._place < len(self._text):
            sign = self._take()
            if sign == '"':
                return "".join(pieces)
            if sign == self._escape and self._text[self._place : self._place + 1] in tuple(
                f'"${self._escape}'
            ):
                sign = self._take()
            elif sign == "$":
                sign = self._variable()
            pieces.append(sign)
            size += len(sign)
            if size > LARGEST:
                raise InstructionError(f"a value grows above {LARGEST // 1024} KiB")
        raise InstructionError('a " is missing at the end')

    def _variable(self) -> str:
        braced = self._text.startswith("{", self._place)
        match = _NAME.match(self._text, self._place + braced)
        if match is None:
            if braced:
                raise InstructionError("${ has no name")
            return "$"
        self._place = match.end()
        if not braced:
            return self._values.get(match[0], "")
        return self._braced(match[0])

    def _braced(self, name: str) -> str:
        modifier = _MODIFIER.match(self._text, self._place)
        if modifier is None:
            if not self._text.startswith("}", self._place):
                raise InstructionError(
                    f"${{{name} is not closed, or has a modifier that is not known"
                )
            self._place += 1
            return self._values.get(name, "")
        self._place = modifier.end()
        return self._modified(name, modifier[0], self._inner())

    def _inner(self) -> str:
        if self._depth >= DEEPEST:
            raise InstructionError(f"variables are nested deeper than {DEEPEST}")
        inner = _Reader(self._text, self._values, self._escape, self._quotes, self._depth + 1)
        inner._place = self._place
        word = inner.until("}")
        self._place = inner._place
        return word

    def _modified(self, name: str, modifier: str, word: str) -> str:
        value = self._values.get(name)
        if modifier[0] in "#%/":
            return _edited(value or "", modifier, word)
        is_set = value is not None and (bool(value) or not modifier.startswith(":"))
        if modifier[-1] == "+":
            return word if is_set else ""
        if is_set:
            return value or ""
        if modifier[-1] == "?":
            raise InstructionError(f"{name}: {word or 'it is not set'}")
        return word


def _edited(value: str, modifier: str, word: str) -> str:
    """A value with a pattern taken off its start (#) or end (%), or put for another (/)."""
    if len(value) > 1000:
        raise InstructionError(
            "a value of more than 1,000 characters cannot be edited by a pattern"
        )
    if modifier[0] == "/":
        pattern, _, other = word.partition("/")
        if not pattern:
            return value
        regex = as_regex(pattern, across=True)
        return regex.sub(lambda _: other, value, count=0 if modifier == "//" else 1)
    regex = as_regex(word, across=True)
    cuts = range(len(value) + 1)
    if modifier[0] == "#":
        kept = [value[cut:] for cut in cuts if regex.fullmatch(value, 0, cut)]
    else:
        kept = [value[:cut] for cut in reversed(cuts) if regex.fullmatch(value, cut)]
    return kept[-1 if len(modifier) == 2 else 0] if kept else value


class Globals:
    """ARGs before the first FROM, and those that every build has (TARGETPLATFORM and its kin)."""

    __slots__ = ("_build_args", "_declared", "_edits", "_grown", "_preset")

    def __init__(self, build_args: Mapping[str, str]) -> None:
        self._grown = 0
        """Characters of all values that were expanded."""
        self._edits = 0
        self._build_args = build_args
        self._declared: dict[str, str] = {}
        target = build_args.get("TARGETPLATFORM", DEFAULT_PLATFORM)
        own = build_args.get("BUILDPLATFORM", DEFAULT_PLATFORM)
        self._preset = {**_platform("TARGET", target), **_platform("BUILD", own)}

    def declare(self, words: Sequence[str], escape: str) -> None:
        """Take an ARG before FROM."""
        for word in words:
            name, equals, default = word.partition("=")
            value = self._build_args.get(name)
            if value is None and equals:
                value = self.expand(default, escape)
            if value is not None:
                self._declared[name] = value

    def expand(self, text: str, escape: str) -> str:
        """A word of a FROM with its variables expanded."""
        return self.expand_with(ChainMap(self._declared, self._preset), text, escape)

    def expand_with(
        self, values: Mapping[str, str], text: str, escape: str, *, quotes: bool = True
    ) -> str:
        """As `expand`, as long as all values of the file together are not too large.

        Raises:
            InstructionError: they are, or too many of them are edited.
        """
        self._edits += len(_EDIT.findall(text))
        if self._edits > MOST_EDITS:
            raise InstructionError(
                f"more than {MOST_EDITS:,} values of this file are edited by a pattern"
            )
        value = expand(text, values, escape, quotes=quotes)
        self._grown += len(value)
        if self._grown > LARGEST_SUM:
            raise InstructionError(f"the values of this file grow above {LARGEST_SUM >> 20} MiB")
        return value

    def value(self, name: str) -> str | None:
        """The value of an ARG without a default inside a stage; None where there is none."""
        for source in (self._build_args, self._declared, self._preset):
            if name in source:
                return source[name]
        return None

    def override(self, name: str) -> str | None:
        """The value that the build's caller gives an ARG; None where there is none."""
        return self._build_args.get(name)


class Variables:
    """Variables that the instructions of a stage see; ENV wins over ARG."""

    __slots__ = ("_args", "_escape", "_globals", "env")

    def __init__(self, values: Globals, env: dict[str, str], escape: str) -> None:
        self._globals = values
        self._escape = escape
        self._args: dict[str, str] = {}
        self.env = env
        """Of ENV, never changed but replaced: the stage below has the same one."""

    def _seen(self) -> Mapping[str, str]:
        """Values by name."""
        return ChainMap(self.env, self._args)

    def expand(self, text: str, *, quotes: bool = True) -> str:
        """A word with its variables expanded; its quotes, too, unless it is a heredoc."""
        if "$" not in text and len(text) < LARGEST:
            return expand(text, {}, self._escape, quotes=quotes)
        return self._globals.expand_with(self._seen(), text, self._escape, quotes=quotes)

    def declare(self, words: Sequence[str]) -> list[str]:
        """Take an ARG; returns its `name=value`, which are part of the step's digest."""
        values = []
        for word in words:
            name, equals, default = word.partition("=")
            value = self._globals.override(name)
            if value is None:
                value = self.expand(default) if equals else self._globals.value(name)
            if value is not None:
                self._args[name] = value
            values.append(f"{name}={value}")
        return values

    def export(self, words: Sequence[str]) -> list[str]:
        """Take an ENV, all of whose values see the variables as they were before it."""
        pairs = [word.partition("=")[::2] for word in words]
        if "=" not in words[0]:
            pairs = [(words[0], " ".join(words[1:]))]
        exported = [(self.expand(name), self.expand(value)) for name, value in pairs]
        env = {**self.env, **dict(exported)}
        if len(env) > MOST_VARIABLES:
            raise InstructionError(f"the stage has more than {MOST_VARIABLES:,} variables here")
        self.env = env
        return [f"{name}={value}" for name, value in exported]


def _platform(prefix: str, text: str) -> dict[str, str]:
    system, architecture, variant = (*text.split("/"), "", "", "")[:3]
    return {
        f"{prefix}PLATFORM": text,
        f"{prefix}OS": system,
        f"{prefix}ARCH": architecture,
        f"{prefix}VARIANT": variant,
    }
