"""Bad input of every kind ends in a sentence: no traceback, no hang, no folder."""

import json
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from clocks import soon
from mutants import mutants
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from sim import catalog
from sim.cli.app import MODULES, VERBS, app
from sim.cli.options import clipped
from sim.cli.sweep import SweepQuestion
from sim.core.question import ask
from sim.files.inventory.reading import read_inventory
from sim.files.own.forms import OwnApp, OwnApplication
from sim.image import read_image
from sim.image.dockerfile.build import build_file
from sim.image.dockerfile.dockerignore import Ignore
from sim.image.dockerfile.errors import InstructionError
from sim.scenario_file import load_scenario
from sim.scenario_file.schema import ScenarioFile
from sim.validation.judging import validate
from sim.workload import AutoscalingRange, HealthCheck

SCENARIO = """\
name: burst
platform: ecs
host: {instance: m5.large, count: 2, disk: 40GiB}
image: {mib: 120, warm: false}
service: {app: java, cpu: 0.5, memory: 1GiB, load: 0.3, host_port: 8080}
arrivals: {tasks: 3, per_second: 0.5}
registry: ecr
until: 10min
serve: 5s
sample_every: 1s
replications: 3
seed: 7
figures: {container.create: 0.2}
"""

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG VERSION=21
FROM eclipse-temurin:${VERSION}-jre AS base
# berthsim: size=120MB cpu=30
RUN --mount=type=cache,target=/root/.m2 apt-get update && \\
    apt-get install -y curl
