"""Mistakes in a Dockerfile: collected while it is read and built, and raised together."""

from sim.image.manifest.json_document import shown

MOST_MISTAKES = 1000
"""Lines of one error; a file with more is no Dockerfile."""


class BadDockerfile(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """The mistakes in a Dockerfile or its context, one a line: `file:line: message`."""


class InstructionError(ValueError):
    """Why an instruction cannot be read; who catches it adds the line it stands on."""


class Mistakes:
    """The mistakes in one file, and in those it brings along."""

    __slots__ = ("_noted", "_others", "label")

    def __init__(self, label: str) -> None:
        self.label = printable(label)
        self._noted: dict[tuple[int, str], None] = {}
        self._others: list[Mistakes] = []

    def add(self, line: int, message: str, text: str) -> None:
        """Note a mistake, once however often it is found."""
        where = f"{self.label}:{line}: {message}"
        tail = f": {printable(text.strip())}" if text.strip() else ""
        self._noted[(line, one_line(where) + tail)] = None

    def beside(self, label: str) -> "Mistakes":
        """The mistakes in another file, raised together with these."""
        self._others.append(Mistakes(label))
        return self._others[-1]

    def lines(self) -> list[str]:
        """All mistakes, in the order of the file."""
        own = [text for _, text in sorted(self._noted, key=lambda item: item[0])]
        return own + [text for other in self._others for text in other.lines()]

    def check(self) -> None:
        """Raise the mistakes, if there are any.

        Raises:
            BadDockerfile: all of them.
        """
        lines = self.lines()
        more = len(lines) - MOST_MISTAKES
        rest = [f"{self.label}: and {more} more mistakes"] if more > 0 else []
        if lines:
            raise BadDockerfile("\n".join(lines[:MOST_MISTAKES] + rest))


def printable(text: str) -> str:
    """A text as it can be printed anywhere, on one line and shortened."""
    short = text if len(text) <= 160 else f"{text[:157]}..."
    return short if short.isprintable() and short.isascii() else shown(short)[1:-1]


def one_line(text: str) -> str:
    """A message of several lines on one."""
    return " ".join(text.split())
