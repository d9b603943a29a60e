"""What the fields of questions hold: types that check themselves, and say what is allowed."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from sim import catalog
from sim.core.mistakes import several_of
from sim.core.names import Architecture, UnknownName, shown, unknown
from sim.core.quantity import Bytes, ReservedVcpu, Seconds, Vcpu, number_in, shown_size
from sim.core.question import Mistake, Typed

if TYPE_CHECKING:
    from sim.studies.platform_row import Question as Asked
    from sim.workload import Service

NAME = Typed(shape="<name>")

MOST_DIGITS, MOST = 18, 10_000_000
"""Digits of a number that is typed, and the most that anybody asks for of anything."""


def at_least(low: int, value: object, most: int = MOST) -> int:
    """A whole number of at least `low`, and at most `most`."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        short = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        number = int(value) if short else None
    else:
        exact = isinstance(value, Integral) and not isinstance(value, bool)
        number = int(value) if exact and abs(value) < 10**MOST_DIGITS else None  # type: ignore[call-overload,arg-type]
    if number is None or number < low:
        raise ValueError(f"{shown(value)} is not allowed; an integer of at least {low}")
    if number > most:
        raise ValueError(f"{number} is not allowed; at most {most:,}")
    return number


def whole(low: int, most: int = MOST) -> BeforeValidator:
    """A whole number of at least `low`, and at most `most`."""
    return BeforeValidator(lambda value: at_least(low, value, most))


def number(allowed: str, good: Callable[[float], bool]) -> BeforeValidator:
    """A number for which `good` holds; `allowed` says it in words."""

    def check(value: object) -> float:
        exact = number_in(value)
        if exact is None or not good(exact):
            raise ValueError(f"{shown(value)} is not allowed; {allowed}")
        return exact

    return BeforeValidator(check)


def among(field: str, names: Callable[[], Iterable[str]] | Sequence[str]) -> BeforeValidator:
    """One of some names; another one is told the nearest, or all where they are few."""

    def check(value: object) -> object:
        known = list(names() if callable(names) else names)
        if not isinstance(value, str) or value not in known:
            raise _not_known(field, value, known)
        return value

    check.known = names  # type: ignore[attr-defined]
    return BeforeValidator(check)


def _not_known(field: str, value: object, known: Sequence[str]) -> UnknownName:
    """Without the field, which stands before every mistake."""
    from sim.studies.platforms import unknown_platform

    tell = unknown_platform if field == "platform" else partial(unknown, field)
    return UnknownName(str(tell(value, known)).removeprefix(f"{field}: "))


def several(
    field: str, names: Callable[[], Iterable[str]], *, everything: str = ""
) -> PlainValidator:
    """One of some names, or a few of them; in a text with commas between.

    Args:
        everything: the word for all of them.
    """

    def check(value: object) -> str | tuple[str, ...]:
        every = several_of(value)
        apart = (word.split(",") if isinstance(word, str) else [word] for word in every)
        words = list(dict.fromkeys(word for words in apart for word in words))
        known = [*names(), *([everything] if everything else [])]
        for word in words:
            if word not in known:
                raise _not_known(field, word, known)
        if not words:
            raise ValueError(f"nothing is given; known: {', '.join(known)}")
        if len(words) > 1 and everything in words:
            raise ValueError(
                f"{shown(everything)} is not allowed beside {words}; it has all of them"
            )
        return str(words[0]) if len(words) == 1 else tuple(map(str, words))

    check.known = lambda: [*names(), *([everything] if everything else [])]  # type: ignore[attr-defined]
    return PlainValidator(check)


def texts(value: object) -> list[str]:
    """Texts of the form `NAME=VALUE`, as often as they were typed.

    Raises:
        ValueError: it is something else.
    """
    found = []
    for each in several_of(value):
        if not isinstance(each, str):
            raise ValueError(f"{shown(each)} is not allowed; NAME=VALUE, or a mapping")
        found.append(each)
    return found


def chosen(named: str | tuple[str, ...], known: Sequence[str]) -> tuple[str, ...]:
    """The names that are meant, in the order of those that are known; `all` are all of them."""
    names = (named,) if isinstance(named, str) else named
    return tuple(name for name in known if name in names or names == ("all",))


def idle(
    given: Set[str], heeds: Mapping[str, Sequence[str]], platforms: Sequence[str]
) -> Iterator[Mistake]:
    """A mistake for each field that was given and that none of the platforms heeds.

    Args:
        heeds: by field, the platforms on which it has an effect.
    """
    for name, those in heeds.items():
        if name in given and not set(those) & set(platforms):
            where = f"not allowed on {', '.join(platforms)}, where it has no effect"
            yield Mistake((name, "platform"), f"{where}; it is for {', '.join(those)}")


