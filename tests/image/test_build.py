"""From a Dockerfile to an image: layers, cache, and all mistakes at once."""

from pathlib import Path
from typing import Any

import pytest
from clocks import soon
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.image import BadDockerfile, Built, Image, build_file
from sim.image.image import of_size

NODE = """ARG V=20
FROM node:${V} AS build
WORKDIR /app
COPY package*.json ./
# berthsim: size=120MB cpu=30
RUN npm ci
COPY . .
# berthsim: size=3MB cpu=9
RUN npm run build
FROM unknown AS unused
FROM nginx
# berthsim: size=2MB
COPY --from=build /app/dist /usr/share/nginx/html
COPY --from=build /app/package.json /x
COPY <<E /etc/x
hello
E
CMD ["nginx"]
"""


def resolve(name: str) -> Image:
    """A catalogue of one layer an image."""
    if name.partition(":")[0] not in ("node", "nginx", "temurin", "python", "golang"):
        raise ValueError(f"no image {name!r} here")
    return of_size(name, 50e6, 2.0)


def built(folder: Path, text: str, **more: Any) -> Built:
    """A Dockerfile of that text beside two files, built."""
    (folder / "package.json").write_bytes(b"x" * 1000)
    (folder / "app.jar").write_bytes(b"y" * 5000)
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    (folder / "Dockerfile").write_text(text)
    return build_file(folder / "Dockerfile", resolve=resolve, ratio=2.0, **more)


def test_a_build_of_stages_has_the_bases_layers_and_its_own(tmp_path: Path) -> None:
    """Known bytes; the stage that nothing needs is not built."""
    made = built(tmp_path, NODE)

    assert [layer.unpacked for layer in made.image.layers] == [100e6, 2e6, 1000, 6]
    sizes = [step.layer.unpacked for step in made.steps]
    assert sizes == [0, 1000, 120e6, 6000, 3e6, 2e6, 1000, 6, 0]
    assert made.cpu == 39.0
    assert 51e6 < made.image.wire < 51e6 + 300


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("FROM temurin:21\nCOPY *.jar /a.jar\nENTRYPOINT java -jar /a.jar", [100e6, 5000]),
        ("FROM python\n# berthsim: size=9MB\nRUN <<E\npip install x\nE\nUSER a", [100e6, 9e6]),
        (
            'FROM golang AS b\nCOPY app.jar /a\nFROM scratch\nCOPY --from=b /a /a\nCMD ["/a"]',
            [5000],
        ),
        ("ARG B=python\nFROM $B:3\nENV D=/d\nWORKDIR $D\nADD . .", [100e6, 0, 6000]),
        ("FROM node AS a\nFROM a\nCOPY --from=nginx / /n", [100e6, 100e6]),
    ],
)
def test_usual_dockerfiles_have_known_layers(tmp_path: Path, text: str, sizes: list[float]) -> None:
    """By hand."""
    assert [layer.unpacked for layer in built(tmp_path, text).image.layers] == sizes


def test_what_changed_is_built_again_with_all_below(tmp_path: Path) -> None:
    """The same build twice is all cached."""
    first = built(tmp_path, NODE)
    again = built(tmp_path, NODE, cache=first.digests)
    changed = built(tmp_path, NODE.replace("npm run build", "npm test"), cache=first.digests)

    assert all(step.cached for step in again.steps)
    assert again.cpu == 0.0 and again.image == first.image
    assert [step.cached for step in changed.steps] == [True] * 4 + [False] * 5
    (tmp_path / "new.js").write_text("1")
    assert [step.cached for step in built(tmp_path, NODE, cache=first.digests).steps[:4]] == [
        *(True, True, True, False)
    ]


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """And the flag that helps."""
    text = "FROM nope\nCOPPY a b\nCOPY ../x /\nCOPY none /\nRUN make\nCMD ['a']\nFROM a AS b\n"
    with pytest.raises(BadDockerfile) as caught:
        built(tmp_path, text + "COPY --from=0 / /\nCOPY --from=b /x /\nFROM b AS a\n")

    said = str(caught.value).split("\n")
    assert [line.split("Dockerfile:")[1].split(":")[0] for line in said] == list("12345679")
    assert "no image 'nope' here" in said[0] and "'COPPY'" in said[1]
    assert "--run-size 1=" in said[4] and "circle" in said[6] and "circle" in said[7]


def test_run_sizes_are_given_by_ordinal(tmp_path: Path) -> None:
    """One too many is a mistake."""
    text = "FROM node\nRUN a\nRUN b"
    made = built(tmp_path, text, run_sizes={1: 10.0, 2: 20.0}, run_cpus={2: 3.0})

    assert [layer.unpacked for layer in made.image.layers[1:]] == [10, 20]
    assert made.cpu == 3.0
    with pytest.raises(BadDockerfile, match="no such RUN"):
        built(tmp_path, text, run_sizes={1: 1.0, 2: 1.0, 3: 1.0})