ENV HOME=/srv PORT="80 80" X='a b'
FROM base
ADD <<EOF /script
echo $X
EOF
HEALTHCHECK --interval=10s CMD ["curl", "-f", "localhost"]
EXPOSE 80/tcp
CMD ["java", "-jar", "/srv/app.jar"]
"""

IGNORE = """\
# what stays out
**/*.class
!keep/**/x[a-z]?.class
target/
a\\*b
"""

MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": 7023,
            "digest": "sha256:" + "1" * 64,
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "size": 31_000_000 + number,
                "digest": "sha256:" + str(number) * 64,
            }
            for number in (2, 3)
        ],
    },
    indent=1,
)

DATA = """\
app,quota_vcpu,page_cache,ready_s
tomcat,0.5,warm,3.1
node,,cold,1.2
"""

INVENTORY = """\
VM,Powerstate,Template,SRM Placeholder,CPUs,Memory,Total disk capacity MiB,Cluster,Host,VM UUID
web,poweredOn,False,False,4,16384,40960,c1,esx1,u1
"db, old",poweredOn,False,False,2,"8,192",40960,c1,esx2,u2
gold,poweredOff,True,False,2,4096,0,c1,esx1,u4
"""

GRID = "image.mib=100,500 arrivals.tasks=1,2 host.instance=m5.large,m5.xlarge"
COMMAND = "density --app java --cpu 0.5 --memory 1GiB --instance m5.large --by reservation --json"


def write(folder: Path, name: str, text: str) -> Path:
    """A file with that text, whatever bytes that makes."""
    path = folder / name
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return path


def read_scenario(text: str, folder: Path) -> None:
    """As `sim run` reads it."""
    load_scenario(write(folder, "x.yaml", text))


def read_dockerfile(text: str, folder: Path) -> None:
    """As `sim lifecycle` reads it."""
    build_file(write(folder, "Dockerfile", text), resolve=catalog.image, ratio=2.5)


def read_ignore(text: str, folder: Path) -> None:  # noqa: ARG001 (one signature)
    """As a build context reads it."""
    Ignore(text).hides(("src", "main", "keep", "xa1.class"))


def read_manifest(text: str, folder: Path) -> None:
    """As `sim image` reads it."""
    read_image(write(folder, "m.json", text), architecture="amd64", unpack_ratio=2.5)


def read_data(text: str, folder: Path) -> None:
    """As `sim validate --data` reads it."""
    validate([write(folder, "x.csv", text)], shipped=False)


def read_list(text: str, folder: Path) -> None:
    """As `sim migrate` reads it."""
    read_inventory(write(folder, "x.csv", text)).application()


def read_grid(text: str, folder: Path) -> None:
    """As `sim sweep` reads it; bytes that are no text are refused before."""
    text = text.replace("\ud800", "?")
    path = write(folder, "x.yaml", SCENARIO)
    question = ask(SweepQuestion, {"file": str(path), "grid": text.split(" ")}, text=True)
    for name, values in (question.grid or {}).items():
        question.file.at(**{name: values[0]})


def type_command(text: str, folder: Path) -> None:
    """A whole command; it ends well, or with 2 or 3."""
    words = [*text.split(" "), "--out", str(folder / "out")]
    result = CliRunner().invoke(app, words)
    raised = result.exception
    if raised is not None and not isinstance(raised, SystemExit):
        raise AssertionError(f"{words}: {raised!r}") from raised
    assert result.exit_code in (0, 2, 3), words


KINDS: dict[str, tuple[str, Callable[[str, Path], None]]] = {
    "scenario": (SCENARIO, read_scenario),
    "Dockerfile": (DOCKERFILE, read_dockerfile),
    ".dockerignore": (IGNORE, read_ignore),
    "manifest": (MANIFEST, read_manifest),
    "data": (DATA, read_data),
    "inventory": (INVENTORY, read_list),
    "grid": (GRID, read_grid),
    "command": (COMMAND, type_command),
}


def attack(kind: str, count: int, seed: int, folder: Path) -> None:
    """Read so many mutants: each is read, or refused in a message that can be read, in time."""
    good, read = KINDS[kind]
    for text in mutants(good, count, seed):
        with soon(repr(text)[:300]):
            try:
                read(text, folder)
            except (ValueError, OSError, InstructionError) as error:
                assert not isinstance(error, UnicodeError), repr(text)[:300]
                assert str(error).strip(), repr(text)[:300]
                assert len(clipped(str(error))) <= 2000
                assert "validation error" not in str(error), repr(text)[:300]


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_ends_in_a_sentence(kind: str, tmp_path: Path) -> None:
    """A few mutants of each kind; `make check-long` reads 10,000."""
    good, read = KINDS[kind]
    read(good, tmp_path)

    attack(kind, 6 if kind == "command" else 40, 1, tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        "run PIPE",
        "image PIPE",
        "fit PIPE",
        "migrate PIPE",
        "plan PIPE",
        "lifecycle PIPE",
        "validate --data PIPE",
        "instances --update PIPE",
        "calls PIPE --rate 1",
        "calls --from PIPE --rate 1",
        "density --with PIPE",
    ],
)
def test_a_pipe_is_no_file(words: str, tmp_path: Path) -> None:
    """Nobody writes to it, so whoever reads it waits for ever; a sentence at once instead."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = CliRunner().invoke(app, words.replace("PIPE", str(pipe)).split())

    assert result.exit_code == 2
    assert "pipe" in result.stderr
    assert len(result.stderr.splitlines()) < 4


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_mutants(kind: str, tmp_path: Path) -> None:
    """Of every kind; of commands, which take longer, a thousand."""
    attack(kind, 1_000 if kind == "command" else 10_000, 2, tmp_path)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("serve: 8760h", "serve: "),
        (
            "serve: 10min\narrivals: {tasks: 10000}",
            "requests per second of all tasks, for at most ",
        ),
        ("sample_every: 1ms\nuntil: 8760h", "sample_every: "),
        ("sample_every: 1ms\narrivals: {tasks: 1, at: 8760h}", "sample_every: "),
        ("sample_every: 1ms\narrivals: {tasks: 2, per_second: 0.000001}", "sample_every: "),
        ("sample_every: 1ms\nfaults: [{at: 8760h}]", "sample_every: "),
        ("sample_every: 1ms\nservice: {check: {first: 8760h}}", "sample_every: "),
        (
            "host: {instance: m5.large, disk: 1B}",
            "host.disk: 1 B is not allowed; more than the 3 G",
        ),
        ("arrivals: {tasks: 1000000, per_second: 0.000001}", "per_second: "),
        ("service: {app: node, check: {interval: 0.000001s}}", "interval: "),
        ("service: {app: node, check: {successes: 1000000000}}", "successes: "),
        ("platform: vm\nhost: {vcpu: 4, memory: 16GiB, core_speed: 1.0e-300}", "core_speed: "),
        ("platform: vm\nhost: {vcpu: 4, memory: 16GiB, disk_rate: 1.0e-300}", "disk_rate: "),
    ],
)
def test_what_could_not_end_is_refused_before_it_begins(
    given: str, wrong: str, tmp_path: Path
) -> None:
    """By name, and no folder is left behind."""
    fields = {line.partition(":")[0] for line in given.splitlines()}
    good = ("name: x", "platform: ecs", "service: {app: java, load: 0.5}")
    lines = [line for line in good if line.partition(":")[0] not in fields]
    path = write(tmp_path, "x.yaml", "\n".join([*lines, given]))
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    assert wrong in done.stderr
    assert not (tmp_path / "out").exists()