def node_takers(question: "Asked") -> dict[str, tuple[str, ...]]:
    """By field of `NodeSettings`, the platforms on which it has an effect."""
    from sim.studies.platforms import takers

    on_nodes = {each.name: takers(question, "nodes") for each in fields(catalog.NodeSettings)}
    return {**on_nodes, "ami": takers(question, "ami")}


def _bare(value: str) -> str:
    from sim.studies.platform_row import bare_machine

    bare_machine(value)
    return value


def _folder(path: Path) -> Path:
    """A folder that is there, or can be made; it is not made yet."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{str(path)!a} is not allowed; a name in UTF-8") from None
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(f"{str(path)!r} is not allowed; a folder that can be written")
    return path


def size_typed(size: float) -> str:
    """A size as it can be typed again: `512MiB`."""
    return shown_size(size).replace(" ", "")


def all_apps() -> list[str]:
    """Apps of the catalogue, which is read when they are asked for."""
    return list(catalog.apps())


def apps_that_start() -> list[str]:
    """Apps of the catalogue with start-up work of their own."""
    return [name for name in catalog.apps() if name != "generic"]


def app_or_service(names: Callable[[], Iterable[str]]) -> BeforeValidator:
    """An app of the catalogue by name, or a service of one's own, alone in its application."""

    def check(value: object) -> object:
        from sim.workload import Service

        alone = one_service(value)
        known = list(names())
        named = isinstance(alone, str) and alone in known
        if not named and not isinstance(alone, Service):
            raise _not_known("app", alone, known)
        return alone

    check.known = names  # type: ignore[attr-defined]
    return BeforeValidator(check)


def called(app: "str | Service") -> str:
    """How an app is called in a sentence."""
    return app if isinstance(app, str) else app.name


def one_service(value: object) -> object:
    """The service of an application that has one part; anything else as it is."""
    from sim.workload import Application

    if not isinstance(value, Application):
        return value
    if len(value.parts) > 1:
        raise ValueError(
            f"{value.name} has {len(value.parts)} parts; one is needed: sim.holds says how many of "
            f"the whole a host holds, sim.uptime when it is up, sim.plan what to run it on"
        )
    return value.parts[0].service


AUTO = "auto"
"""In place of an instance type: the platform chooses."""


def _instances() -> Iterable[str]:
    return catalog.instances()  # a look at the name alone would import half of the catalogue


def _images() -> Iterable[str]:
    return catalog.images()


Arch: TypeAlias = Annotated[
    Architecture, among("arch", get_args(Architecture)), Typed(name="arch", shape="<name>")
]
Instance: TypeAlias = Annotated[str, among("instance", _instances), Typed(shape="<type>")]
InstanceOrAuto: TypeAlias = Annotated[
    str, among("instance", lambda: (*_instances(), AUTO)), Typed(shape="<type>")
]
APP = Typed(shape="<name or file>")
ImageName: TypeAlias = Annotated[str, among("image", _images), NAME]
Host: TypeAlias = Annotated[str, AfterValidator(_bare), Typed(shape="<machine>")]
Folder: TypeAlias = Annotated[Path, AfterValidator(_folder), Typed(shape="<path>")]
Cores: TypeAlias = Annotated[Vcpu, Typed(shape="<vCPUs>", shown="{:g}".format)]
ReservedCores: TypeAlias = Annotated[ReservedVcpu, Typed(shape="<vCPUs>", shown="{:g}".format)]
Size: TypeAlias = Annotated[Bytes, Typed(shape="<size>", shown=size_typed)]
Time: TypeAlias = Annotated[Seconds, Typed(shape="<time>")]
Count: TypeAlias = Annotated[int, whole(1), Typed(shape="<integer>")]
CountOrNone: TypeAlias = Annotated[int, whole(0), Typed(shape="<integer>")]
Gpus: TypeAlias = Annotated[
    int, whole(0), Typed(shape="<integer>", help="GPUs of one, whole ones; Fargate has none.")
]
Seed: TypeAlias = Annotated[
    int, whole(0, 10**MOST_DIGITS), Typed(shape="<integer>", help="Seed for the random numbers.")
]
Replications: TypeAlias = Annotated[
    int, whole(1), Typed(shape="<integer>", help="Independent runs.")
]
Explain: TypeAlias = Annotated[
    bool, Typed(help="List the numbers behind the answer and what it leaves out.")
]
