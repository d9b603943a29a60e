"""What tools printed of a build is read back, and what a FROM brings with it."""

from pathlib import Path
from typing import Any

import pytest

import sim
from sim import catalog
from sim.core.quantity import parse_size
from sim.image import BadDockerfile, Built, build_file
from sim.image.dockerfile.measured_steps import history_of, log_of

TWO_STAGES = """FROM node:22 AS build
WORKDIR /app
RUN npm ci
RUN npm run build
FROM node:22-alpine
RUN apk add --no-cache tini
COPY --from=build /app/dist /srv
CMD ["node", "/srv"]
"""
TABLE = """\
IMAGE         CREATED      CREATED BY                                      SIZE      COMMENT
0d1d2a3b4c5d  2 hours ago  CMD ["node" "/srv"]                             0B        buildkit
<missing>     2 hours ago  COPY /app/dist /srv # buildkit                  12.3kB    buildkit
<missing>     2 hours ago  RUN /bin/sh -c apk add --no-cache tini # bui…   1.2MB     buildkit
<missing>     3 weeks ago  RUN /bin/sh -c addgroup -g 1000 node     && a…   160MB    buildkit
<missing>     3 weeks ago  ADD alpine-minirootfs-3.24.tar.gz / # buildk…   8.3MB     buildkit
"""
LINES = """{"CreatedBy":"CMD [\\"node\\"]","Size":"0B"}
{"CreatedBy":"COPY /app/dist /srv # buildkit","Size":"12300"}
{"CreatedBy":"RUN /bin/sh -c apk add --no-cache tini # buildkit","Size":"1.2MB"}
"""
OLD = """{"CreatedBy":"/bin/sh -c #(nop)  CMD [\\"node\\"]","Size":"0B"}
{"CreatedBy":"/bin/sh -c #(nop) COPY dir:8a in /srv ","Size":"12.3kB"}
{"CreatedBy":"|1 A=b /bin/sh -c apk add --no-cache tini","Size":"1.2MB"}
"""
LOG = """#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#7 [build 1/4] FROM docker.io/library/node:22
#7 DONE 4.2s
#9 [build 3/4] RUN npm ci
#9 1.234 added 300 packages
#9 DONE 21.5s
#8 [build 2/4] WORKDIR /app
#8 DONE 0.1s
#10 [build 4/4] RUN npm run build
#10 DONE 8.0s
#11 [stage-1 2/3] RUN apk add --no-cache tini
#11 CACHED
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(TWO_STAGES)
    return tmp_path


def built(folder: Path, **more: Any) -> Built:
    return build_file(folder / "Dockerfile", resolve=catalog.official, ratio=1.0, **more)


def written(folder: Path, text: str) -> Path:
    path = folder / "told"
    path.write_text(text)
    return path


@pytest.mark.parametrize("printed", [TABLE, LINES, OLD])
def test_history_tells_the_sizes_of_the_last_stage(folder: Path, printed: str) -> None:
    """As a table or JSON, of BuildKit or of the older builder; steps of the base are skipped."""
    found = built(folder, history=written(folder, printed), run_sizes={1: 60e6, 2: 20e6})
    sizes = {step.text: step.layer.unpacked for step in found.steps}

    assert sizes["RUN apk add --no-cache tini"] == 1.2e6
    assert sizes["COPY --from=build /app/dist /srv"] == 12_300


def test_what_the_user_says_goes_before_history(folder: Path) -> None:
    """The third RUN of the file is that of the last stage."""
    told = {1: 60e6, 2: 20e6, 3: 5e6}
    found = built(folder, history=written(folder, TABLE), run_sizes=told)

    assert [step.layer.unpacked for step in found.steps if step.word == "RUN"] == [*told.values()]


def test_history_of_another_image_is_refused(folder: Path) -> None:
    """The message has both, in words."""
    other = '{"CreatedBy":"COPY . . # buildkit","Size":"1MB"}\n'
    with pytest.raises(BadDockerfile, match="--history: its last steps are not those of"):
        built(folder, history=written(folder, other), run_sizes={1: 1.0, 2: 1.0, 3: 1.0})


def test_a_log_tells_the_seconds_of_every_stage(folder: Path) -> None:
    """By stage and place, whatever the order of its lines; what was cached is not known."""
    sizes = {1: 60e6, 2: 20e6, 3: 1e6}
    found = built(folder, build_log=written(folder, LOG), run_sizes=sizes, copy_sizes={1: 1e3})

    assert {step.text: step.cpu for step in found.steps if step.cpu_given} == {
        "RUN npm ci": 21.5,
        "RUN npm run build": 8.0,
    }
    assert any("upper bound" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "reader", "why"),
    [
        ("hello", history_of, "it is no output of docker history"),
        ('{"Size": "1MB"}', history_of, "it is no line of docker history --format json"),
        ('{"CreatedBy": "RUN a", "Size": "much"}', history_of, "'much' is no size"),
        ("#1 DONE 0.1s", log_of, "docker build --progress=plain prints them"),
    ],
)
def test_what_is_no_output_of_a_tool_is_said(
    tmp_path: Path, text: str, reader: Any, why: str
) -> None:
    """With the file, the line and what is read."""
    with pytest.raises(ValueError, match=why):
        reader(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "size"),
    [("12.3kB", 12_300), ("0B", 0), ("1.2GB", 1.2e9), ("77.8MB", 77.8e6), ("512MiB", 2**29)],
)
def test_sizes_are_read_back_as_docker_prints_them(text: str, size: float) -> None:
    """Its kB is 1,000 bytes."""
    assert parse_size(text) == size


ONBUILD = """FROM python:3.12-slim AS base
# berthsim: size=30MB cpu=12
ONBUILD RUN pip install -r requirements.txt
FROM base AS app
RUN echo hi
FROM app
"""


def test_triggers_run_at_the_from_that_uses_their_stage(tmp_path: Path) -> None:
    """Before the stage's own steps, once: a stage on top of that one does not run them again."""
    (tmp_path / "Dockerfile").write_text(ONBUILD)
    found = built(tmp_path, run_sizes={2: 0.0})
    runs = [
        (step.stage, step.layer.unpacked, step.cpu) for step in found.steps if step.word == "RUN"
    ]

    assert runs == [("app", 30e6, 12.0), ("app", 0.0, 0.0)]
    assert found.image.unpacked - catalog.official("python:3.12-slim").unpacked == 30e6


