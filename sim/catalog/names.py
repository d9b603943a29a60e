"""Names of the catalogue, and what to say of one that is not in it."""

from collections.abc import Iterable
from difflib import get_close_matches


class UnknownName(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A name that the catalogue does not have; the message says what was likely meant."""


def nearest(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Known names that are like it; swapped letters are the likeliest of all mistakes."""
    names = list(known)
    near = get_close_matches(name, names, n=max(1, len(names)), cutoff=0.6)
    return sorted(near, key=lambda word: sorted(word) != sorted(name))[:count]


def unknown(field: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for `name`, with the nearest known names."""
    names = list(known)
    near = nearest(name, names, 2)
    if near:
        hint = "did you mean " + " or ".join(repr(n) for n in near) + "?"
    elif len(names) <= 12:
        hint = "known: " + ", ".join(names)
    else:
        hint = f"{len(names)} are known"
    return UnknownName(f"{field}: {name!r} is not known; {hint}")
