"""Base images: what a FROM or `--from` names outside the file."""

from collections.abc import Callable
from typing import TypeAlias, get_args

from sim.host.machine import Architecture
from sim.image.dockerfile.errors import BadWord, one_line
from sim.image.dockerfile.stages import Stage, Stages
from sim.image.image import Image

Resolve: TypeAlias = Callable[[str], Image]


def fetched(name: str, resolve: Resolve) -> Image:
    """The image of a name; `scratch` is empty.

    Raises:
        BadWord: there is none; it says what the resolver says.
    """
    if not name:
        raise BadWord("the image's name is empty once its variables are put in")
    if name == "scratch":
        return Image(name=name, layers=())
    try:
        return resolve(name)
    except (ValueError, LookupError, OSError) as error:
        why = str(error.args[0]) if error.args else type(error).__name__
        raise BadWord(f"unknown base {name[:120]!r}: {one_line(why)}") from None


def resolved(stage: Stage, stages: Stages, resolve: Resolve) -> Image:
    """The image a stage starts from.

    Raises:
        BadWord: there is none, or it is a stage further down.
    """
    try:
        return fetched(stage.base, resolve)
    except BadWord as error:
        later = stages.later(stage.base, stage.number)
        if later is None:
            raise
        where = f"stage {stage.base!r} (line {later.head.given.line}) is not above"
        raise BadWord(f"{where}: stages in a circle; {error}") from None


def architectures_of(image: Image, stage: Stage, asked: str) -> tuple[Architecture, ...]:
    """What a stage runs on: the base's, or the one of `--platform`.

    Raises:
        BadWord: the platform is not modelled, or the base is not for it.
    """
    fixed = stage.platform and "TARGETPLATFORM" not in stage.head.parts.flag("platform")
    platform = stage.platform if fixed else asked
    if not platform:
        return image.architectures
    known: tuple[Architecture, ...] = get_args(Architecture)
    found = [name for name in known if platform.split("/")[:2] in (["linux", name], [name])]
    if not found:
        raise BadWord(f"platform {platform[:60]!r} is not allowed; linux/amd64 or linux/arm64")
    if found[0] not in image.architectures:
        offered = ", ".join(image.architectures)
        raise BadWord(f"{image.name!r} is not for {platform}; it is for {offered}")
    return (found[0],)