def test_a_trigger_without_a_size_asks_for_it_by_its_number(tmp_path: Path) -> None:
    """ONBUILD RUN counts among the RUNs of the file."""
    (tmp_path / "Dockerfile").write_text(ONBUILD.replace("# berthsim: size=30MB cpu=12\n", ""))
    with pytest.raises(BadDockerfile, match="--run-size 1=SIZE"):
        built(tmp_path, run_sizes={2: 0.0})
    found = built(tmp_path, run_sizes={1: 7e6, 2: 0.0})

    assert max(step.layer.unpacked for step in found.steps) == 7e6


def test_a_dockerfile_of_two_lines_answers_without_a_size(tmp_path: Path) -> None:
    """Its base is known; another tag's layers stand in, and that is said."""
    (tmp_path / "app.py").write_text("print()")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\nCOPY app.py /app.py\n")
    found = sim.lifecycle(tmp_path / "Dockerfile")

    assert found.up
    assert any("those of python:3.13-slim stand in for them" in note for note in found.notes)


def test_stages_on_stages_are_as_many_as_a_file_may_have(tmp_path: Path) -> None:
    """The steps below a stage are those of all that it stands on, however many those are."""
    stages = "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(3000))
    (tmp_path / "Dockerfile").write_text(f"FROM node:22 AS s0\nRUN a\n{stages}RUN b\n")
    lines = [f'{{"CreatedBy": "RUN {word}", "Size": "{size}"}}' for word, size in ("b2", "a1")]
    (tmp_path / "history").write_text("\n".join(lines))

    built = build_file(
        tmp_path / "Dockerfile",
        resolve=catalog.image,
        ratio=2.5,
        history=tmp_path / "history",
    )

    assert [step.layer.files for step in built.steps] == [1.0, 2.0]


def test_a_log_has_no_seconds_without_end(tmp_path: Path) -> None:
    """Nor places: a number of hundreds of digits is none that was printed."""
    (tmp_path / "log").write_text(f"#7 [2/{'9' * 9}] RUN a\n#7 DONE {'9' * 400}s\n")

    assert [step.seconds for step in log_of(tmp_path / "log")] == [None]

    (tmp_path / "log").write_text(f"#7 [{'9' * 5000}/3] RUN a\n")
    with pytest.raises(ValueError, match="no step such as"):
        log_of(tmp_path / "log")


def test_a_log_that_would_fill_a_memory_is_refused_at_once(tmp_path: Path) -> None:
    """With its name, and how much is read."""
    log = tmp_path / "log"
    log.write_bytes(b"x" * (16 * 10**6 + 1))

    for read in (history_of, log_of):
        with pytest.raises(ValueError, match="log: it is larger than 16 MB"):
            read(log)