PIECES = ["FROM node AS a", "COPY", " --from=a", " . /x", "\n", "RUN x", "${A:-", "}", '["', "<<E"]
PIECES += ["ARG A=$A", "ENV A=$A$A", "ADD *", " [", "\\", "# berthsim: size=1MB\n", "USER '", "E\n"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_ends_in_an_image_or_in_mistakes(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    """Nothing else ever leaves."""
    text = "".join(pieces).encode("utf-8", "replace").decode()
    try:
        built(tmp_path_factory.mktemp("fuzz"), text)
    except BadDockerfile as error:
        assert "Dockerfile:" in str(error)


def test_an_image_has_at_most_125_layers(tmp_path: Path) -> None:
    """Said once, at the line where it is too many; metadata makes no layer."""
    text = "FROM node\n" + "COPY app.jar /a\nUSER a\n" * 124
    assert len(built(tmp_path, text).image.layers) == 125

    with pytest.raises(BadDockerfile) as caught:
        built(tmp_path, text + "COPY app.jar /b\nCOPY app.jar /c")
    assert str(caught.value).count("\n") == 0
    assert "Dockerfile:250: the image has more than 125 layers" in str(caught.value)


def test_a_build_argument_without_an_arg_is_a_mistake(tmp_path: Path) -> None:
    """Those of platforms and proxies need none; an ARG before FROM is one."""
    text = "ARG V=1\nFROM node:${V}\nARG B"
    args = {"V": "2", "B": "x", "TARGETPLATFORM": "linux/amd64", "http_proxy": "p"}
    built(tmp_path, text, build_args=args)

    with pytest.raises(BadDockerfile, match=r"--build-arg C: .* ARGs: B, V"):
        built(tmp_path, text, build_args={"C": "1"})


def test_what_is_not_told_and_what_leads_out_is_said(tmp_path: Path) -> None:
    """CPU work of a RUN, and a link that is copied as a link."""
    (tmp_path / "out").symlink_to("/etc/passwd")
    made = built(tmp_path, "FROM node\nCOPY . /\nRUN a\nRUN b", run_sizes={1: 1.0, 2: 1.0})

    assert "CPU work of RUN is not told (line 3, 4)" in made.notes[0]
    assert made.notes[-1].endswith("copied as links: out.")


def test_a_large_file_is_known_by_its_size_and_its_ends(tmp_path: Path) -> None:
    """Not by its date; what lies between the first and the last MiB is not read."""
    text, file, mib = "FROM node\nCOPY big /", tmp_path / "big", 2**20
    file.write_bytes(b"a" * 4 * mib)
    first = built(tmp_path, text)
    cached = {}
    for name, content in {
        "same": b"a" * 4 * mib,
        "begin": b"b" + b"a" * (4 * mib - 1),
        "end": b"a" * (4 * mib - 1) + b"b",
        "longer": b"a" * (4 * mib + 1),
        "between": b"a" * 2 * mib + b"b" + b"a" * (2 * mib - 1),
    }.items():
        file.write_bytes(content)
        cached[name] = built(tmp_path, text, cache=first.digests).steps[0].cached

    assert [name for name, same in cached.items() if same] == ["same", "between"]


def test_a_platform_in_from_is_what_the_image_runs_on(tmp_path: Path) -> None:
    """Fixed, of the build's target, and one that is not modelled."""
    args = {"TARGETPLATFORM": "linux/arm64"}
    for_target = built(tmp_path, "FROM --platform=$TARGETPLATFORM node", build_args=args)

    assert built(tmp_path, "FROM --platform=linux/arm64 node").image.architectures == ("arm64",)
    assert for_target.image.architectures == ("arm64",)
    assert built(tmp_path, "FROM node", build_args=args).image.architectures == ("arm64",)
    with pytest.raises(BadDockerfile, match="Dockerfile:1: platform 'windows/amd64'"):
        built(tmp_path, "FROM --platform=windows/amd64 node")


def test_hostile_files_end_soon(tmp_path: Path) -> None:
    """Values that double, stages that stand on one another, more instructions than any has."""
    for text in (
        "FROM node\nENV A=aaaaaaaa\n" + "ENV A=$A$A$A$A\n" * 400,
        "FROM node AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nUSER a\n" for n in range(1500)),
        "FROM node\n" + "USER a\n" * 200_000,
        "FROM node\nRUN " + "\\\n" * 900_000,
        "FROM node\nCOPY " + "*" * 5000 + " /",
    ):
        with soon(text[:100]):
            try:
                built(tmp_path, text)
            except BadDockerfile as error:
                assert "Dockerfile:" in str(error)


STAGES = "FROM node AS a\nRUN x\nFROM nginx\nCOPY app.jar /j\nCOPY --from=a /out /out\n"


def test_what_a_stage_has_at_a_path_can_be_told_from_outside(tmp_path: Path) -> None:
    """The second COPY of the file; what the first brings is known from its files."""
    made = built(tmp_path, STAGES, run_sizes={1: 9e6}, copy_sizes={2: 4e6})

    assert [layer.unpacked for layer in made.image.layers] == [100e6, 5000, 4e6]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "--copy-size 2=SIZE"),
        ({1: 1e6, 2: 4e6}, "its size is that of its files"),
        ({2: 4e6, 3: 1e6}, "--copy-size 3: there is no such COPY or ADD; it has 2"),
    ],
)
def test_a_size_is_told_where_it_is_needed_and_nowhere_else(
    told: dict[int, float], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadDockerfile, match=message):
        built(tmp_path, STAGES, run_sizes={1: 9e6}, copy_sizes=told)
