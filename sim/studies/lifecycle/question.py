"""What is asked of a Dockerfile: where do the seconds and the bytes go until it runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo

from sim import catalog
from sim.core.description import description
from sim.core.names import shown
from sim.core.quantity import LARGEST_WORK, parse_size, parse_work
from sim.core.question import Mistake, Question, Typed
from sim.image import Image
from sim.image.dockerfile.grammar import works
from sim.image.dockerfile.parser import read_dockerfile
from sim.studies import platforms
from sim.studies.images.layers import find
from sim.studies.kinds import (
    APP,
    NAME,
    Arch,
    Cores,
    Explain,
    Instance,
    Seed,
    Size,
    among,
    app_or_service,
    apps_that_start,
    idle,
    number,
    texts,
)
from sim.workload import Service

K = TypeVar("K")
V = TypeVar("V")
Info: TypeAlias = ValidationInfo


def file_of(dockerfile: str | Path) -> Path:
    """A Dockerfile, or the one in a folder."""
    path = Path(dockerfile)
    return path / "Dockerfile" if path.is_dir() else path


def _pairs(key: Callable[[str, Info], K], value: Callable[[str, Info], V]) -> PlainValidator:
    """`NAME=VALUE`, as often as it was typed; in Python a mapping."""

    def read(pairs: Mapping[K, V] | Iterable[str] | None, info: Info) -> Mapping[K, V] | None:
        if pairs is None or isinstance(pairs, Mapping):
            return pairs
        by_key: dict[K, V] = {}
        wrong = []
        for text in texts(pairs):
            name, equals, rest = text.partition("=")
            try:
                if not equals or not name:
                    raise ValueError(f"{shown(text)} is not allowed; NAME=VALUE")
                if key(name, info) in by_key:
                    raise ValueError(f"{name!r} is given twice")
                by_key[key(name, info)] = value(rest, info)
            except ValueError as error:
                wrong.append(f"{shown(text)}: {error}")
        if wrong:
            raise ValueError("\n".join(wrong))
        return by_key

    return PlainValidator(read)


def _as_text(text: str, _: Info) -> str:
    return text


def _numbered(*words: str) -> Callable[[str, Info], int]:
    """What reads the number of an instruction, given as such or by its line."""
    word = words[0]

    def number(name: str, info: Info) -> int:
        digits = name[1:] if name[:1] in "Ll" else name
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise ValueError(f"{name!r} is no {word}; its number such as 1, or its line such as L7")
        if name[:1] not in "Ll":
            return int(digits)
        lines = _lines_of(info.data.get("dockerfile", ""), words)
        if int(digits) not in lines:
            known = ", ".join(f"L{line}" for line in lines) or "there is none"
            raise ValueError(f"no {word} begins on line {digits}; {word}: {known}")
        return lines[int(digits)]

    return number


def _lines_of(dockerfile: str | Path, words: tuple[str, ...]) -> dict[int, int]:
    """Which of some instructions stands on which line; a file that cannot be read has none."""
    try:
        instructions = read_dockerfile(file_of(dockerfile)).instructions
    except ValueError:
        return {}
    lines = [item.line for item in instructions if works(item) in words]
    return {line: number for number, line in enumerate(lines, 1)}


def _base(text: str, info: Info) -> Image:
    return find(text, info.data.get("architecture") or "amd64").image


def _work(value: object) -> object:
    return parse_work(value) if isinstance(value, str) else value


def _many(name: str, shape: str) -> Typed:
    return Typed(name=name, shape=shape, repeats=True)


Sizes: TypeAlias = Mapping[int, float] | None
REGISTRIES = Typed(help=f"{', '.join(catalog.registry_names())}.")


@description
class LifecycleQuestion(Question):
    """Build an image, push it, pull and run it: where do the seconds and the bytes go?"""

    dockerfile: Annotated[str | Path, Typed(argument=True, shape="DOCKERFILE")] = Field(
        kw_only=False
    )
    """Or its folder."""
    context: Annotated[str | Path | None, Typed(shape="<path>")] = None
    """Folder that COPY reads; the Dockerfile's by default."""
    registry: Annotated[str, among("registry", catalog.registry_names), NAME, REGISTRIES] = "ecr"
    platform: Annotated[
        str,
        among("platform", lambda: platforms.names("lifecycle")),
        Typed(shape="<name>", help=lambda: f"{platforms.listed('lifecycle')}."),
    ] = "ecs"
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type that runs it."""
    builder: Instance = catalog.DEFAULT_TYPE
    """EC2 type that builds and pushes."""
    architecture: Arch | None = None
    """Built for: amd64 or arm64; the builder's by default."""
    run_sizes: Annotated[
        Sizes,
        _pairs(_numbered("RUN"), lambda text, _: parse_size(text)),
        _many("run-size", "<N>=<size>"),
    ] = None
    """N=SIZE: what the Nth RUN writes, or L7=SIZE for that of line 7."""
    run_cpus: Annotated[
        Sizes,
        _pairs(_numbered("RUN"), lambda text, _: parse_work(text)),
        _many("run-cpu", "<N>=<seconds>"),
    ] = None
    """N=SECONDS: core-seconds of the Nth RUN, or L7=SECONDS."""
    copy_sizes: Annotated[
        Sizes,
        _pairs(_numbered("COPY", "ADD"), lambda text, _: parse_size(text)),
        _many("copy-size", "<N>=<size>"),
    ] = None
    """N=SIZE: the Nth COPY or ADD, from a stage or the network; or L9=SIZE."""
    history: Annotated[Path | None, Typed(shape="<path>")] = None
    """docker history of the image, for sizes of its steps."""
    build_log: Annotated[Path | None, Typed(shape="<path>")] = None
    """Log of docker build --progress=plain, for seconds of its steps."""
    build_args: Annotated[
        Mapping[str, str] | None,
        _pairs(_as_text, _as_text),
        _many("build-arg", "<name>=<value>"),
    ] = None
    """NAME=VALUE for an ARG."""
    target: Annotated[str | None, NAME] = None
    """The stage to build."""
    bases: Annotated[
        Mapping[str, Image] | None, _pairs(_as_text, _base), _many("base", "<name>=<path>")
    ] = None
    """NAME=FILE: the manifest of a base image."""
    startup_cpu: (
        Annotated[
            float,
            number("core-seconds such as 30", lambda work: 0.0 <= work <= LARGEST_WORK),
            BeforeValidator(_work),
            Typed(shape="<seconds>"),
        ]
        | None
    ) = None
    """Core-seconds from exec to the first healthy answer."""
    app: Annotated[str | Service, app_or_service(apps_that_start), APP] | None = None
    """Instead: java, node or mysql; or a file of your own, see sim app init."""
    cpu: Cores | None = None
    """vCPUs of the container."""
    memory: Size | None = None
    """Memory of the container."""
    change: Annotated[str | None, Typed(shape="<path>")] = None
    """A file of the context that changes; then all over again."""
    exclude: Annotated[Path | None, Typed(shape="<path>")] = None
    """A folder that is not part of the context; that of the answers by default."""
    seed: Seed = 1
    explain: Explain = False

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """An app brings its own work, and Fargate has no instances."""
        if self.startup_cpu is not None and self.app is not None:
            words = "not allowed beside --startup-cpu; it brings its own work"
            yield Mistake(("app", "startup_cpu"), words)
        instances = set(platforms.takers("lifecycle", "instance"))
        # Fargate, which takes the architecture itself, has the image's and not the instance's
        instances -= set(platforms.takers("lifecycle", "architecture"))
        those = [name for name in platforms.names("lifecycle") if name in instances]
        yield from idle(given, {"instance": those}, (self.platform,))

    @property
    def file(self) -> Path:
        """The Dockerfile."""
        return file_of(self.dockerfile)

    @property
    def app_told(self) -> bool:
        """Whether the start-up work is known."""
        return self.startup_cpu is not None or self.app is not None

    def built_with(self) -> dict[str, Any]:
        """What the build takes besides the Dockerfile, the arguments and the base images."""
        return {
            "context": self.context,
            "outside": self.exclude,
            "run_sizes": self.run_sizes,
            "run_cpus": self.run_cpus,
            "copy_sizes": self.copy_sizes,
            "target": self.target,
            "history": self.history,
            "build_log": self.build_log,
        }
