"""Known names, and what to say of one that is not among them."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator

T = TypeVar("T")

Architecture: TypeAlias = Literal["amd64", "arm64"]
"""Architecture of a CPU, and of what was built for it."""

Dialect: TypeAlias = Literal["compose", "kubernetes", "ecs", "cloudformation", "terraform", "own"]
"""What the files of an application are written in."""

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$"
"""A name that can be a folder on any system, and never leads out of its own."""
WITHOUT_DOT = r"^[^.]+$"
"""A name that stands before or after a dot."""
RULES = {
    FOLDER_NAME: "letters, digits, dots, dashes and underscores, at most 200, and a letter or a "
    "digit first",
    WITHOUT_DOT: "a name without a dot",
}
"""What each of them allows, in words."""
MOST_SHOWN = 80
"""Characters of a wrong value that are shown."""
MOST_NAMED = 30
"""Names that an error tells one after the other; more are listed by a verb."""
LONGEST_NAME, MOST_COMPARED = 200, 2000
"""Characters of a name that may be meant otherwise, and names it is compared with: likeness takes
time that goes with their product."""
LISTED = {
    "instance": "sim instances lists them",
    "figure": "sim parameters lists them",
    "parameter": "sim parameters lists them",
}
"""By field, what lists the names that are too many for an error."""


WRITTEN = {"usd": "USD", "vcpu": "vCPU"}
"""Words of columns that are written otherwise."""

SPOKEN = {
    "request": "the API call",
    "placement": "finding a host",
    "pending": "waiting for the instance",
    "boot": "booting the instance",
    "vmm": "starting the hypervisor's process",
    "firmware": "the firmware",
    "kernel": "booting the guest kernel",
    "user_space": "starting the guest's user space",
    "network": "attaching the network interface",
    "provision": "provisioning the microVM",
    "pull": "pulling the image",
    "init": "the init containers",
    "create": "creating the container",
    "start": "starting the container",
    "app": "the app's own start-up",
}
"""Phases of a start as one says them."""


def in_name_order(things: Sequence[T]) -> tuple[T, ...]:
    """Things that have no order among them, in that of their names.

    Whoever writes them in another order says the same, and is answered the same. What has no name,
    or shares it with another, is known by its `repr`.
    """
    if len(things) < 2:
        return tuple(things)
    by_name = {_name(each): each for each in things}
    if len(by_name) < len(things):
        return tuple(sorted(things, key=repr))
    return tuple(by_name[name] for name in sorted(by_name))


def _name(thing: Any) -> Any:
    return thing if isinstance(thing, str | int) else getattr(thing, "name", None) or repr(thing)


Unordered: TypeAlias = Annotated[tuple[T, ...], AfterValidator(in_name_order)]
"""Some of a kind that have no order among them."""


class UnknownName(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A name that is not known; the message says what was likely meant."""


def shown(value: object) -> str:
    """A value in a message, without its insides where it is large, whatever it is."""
    if isinstance(value, dict | list | tuple | set) and len(value) > 3:
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind} of {len(value):,}"
    if type(value) is str:
        value = value[:MOST_SHOWN]
    try:
        text = repr(value).replace("\n", " ")
    except Exception:
        return f"something of class {type(value).__name__}"
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def nearest(name: object, known: Iterable[str], count: int = 1) -> list[str]:
    """Known names that are like it; swapped letters are the likeliest of all mistakes."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return []
    names = list(known)[:MOST_COMPARED]
    near = get_close_matches(name, names, n=max(1, len(names)), cutoff=0.6)
    return sorted(near, key=lambda word: sorted(word) != sorted(name))[:count]


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if words[1:] else "".join(words)


def column_words(column: str) -> str:
    """A column's name as it is read aloud: `usd_per_month` is `USD per month`."""
    return " ".join(WRITTEN.get(word, word) for word in column.replace("_", " ").split(" "))


def first_of(names: Sequence[str], most: int = 6, last: str = "") -> str:
    """The first of some names, and how many more there are.

    Args:
        last: what stands before the last one, where all are named.
    """
    if last and len(names) <= most:
        return listed(names, last)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def unknown(
    field: str, name: object, known: Iterable[str], *, where: str | None = None
) -> UnknownName:
    """The error for `name`, with the nearest known names, or all of them where they are few.

    Args:
        where: what they are, where they are too many to be named; None: what lists them.
    """
    names = list(dict.fromkeys(known))
    near = nearest(name, names, 2)
    if near:
        hint = "did you mean " + " or ".join(repr(n) for n in near) + "?"
    elif len(names) <= MOST_NAMED:
        hint = "known: " + ", ".join(names)
    else:
        where = LISTED.get(field) if where is None else where
        hint = f"{len(names)} are known" + (f" ({where})" if where else "")
    return UnknownName(f"{field}: {shown(name)} is not known; {hint}")
