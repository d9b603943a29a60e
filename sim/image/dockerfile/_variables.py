"""ARG and ENV: which variables an instruction sees."""

from collections.abc import Mapping, Sequence

from sim.image.dockerfile.variables import expand

DEFAULT_PLATFORM = "linux/amd64"


class Globals:
    """ARGs before the first FROM, and those that are always there."""

    __slots__ = ("_build_args", "_given", "_preset")

    def __init__(self, build_args: Mapping[str, str]) -> None:
        self._build_args = build_args
        self._given: dict[str, str] = {}
        target = build_args.get("TARGETPLATFORM", DEFAULT_PLATFORM)
        own = build_args.get("BUILDPLATFORM", DEFAULT_PLATFORM)
        self._preset = {**_platform("TARGET", target), **_platform("BUILD", own)}

    def declare(self, words: Sequence[str], escape: str) -> None:
        """Take an ARG before FROM."""
        for word in words:
            name, equals, default = word.partition("=")
            value = self._build_args.get(name)
            if value is None and equals:
                value = self.put_in(default, escape)
            if value is not None:
                self._given[name] = value

    def put_in(self, text: str, escape: str) -> str:
        """A word of a FROM with its variables put in."""
        return expand(text, {**self._preset, **self._given}, escape)

    def value(self, name: str) -> str | None:
        """What an ARG of that name without a default is, inside a stage."""
        for source in (self._build_args, self._given, self._preset):
            if name in source:
                return source[name]
        return None

    def override(self, name: str) -> str | None:
        """What the build's caller says it is."""
        return self._build_args.get(name)


class Variables:
    """What the instructions of a stage see: ENV goes before ARG."""

    __slots__ = ("_args", "_escape", "_globals", "env")

    def __init__(self, values: Globals, env: Mapping[str, str], escape: str) -> None:
        self._globals = values
        self._escape = escape
        self._args: dict[str, str] = {}
        self.env = dict(env)

    def seen(self) -> dict[str, str]:
        """All of them."""
        return {**self._args, **self.env}

    def put_in(self, text: str) -> str:
        """A word with its variables put in."""
        return expand(text, self.seen(), self._escape)

    def declare(self, words: Sequence[str]) -> list[str]:
        """Take an ARG; what it came to is part of the step's digest."""
        said = []
        for word in words:
            name, equals, default = word.partition("=")
            value = self._globals.override(name)
            if value is None:
                value = self.put_in(default) if equals else self._globals.value(name)
            if value is not None:
                self._args[name] = value
            said.append(f"{name}={value}")
        return said

    def export(self, words: Sequence[str]) -> list[str]:
        """Take an ENV; all its values see those of before."""
        pairs = [word.partition("=")[::2] for word in words]
        if "=" not in words[0]:
            pairs = [(words[0], " ".join(words[1:]))]
        made = [(self.put_in(name), self.put_in(value)) for name, value in pairs]
        self.env.update(made)
        return [f"{name}={value}" for name, value in made]


def _platform(prefix: str, text: str) -> dict[str, str]:
    system, architecture, variant = (*text.split("/"), "", "", "")[:3]
    return {
        f"{prefix}PLATFORM": text,
        f"{prefix}OS": system,
        f"{prefix}ARCH": architecture,
        f"{prefix}VARIANT": variant,
    }