def numbers_in(kind: Any, seen: set[Any]) -> Iterator[tuple[Any, str]]:
    """The fields that hold a number, of what is written in a file or typed."""
    for name, marked in get_type_hints(kind).items():
        held = list(types_in(marked))
        if {int, float} & set(held) and str not in held:
            yield kind, name
        for inner in held:
            if inner.__module__ in WRITTEN and inner not in seen:
                seen.add(inner)
                yield from numbers_in(inner, seen)


WRITTEN = {each.__module__ for each in (ScenarioFile, OwnApplication, HealthCheck)}
"""Where the descriptions are that stand in files as they are."""
FORMS = (ScenarioFile, OwnApplication, OwnApp, AutoscalingRange)


def types_in(kind: Any) -> Iterator[Any]:
    """The classes that a type is made of."""
    inside = get_args(kind)
    if not inside and isinstance(kind, type):
        yield kind
    for each in inside:
        yield from types_in(each)


def asked_by_verbs() -> Iterator[type]:
    """Every question that can be typed."""
    for name in VERBS:
        command = import_module(f"sim.cli.{MODULES.get(name, name)}").command
        yield from (kind for key, kind in get_type_hints(command).items() if key != "return")


@pytest.mark.parametrize(
    "text", ["1_0", "Infinity", "\N{ARABIC-INDIC DIGIT THREE}", "1__0m", True, 10**30]
)
def test_a_number_is_spelled_as_people_do_wherever_it_is_read(text: object) -> None:
    """Python's own spellings are none in a file or behind a flag, whichever field it is; nor is a
    truth value, or a number that nothing has. A seed may be any.

    What a field that takes texts, too, makes of it is its own matter: an address, an expression.
    """
    seen: set[Any] = set()
    fields = {each for kind in (*FORMS, *asked_by_verbs()) for each in numbers_in(kind, seen)}
    if text == 10**30:
        fields = {(kind, name) for kind, name in fields if name != "seed"}
    taken = []
    for kind, name in fields:
        with pytest.raises(ValidationError) as told:
            TypeAdapter(kind).validate_python(
                {name: text, "no such field": 1}, context={"text": True, "partial": True}
            )
        if not any(name in item["loc"] for item in told.value.errors()):
            taken.append(f"{kind.__name__}.{name}")

    assert len(fields) > 60
    assert sorted(taken) == []


def test_a_number_with_a_sign_between_its_thousands_is_told_how_to_write_it(tmp_path: Path) -> None:
    """In a file and in a grid alike; a name may look like one."""
    path = tmp_path / "s.yaml"
    path.write_text("name: '1_0'\nplatform: eks\nfigures: {container.create: 1_0}\n")

    with pytest.raises(ValueError, match="figures") as told:
        load_scenario(path)

    assert "figures.container.create: '1_0' is not allowed; a number; write 10" in str(told.value)
    assert "name" not in str(told.value)
    path.write_text("name: '1_0'\nplatform: eks\n")
    with pytest.raises(
        ValueError, match=r"arrivals.tasks: '1_0' is not allowed; a number; write 10"
    ):
        load_scenario(path).at(**{"arrivals.tasks": "1_0"})


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("density --by use --window 10000h", "window: 36,000,000 s is not allowed; at most "),
        ("storm --starts 1000000", "starts: 1000000 is not allowed"),
        ("storm --running 1000000", "running: 1000000 is not allowed"),
        ("calls OWN --users 1000000", "users: 1000000 is not allowed"),
    ],
)
def test_what_fits_into_no_memory_is_refused_before_it_begins(
    words: str, wrong: str, tmp_path: Path
) -> None:
    """By name, and no folder is left behind."""
    own = write(
        tmp_path, "own.yaml", "application: a\nparts: {web: {app: node, get: {cpu_ms: 1}}}\n"
    )
    words = words.replace("OWN", str(own))
    done = CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    assert wrong in done.stderr
    assert not (tmp_path / "out").exists()


def test_requests_that_vary_a_hundredfold_are_served(tmp_path: Path) -> None:
    """Most of them are next to nothing: what they take alone divided what they took, and was 0."""
    service = "service: {app: node, variation: 100, cpu_quota: false}"
    text = f"name: x\nplatform: docker\nserve: 1min\n{service}\n"
    loaded = load_scenario(write(tmp_path, "x.yaml", text))

    assert loaded.scenario.run(1, 0).request_slowdown
