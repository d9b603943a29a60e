"""What a reader found on its way: mistakes, what it left out, what it understood otherwise."""

from collections import Counter
from collections.abc import Iterable

from sim.core.names import MOST_NAMED, first_of, nearest
from sim.core.question import BadInput
from sim.files.text.place import TextPlace

MOST_MISTAKES = 50
"""Mistakes that are told one by one."""
MOST_COLLECTED = 200
"""Mistakes after which no more are looked for."""
MOST_KINDS = 50
"""Kinds of what was left out that are told one by one."""
MOST_SHOWN = 80
"""Characters of a wrong value that are shown."""


class Findings:
    """Collected over all files of one reading, so that all mistakes are told at once."""

    def __init__(self) -> None:
        self._mistakes: dict[str, None] = {}
        self._ignored: Counter[str] = Counter()
        self._notes: dict[str, dict[str, None]] = {}

    def mistake(self, where: TextPlace, field: str, message: str) -> None:
        """A field whose value is not allowed.

        Raises:
            BadInput: there are so many that no more are looked for.
        """
        named = f"{field}: {message}" if field else message
        self._mistakes.setdefault(f"{where}: {named}")
        if len(self._mistakes) > MOST_COLLECTED:
            self.refuse()

    def ignore(self, what: str, count: int = 1) -> None:
        """Something that takes no room and changes no start."""
        self._ignored[what] += count

    def note(self, text: str, what: str = "") -> None:
        """Something understood otherwise than one might think; `what` it is true of is gathered."""
        names = self._notes.setdefault(text, {})
        if what:
            names[what] = None

    def refuse(self) -> None:
        """Nothing goes on where something is wrong.

        Raises:
            BadInput: there are mistakes; all of them, one a line.
        """
        if not self._mistakes:
            return
        lines = list(self._mistakes)
        if (more := len(lines) - MOST_MISTAKES) > 0:
            lines[MOST_MISTAKES:] = [f"and {more} more"]
        raise BadInput("\n".join(lines))

    @property
    def ignored(self) -> tuple[str, ...]:
        """What was left out, counted, most first."""
        most = sorted(self._ignored.items(), key=lambda each: (-each[1], each[0]))[:MOST_KINDS]
        told = [f"{what[:MOST_SHOWN]} ({n})" for what, n in most]
        more = len(self._ignored) - len(told)
        return (*told, f"{more:,} other kinds") if more else tuple(told)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, each once, with what they are true of."""
        return tuple(_named(text, sorted(names)) for text, names in self._notes.items())


def _named(text: str, names: list[str]) -> str:
    return f"{text}: {first_of(names)}" if names else text


def not_allowed(value: object, allowed: str, known: Iterable[str] = ()) -> str:
    """What is wrong with a value, in the words of every mistake."""
    shown, names = repr(value), list(known)
    if len(shown) > MOST_SHOWN:
        shown = f"{shown[: MOST_SHOWN - 3]}..."
    near = nearest(str(value), names)
    if near:
        hint = f"did you mean {near[0]!r}?"
        allowed = f"{allowed}; {hint}" if allowed else hint
    elif names and not allowed:
        rest = " and others" if len(names) > MOST_NAMED else ""
        allowed = f"known: {', '.join(names[:MOST_NAMED])}{rest}"
    if "{{" in str(value):
        allowed = "render it first: helm template ... | sim read -"
    return f"{shown} is not allowed; {allowed}"
